//! `passrelay send`: a code of the caller's own, along the route or through one provider.

use super::CONFIGURATION;
use harness::{Console, Told};
use serde_json::{Value, json};
use std::{fs::File, process::Stdio};

const TO: &str = "send --to +447700900123 --channel sms";

/// Runs the program with a code on its standard input.
fn run<'a>(console: &Console, arguments: impl IntoIterator<Item = &'a str>) -> Told {
    console.write("typed", "482913\n");
    let mut command = console.command(arguments);
    let output = command.stdin(File::open(console.file("typed")).unwrap()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Told { out: text(output.stdout), err: text(output.stderr), code: output.status.code().unwrap() }
}

fn sent(console: &Console) -> Value {
    let outbox = console.read("outbox.jsonl");
    serde_json::from_str(outbox.lines().last().unwrap()).unwrap()
}

#[track_caller]
fn tells_no_secret(told: &Told) {
    let all = format!("{}{}", told.out, told.err);
    assert!(!all.contains("482913") && !all.contains("7700900"), "{all}");
}

#[test]
fn a_code_is_handed_over_and_not_told() {
    let console = Console::configured(CONFIGURATION);
    let told = run(&console, TO.split(' '));
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    assert!(told.out.starts_with("handed over by `dry_run` to +44•••••••123 on `sms`\n"), "{told:?}");
    tells_no_secret(&told);
    assert_eq!(sent(&console)["text"], "482913 is your Example code.");

    let arguments = TO.split(' ').chain([
        "--text",
        "Your code: {payload}. {site_name}",
        "--purpose",
        "sign_in",
        "--json",
    ]);
    let told = run(&console, arguments);
    tells_no_secret(&told);
    assert_eq!((told.code, &told.json()["delivered"]), (0, &json!(true)));
    let message = sent(&console);
    assert_eq!(
        (&message["text"], &message["purpose"]),
        (&json!("Your code: 482913. Example"), &json!("sign_in"))
    );
    assert_eq!(message["test"], false);
}

#[test]
fn a_failure_goes_along_the_route_and_is_told_with_its_kind() {
    let two = CONFIGURATION.replace(
        "[applications.web]",
        "[providers.first]\nlibrary = \"dry_run\"\nconfig = { outbox = \"first.jsonl\", fail = [\"throttled\"] }\n\
         [routes]\nsms = [\"first\", \"dry_run\"]\nemail = [\"first\"]\n[applications.web]",
    );
    let console = Console::configured(&two);
    let told = run(&console, TO.split(' '));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.starts_with("handed over by `dry_run`"), "{told:?}");
    let told = run(&console, TO.split(' ').chain(["--provider", "first"]));
    assert_eq!(told.code, 1);
    tells_no_secret(&told);
    assert!(told.out.starts_with("not handed over by `first` to +44•••••••123 on `sms`\n"), "{told:?}");
    assert!(told.out.contains("throttled") && told.out.lines().count() == 2, "{told:?}");
    let told = run(&console, TO.split(' ').chain(["--provider", "first", "--json"]));
    let json = told.json();
    assert_eq!(
        (told.code, &json["delivered"], &json["failure"], &json["code"]),
        (1, &json!(false), &json!("throttled"), &json!("dry_run"))
    );
}

#[test]
fn what_cannot_be_sent_is_told_and_not_sent() {
    let console = Console::configured(CONFIGURATION);
    for (arguments, what, hint) in [
        ("send --to 07700900123 --channel sms", "`--to` is no recipient: ", "for example"),
        (
            "send --to +447700900123 --channel email",
            "`--to` is no recipient on `email`: ",
            "for example `--to ada@example.com`",
        ),
        (
            "send --to ada@example.com --channel sms",
            "`--to` is no recipient on `sms`: ",
            "for example `--to +447700900123`",
        ),
        (
            "send --to +447700900123 --channel sms --provider sms",
            "there is no provider `sms`",
            "there is `dry_run`",
        ),
        ("send --to +447700900123 --channel call", "channel `call` has no route", "[routes] call = "),
        ("send --to +447700900123 --channel sms --text hello", "`--text` lacks `{payload}`", "for example"),
    ] {
        let told = run(&console, arguments.split(' '));
        told.is_trouble(1, what, hint);
        assert!(!told.err.contains("482913"), "{told:?}");
    }
    console.run(TO).is_trouble(1, "the code from standard input is empty", "one line on standard input, or ");
    assert_eq!(console.read("outbox.jsonl"), "");
}

#[test]
fn a_code_is_read_from_a_file_or_a_pipe_as_well() {
    let console = Console::configured(CONFIGURATION);
    console.write("code", "730561\n");
    let told = console.run(&format!("{TO} --code-file code"));
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    assert_eq!(sent(&console)["code"], "730561");

    let mut child =
        console.command(TO.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // The pipe stays open: a line is enough.
    let mut pipe = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut pipe, b"482913\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(sent(&console)["code"], "482913");

    let told = console.run(&format!("{TO} --code-file gone"));
    told.is_trouble(
        1,
        "cannot read the code from `gone`: ",
        "one line on standard input, or `--code-file FILE`",
    );
}

/// Section H: whatever a provider says of the message, its code, its recipient and its secrets are not told.
#[test]
fn a_talkative_provider_betrays_neither_code_nor_recipient() {
    let console = Console::with(&["chaos"]);
    console.write("passrelay.toml", "[providers.chaos.config]\ntoken = \"token-5f4d3c2b1a\"\n");
    let to = ["send", "--to", "echo_secret +447700900123", "--channel", "sms", "--provider", "chaos"];
    for json in [None, Some("--json")] {
        let told = run(&console, to.into_iter().chain(json));
        assert_eq!(told.code, 1, "{told:?}");
        tells_no_secret(&told);
        assert!(told.out.contains("cannot send [code] to •••23 with [secret]"), "{told:?}");
        assert!(!told.out.contains("token-5f"), "{told:?}");
    }
}
