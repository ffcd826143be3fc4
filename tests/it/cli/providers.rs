//! `passrelay providers …` and `passrelay methods`: what is there, how it is, what it would do.

use super::{CONFIGURATION, NOT_ANSWERING, with_a_broken_library};
use harness::{Author, Console};
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt};

/// J2, J3: what was dropped in registers itself under its own id.
#[test]
fn the_list_says_how_each_provider_is() {
    let told = with_a_broken_library().run("providers list");
    assert_eq!(told.code, 0, "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines[0], "ID       LIBRARY  VERSION  SIGNED BY  CHANNELS  STATE");
    assert!(lines[1].starts_with(
        "bad      bad      -        -          -         failed: cannot use `providers/libbad.so`: "
    ));
    assert_eq!(lines[2], "dry_run  dry_run  1.0.0    -          *         ready");
    let json = with_a_broken_library().run("providers list --json").json();
    assert_eq!(
        (&json["providers"][0]["state"], &json["providers"][1]["state"]),
        (&json!("failed"), &json!("ready"))
    );
}

/// Who signed it stands beside each provider; a library that nobody trusted signed leaves its provider out.
#[test]
fn the_list_says_who_signed_each_library() {
    let author = Author::new();
    let signers = format!("[libraries]\nsigners = [\"{}\"]\n", author.public_key());
    let console = Console::configured(&format!("{signers}{CONFIGURATION}"));
    let told = console.run("providers list");
    let why = "failed: cannot use `providers/libdry_run.so`: it is not signed: there is no `libdry_run.so.minisig` (hint: ";
    assert!(told.code == 0 && told.out.contains(why), "{told:?}");
    author.sign_file(&console.file("providers/libdry_run.so"));
    let key = author.signer().id().to_string();
    let told = console.run("providers list");
    assert!(told.out.ends_with(&format!("dry_run  dry_run  1.0.0    {key}  *         ready\n")), "{told:?}");
    assert_eq!(console.run("providers list --json").json()["providers"][0]["signed_by"], json!(key));
    // Nor does any other command run what nobody trusted signed.
    fs::remove_file(console.file("providers/libdry_run.so.minisig")).unwrap();
    for command in ["docs", "schema", "conform"] {
        console.run(&format!("providers {command} providers/libdry_run.so")).is_trouble(
            1,
            "it is not signed",
            "put the signature beside it",
        );
    }
}

/// J41, J59: a provider that is not enabled is not opened, and needs neither library nor keys.
#[test]
fn a_provider_that_is_not_enabled_is_disabled_and_not_more() {
    let console = Console::configured(
        "[providers.later]\nenabled = false\n[providers.dry_run.config]\noutbox = \"o.jsonl\"\n",
    );
    let told = console.run("providers list");
    assert!(told.out.contains("later    later    -        -          -         disabled\n"), "{told:?}");
    console.run("providers test later --to +447700900123").is_trouble(
        1,
        "provider `later` is not enabled",
        "[providers.later] enabled = true",
    );
}

/// What only opening finds out is told wherever the provider is needed.
#[test]
fn a_provider_that_cannot_be_opened_says_why() {
    let console = Console::configured(CONFIGURATION.replace("outbox.jsonl", "nowhere/outbox.jsonl").as_str());
    assert_eq!(console.run("check").code, 1, "no mistake of the file, but nothing would go through");
    let told = console.run("providers list");
    assert!(
        told.out.contains("failed: ") && told.out.contains("whose folder does not exist; make the folder"),
        "{told:?}"
    );
    let told = console.run("providers test dry_run --to +447700900123");
    assert_eq!(told.code, 1);
    assert!(told.out.starts_with("not handed over by `dry_run` to +44•••••••123 on `sms`\n"), "{told:?}");
    assert!(told.out.contains("\nmisconfigured: `outbox` is `") && told.out.lines().count() == 3, "{told:?}");
    assert!(told.out.ends_with("\ntext       •••••• is your Example code.\n"), "{told:?}");
}

/// J23: a library says of itself for which host it is made.
#[test]
fn a_library_is_inspected_wherever_it_lies() {
    let console = Console::with(&[]);
    let file = harness::built("dry_run");
    let told = console.run_with(["providers", "inspect", file.to_str().unwrap()]);
    assert_eq!(told.code, 0, "{told:?}");
    for line in [
        "\nsignature     none\n",
        "\nlibrary       dry_run\n",
        "\napi           1.0.0\n",
        "\nneeds host    1.0.0\n",
        "\npanic         unwind\n",
        "\nchannels      *\n",
        "\ncapabilities  availability\n",
        "\nneeds         files\n",
        "\nentry points  rust",
        "\nadmission     not refused; ",
    ] {
        assert!(told.out.contains(line), "{line}: {told:?}");
    }
    let json = console.run_with(["providers", "inspect", "--json", file.to_str().unwrap()]).json();
    assert_eq!(
        (&json["id"], &json["refused"], &json["reason"]),
        (&json!("dry_run"), &json!(false), &json!(null))
    );
    assert_eq!(json["sha256"].as_str().unwrap().len(), 64);
    let linked = json["linked_to"].as_array().unwrap();
    assert!(linked.contains(&json!("libc.so.6")), "{json}");
    let glibc: Vec<u32> = json["glibc"].as_str().unwrap().split('.').map(|n| n.parse().unwrap()).collect();
    assert!(glibc > vec![2, 2] && glibc < vec![3], "{json}");
    assert_eq!((&json["entry_points"]["rust"], &json["signature"]["state"]), (&json!(true), &json!("none")));
    assert!(
        json["constructors"].as_u64().unwrap() < 10 && json["mode"].as_str().unwrap().starts_with('7'),
        "{json}"
    );
}

/// A constructor would end the program: here it is only counted. What was left in the folder is nothing.
#[test]
fn an_inspection_runs_nothing_of_a_library() {
    let console = Console::with(&["dry_run", "ctor_abort"]);
    let constructors = |library: &str| {
        let told = console.run(&format!("providers inspect providers/lib{library}.so --json"));
        assert_eq!(told.code, 0, "{told:?}");
        told.json()["constructors"].as_u64().unwrap()
    };
    assert_eq!(constructors("ctor_abort"), constructors("dry_run") + 1);
    let left = fs::read_dir(console.folder().path()).unwrap().count();
    assert_eq!(left, 1, "it needs no folder for copies");
}

/// All that can be told of it is told, and why it is refused.
#[test]
fn a_file_that_would_be_refused_is_inspected_all_the_same() {
    let console = Console::with(&["dry_run", "other_major"]);
    let library = fs::read(harness::built("dry_run")).unwrap();
    console.folder().put("libcut.so", library.get(..library.len() - 7).unwrap());
    console.folder().put("libopen.so", &library);
    fs::set_permissions(console.file("providers/libopen.so"), fs::Permissions::from_mode(0o777)).unwrap();
    console.folder().put("libtext.so", b"not a library");
    for (name, told, reason) in [
        ("cut", "library       dry_run", "truncated: it has "),
        ("open", "library       dry_run", "the file may be written by others (mode 777)"),
        ("other_major", "api           2.0.0", "built with provider-api 2.0.0, this host speaks 1.0.0"),
        ("text", "bytes         13", "not a 64-bit ELF file"),
    ] {
        let file = format!("providers/lib{name}.so");
        let page = console.run(&format!("providers inspect {file}"));
        assert_eq!(page.code, 1, "{page:?}");
        assert!(page.out.contains(&format!("\n{told}\n")), "{page:?}");
        assert!(page.out.contains(&format!("\nadmission     refused: {reason}")), "{page:?}");
        assert!(page.out.lines().last().unwrap().starts_with("hint: ") && page.err.is_empty(), "{page:?}");
        let json = console.run(&format!("providers inspect {file} --json"));
        assert_eq!((json.code, &json.json()["refused"]), (1, &json!(true)), "{json:?}");
    }
    let told = console.run("providers inspect gone.so");
    assert_eq!((told.code, told.err.lines().count()), (1, 1), "{told:?}");
    assert!(told.err.starts_with("error: `gone.so` was refused: "), "{told:?}");
}

/// With signers or without: who signed it, and whether that is good enough.
#[test]
fn an_inspection_tells_how_a_library_is_signed() {
    let (author, stranger) = (Author::new(), Author::new());
    let console = Console::with(&["dry_run"]);
    let told = || console.run("providers inspect providers/libdry_run.so");
    let file = console.file("providers/libdry_run.so");
    let (key, other) = (author.signer().id(), stranger.signer().id());
    author.sign_file(&file);
    let line = format!("\nsignature     of the key {key}, not verified: no `libraries.signers`\n");
    assert!(told().code == 0 && told().out.contains(&line), "{:?}", told());
    console.write("passrelay.toml", &format!("[libraries]\nsigners = [\"{}\"]\n", author.public_key()));
    assert!(told().code == 0 && told().out.contains(&format!("\nsignature     good, of the key {key}\n")));
    stranger.sign_file(&file);
    let bad = format!("its signature is of the key {other}; `libraries.signers` has {key}\n");
    let page = told();
    assert!(page.code == 1 && page.out.contains(&format!("\nsignature     bad: {bad}")), "{page:?}");
    assert!(page.out.contains(&format!("\nadmission     refused: {bad}hint: ")), "{page:?}");
}

#[test]
fn a_librarys_documentation_and_schema_are_printed_by_id_and_by_file() {
    let console = Console::configured(CONFIGURATION);
    for named in ["dry_run", "providers/libdry_run.so"] {
        let docs = console.run_with(["providers", "docs", named]);
        assert_eq!(docs.code, 0, "{docs:?}");
        assert!(docs.out.starts_with("dry_run 1.0.0 (Dry run)\n") && docs.out.contains("\n## The outbox\n"));
        let schema = console.run_with(["providers", "schema", named]).json();
        assert_eq!(schema["required"], json!(["outbox"]));
    }
}

/// Documentation is asked for while the file is being written: its mistakes do not stand in the way.
#[test]
fn documentation_does_not_need_a_right_configuration() {
    let console = Console::configured("[providers.dry_run.config]\noutbx = 1\n");
    assert_eq!(console.run("providers docs dry_run").code, 0);
    assert_eq!(console.run("providers schema dry_run").code, 0);
}

/// The library of a configured provider that was refused is there, only no good.
#[test]
fn documentation_of_a_refused_library_says_why_it_was_refused() {
    let console = with_a_broken_library();
    for command in ["providers docs bad", "providers schema bad"] {
        console.run(command).is_trouble(
            1,
            "error: `providers/libbad.so` was refused: not a 64-bit ELF file",
            "",
        );
    }
    console.run("providers docs dri_run").is_trouble(
        1,
        "no provider and no library `dri_run`",
        "there is `dry_run`",
    );
}

#[test]
fn a_test_through_a_refused_library_says_why_it_was_refused() {
    let console = with_a_broken_library();
    let told = console.run("providers test bad --to +447700900123");
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("provider `bad` is not open: cannot use `providers/libbad.so`: "), "{told:?}");
}

