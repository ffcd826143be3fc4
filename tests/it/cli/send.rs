//! `passrelay send`: a code of the caller's own, along the route or through one provider.

use super::CONFIGURATION;
use harness::{Console, Told};
use serde_json::{Value, json};

const TO: &str = "send --to +447700900123 --channel sms --code 482913";

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
    let told = console.run(TO);
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
    let told = console.run_with(arguments);
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
    let told = console.run(TO);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.starts_with("handed over by `dry_run`"), "{told:?}");
    let told = console.run_with(TO.split(' ').chain(["--provider", "first"]));
    assert_eq!(told.code, 1);
    tells_no_secret(&told);
    assert!(told.out.starts_with("not handed over by `first` to +44•••••••123 on `sms`\n"), "{told:?}");
    assert!(told.out.contains("throttled") && told.out.lines().count() == 2, "{told:?}");
    let told = console.run_with(TO.split(' ').chain(["--provider", "first", "--json"]));
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
        ("send --to 07700900123 --channel sms --code 482913", "`--to` is no recipient: ", "for example"),
        (
            "send --to +447700900123 --channel email --code 482913",
            "`--to` is no recipient on `email`: ",
            "for example `--to ada@example.com`",
        ),
        (
            "send --to ada@example.com --channel sms --code 482913",
            "`--to` is no recipient on `sms`: ",
            "for example `--to +447700900123`",
        ),
        (
            "send --to +447700900123 --channel sms --code 482913 --provider sms",
            "there is no provider `sms`",
            "there is `dry_run`",
        ),
        (
            "send --to +447700900123 --channel call --code 482913",
            "channel `call` has no route",
            "[routes] call = ",
        ),
        (
            "send --to +447700900123 --channel sms --code 482913 --text hello",
            "`--text` lacks `{payload}`",
            "for example",
        ),
    ] {
        let told = console.run(arguments);
        told.is_trouble(1, what, hint);
        assert!(!told.err.contains("482913"), "{told:?}");
    }
    console.run_with(["send", "--to", "+447700900123", "--channel", "sms", "--code", ""]).is_trouble(
        1,
        "the code is empty",
        "",
    );
    assert_eq!(console.read("outbox.jsonl"), "");
}
