//! `passrelay providers try`: one test message through a library, without a server and without a `passrelay.toml`.

use super::service;
use harness::Console;
use serde_json::{Value, json};

const TRY: &str = "providers try providers/libdry_run.so --config keys.toml --to +447700900123";

fn console(keys: &str) -> Console {
    let console = Console::with(&["dry_run"]);
    console.write("keys.toml", keys);
    console
}

#[test]
fn a_test_message_goes_through_a_library_with_keys_of_its_own() {
    let console = console("outbox = \"outbox.jsonl\"\n");
    // Nobody asks for it.
    console.write("passrelay.toml", "[servr]\n");
    let told = console.run(TRY);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    assert!(
        told.out.starts_with("handed over by `dry_run` to +44•••••••123 on `sms`\nreference  man_"),
        "{told:?}"
    );
    let line: Value = serde_json::from_str(console.read("outbox.jsonl").trim_end()).unwrap();
    assert_eq!(
        (&line["test"], &line["channel"], &line["code"]),
        (&json!(true), &json!("sms"), &json!("123456"))
    );

    let told = console.run(&format!("{TRY} --channel call --json")).json();
    assert_eq!((&told["delivered"], &told["channel"]), (&json!(true), &json!("call")));
}

/// Whoever looks at a file in some folder finds nothing new there afterwards.
#[test]
fn what_only_looks_at_a_file_leaves_nothing_behind() {
    let console = console("outbox = \"outbox.jsonl\"\n");
    let sample = r#"{ "config": { "outbox": "outbox.jsonl" }, "message": { "id": "m", "channel": "sms",
                     "recipient": "+447700900123", "payload": { "kind": "code", "value": "493817" } } }"#;
    console.write("sample.json", sample);
    let entries = || {
        let entries = std::fs::read_dir(console.file("")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    console.write("outbox.jsonl", "");
    let before = entries();
    for command in [
        TRY,
        "providers inspect providers/libdry_run.so",
        "providers schema providers/libdry_run.so",
        "providers conform providers/libdry_run.so",
        "providers conform providers/libdry_run.so --isolation thread",
        "providers inspect keys.toml",
    ] {
        let told = console.run(command);
        assert_eq!(entries(), before, "{command}: {told:?}");
    }
}

#[test]
fn what_the_provider_fails_with_is_told_as_by_providers_test() {
    let told = console("outbox = \"outbox.jsonl\"\nfail = [\"opted_out\"]\n").run(TRY);
    assert_eq!((told.code, told.err.as_str()), (1, ""), "{told:?}");
    assert_eq!(
        told.out,
        "not handed over by `dry_run` to +44•••••••123 on `sms`\nopted_out (dry_run): `fail` says so\n\
         text       •••••• is your Passrelay code.\n"
    );
}

#[test]
fn every_mistake_in_the_keys_is_told_at_once_and_nothing_is_sent() {
    let console = console("outbx = \"o\"\nfail = \"throttled\"\nmember_phone_field = 7\n");
    let told = console.run(TRY);
    assert_eq!((told.code, told.out.as_str()), (3, ""), "{told:?}");
    for line in [
        "keys.toml:1:1: unknown key `outbx` in `config`\nhint: did you mean `outbox`?\n",
        "keys.toml:1:1: `config` lacks `outbox`\n",
        "keys.toml:2:8: `config.fail` must be a list",
        "keys.toml:3:22: `config.member_phone_field` must be a text",
        "\n4 mistakes: nothing is started\n",
    ] {
        assert!(told.err.contains(line), "{line}: {told:?}");
    }
    let json = console.run(&format!("{TRY} --json"));
    assert_eq!((json.code, json.json()["mistakes"].as_array().unwrap().len()), (3, 4));
}

#[test]
fn what_cannot_be_tried_is_told() {
    let console = console("outbox = \"outbox.jsonl\"\n");
    let with = |from: &str, to: &str| console.run(&TRY.replace(from, to));
    with("+447700900123", "07700900123").is_trouble(1, "`--to` is no recipient: ", "for example");
    let no_library = with("libdry_run", "libgone");
    assert_eq!(no_library.code, 1, "{no_library:?}");
    assert!(no_library.err.starts_with("error: `providers/libgone.so` was refused: "), "{no_library:?}");
    let gone = with("keys.toml", "gone.toml");
    assert_eq!(gone.code, 3, "{gone:?}");
    assert!(gone.err.starts_with("gone.toml: cannot be read: "), "{gone:?}");
    let none = with("--config keys.toml ", "");
    assert_eq!(none.code, 2, "{none:?}");
    assert!(none.err.contains("--config <KEYS.toml>"), "{none:?}");
    assert_eq!(console.read("outbox.jsonl"), "");
}

/// A secret of the keys never reaches the terminal, wherever it stands and whatever the provider says of it.
#[test]
fn a_secret_is_fetched_and_never_told() {
    let console = Console::with(&["chaos"]);
    console.write("keys.toml", "token = { file = \"token\" }\n");
    console.write("token", "token-5f4d3c2b1a\n");
    let arguments =
        ["providers", "try", "providers/libchaos.so", "--config", "keys.toml", "--channel", "sms", "--to"];
    let told = console.run_with(arguments.into_iter().chain(["echo_secret +447700900123"]));
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.contains("cannot send [code] to •••23 with [secret]"), "{told:?}");
    assert!(!told.out.contains("token-5f") && !told.out.contains("7700900"), "{told:?}");
}

#[test]
fn a_service_on_loopback_is_reached_only_where_that_is_allowed() {
    let console = Console::with(&["chaos"]);
    console.write("keys.toml", "");
    let (address, requests) = service::answering("202 Accepted", "{}");
    let command = format!(
        "providers try providers/libchaos.so --config keys.toml --channel sms --to http:{address}/messages"
    );
    let refused = console.run(&command);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("allow_private_addresses"), "{refused:?}");
    assert!(requests.try_recv().is_err(), "nobody was asked");

    let told = console.run(&format!("{command} --allow-private-addresses"));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("reference  202"), "{told:?}");
    assert!(requests.recv().unwrap().0.starts_with("GET /messages "));
}