#[test]
fn a_test_message_is_marked_as_one_and_proves_nothing() {
    let console = Console::configured(CONFIGURATION);
    let told = console.run("providers test dry_run --to +447700900123");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(
        told.out.starts_with("handed over by `dry_run` to +44•••••••123 on `sms`\nreference  man_"),
        "{told:?}"
    );
    let told = console.run("providers test dry_run --to ada@example.com --json").json();
    assert_eq!(
        (&told["test"], &told["channel"], &told["recipient"]),
        (&json!(true), &json!("email"), &json!("a•••@example.com"))
    );
    let outbox = console.read("outbox.jsonl");
    assert!(
        outbox.lines().count() == 2 && outbox.lines().all(|line| line.contains("\"test\":true")),
        "{outbox}"
    );
}

/// J45, J46, S25: which it was, and exactly what was said, the code masked; the same fields as the API's.
#[test]
fn a_test_shows_which_it_was_and_what_was_said() {
    let console = Console::configured(CONFIGURATION);
    let told = console.run("providers test dry_run --to +447700900123");
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines[0], "handed over by `dry_run` to +44•••••••123 on `sms`");
    assert!(lines[1].starts_with("reference  man_"), "{told:?}");
    assert_eq!(lines[2..], ["text       •••••• is your Example code."]);
    let json = console.run("providers test dry_run --to +447700900123 --json").json();
    let told = json!({
        "delivered": true, "simulated": false, "test": true, "provider": "dry_run", "channel": "sms",
        "recipient": "+44•••••••123", "reference": json["reference"], "segments": null, "encoding": null,
        "cost": null, "preview": [],
        "message": { "text": "•••••• is your Example code.", "subject": null, "html": null },
    });
    assert_eq!(json, told);
}

/// J45: a simulation is told as one, with what the provider shows of it.
#[test]
fn a_simulated_test_is_told_as_one() {
    let console = Console::with(&["chaos"]);
    console.write("passrelay.toml", "[providers.chaos.config]\ntoken = \"token-5f4d3c2b1a\"\n");
    let test = ["providers", "test", "chaos", "--to", "preview:+447700900123", "--channel", "sms"];
    let told = console.run_with(test);
    assert_eq!(told.code, 0, "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].starts_with("simulated: nothing was sent by `chaos` to "), "{told:?}");
    assert_eq!((lines[1], lines[2]), ("reference  nothing", "text       •••••• is your Passrelay code."));
    assert!(
        lines[3].starts_with("preview    To=") && lines[3].ends_with("&Authorization=[secret]"),
        "{told:?}"
    );
    assert_eq!(lines[4..], ["           [code] is your Passrelay code.", "           Body=••••••x••••••"]);
    assert!(!told.out.contains("7700900") && !told.out.contains("123456"), "{told:?}");
}

/// J17, J48, L21: the file that `--config` names may be one that is not in force; incomplete, it says what is missing.
#[test]
fn a_test_of_a_draft_needs_all_of_it_and_touches_nothing_else() {
    let console = Console::configured(CONFIGURATION);
    console.write("draft.toml", "[providers.dry_run]\n[providers.dry_run.config]\nfail = [\"rejected\"]\n");
    let test = "providers test dry_run --to +447700900123 --config draft.toml";
    let told = console.run(test);
    assert_eq!((told.code, told.out.as_str()), (3, ""), "{told:?}");
    assert!(
        told.err.starts_with("draft.toml:2:1: `providers.dry_run.config` lacks `outbox`\nhint: The file ")
    );
    let mistakes = console.run(&format!("{test} --json")).json();
    assert_eq!(mistakes["mistakes"][0]["what"], "`providers.dry_run.config` lacks `outbox`");
    console.write("draft.toml", "[providers.dry_run.config]\noutbox = \"draft.jsonl\"\n");
    assert_eq!(console.run(test).code, 0);
    assert_eq!((console.read("draft.jsonl").lines().count(), console.read("outbox.jsonl").as_str()), (1, ""));
}

/// While a server runs, its own providers are not those that are tried.
#[test]
fn a_test_may_run_beside_the_server() {
    let console = Console::configured(CONFIGURATION);
    let server = console.serve();
    assert_eq!(console.run("providers test dry_run --to +447700900123").code, 0);
    assert_eq!(server.stop().0, Some(0));
}

/// J20: the same answer as the API's, at the terminal.
#[test]
fn methods_tells_what_a_member_would_be_offered() {
    let console = Console::configured(CONFIGURATION);
    let asked = |command: &str| {
        let told = (0..100).map(|_| console.run(command)).find(|told| !told.out.contains(NOT_ANSWERING));
        told.expect("the provider answers in time")
    };
    let told = asked("methods --field mobile=+447700900123");
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(
        told.out.lines().collect::<Vec<_>>(),
        [
            "METHOD      RECIPIENT      REGION  STATE",
            "sms:code    +44•••••••123  GB      preferred",
            "email:code  -              -       no_address: member field `email` is empty",
        ]
    );
    let json = asked("methods web --field email=ada@example.com --json").json();
    assert_eq!(json["methods"][0]["recipient"], "a•••@example.com");
    console.run("methods shop --field a=b").is_trouble(1, "there is no application `shop`", "there is `web`");
    console.run("methods --field +447700900123").is_trouble(
        1,
        "`--field` is no NAME=VALUE",
        "`--field mobile=",
    );
}
