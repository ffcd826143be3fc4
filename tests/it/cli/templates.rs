//! Texts as an operator tries them: `check` tells what is wrong with them, `providers test` sends the one that is asked for.

use super::CONFIGURATION;
use harness::Console;
use serde_json::Value;

fn configured(templates: &str) -> Console {
    Console::configured(&format!("{CONFIGURATION}{templates}"))
}

fn sent(console: &Console) -> Value {
    let outbox = console.read("outbox.jsonl");
    serde_json::from_str(outbox.lines().last().unwrap()).unwrap()
}

/// L16–L20: the text of a purpose and a language, as members would get it.
#[test]
fn a_test_sends_the_text_that_is_asked_for() {
    let console = configured(
        "[providers.dry_run.templates]\ngeneric = \"{pin}\"\nsign_in = { subject = \"In\", text = \"{pin} in\" }\n\
         [providers.dry_run.templates.locales.de]\nsign_in = \"{pin} herein\"\n",
    );
    for (arguments, text) in [
        ("", "123456"),
        (" --purpose sign_in", "123456 in"),
        (" --purpose register", "123456"),
        (" --purpose sign_in --locale de-CH", "123456 herein"),
        (" --locale pl", "123456"),
    ] {
        let told = console.run(&format!("providers test dry_run --to +447700900123{arguments}"));
        assert_eq!(told.code, 0, "{told:?}");
        assert_eq!(sent(&console)["text"], text, "{arguments}");
    }
    let test = "providers test dry_run --to +447700900123";
    console.run(&format!("{test} --purpose Sign-in")).is_trouble(2, "a purpose is a lower-case word", "");
    console.run(&format!("{test} --locale en_GB")).is_trouble(2, "expected a language tag", "");
}

/// Members get the built-in text, but whoever tries a text learns that it fails.
#[test]
fn a_text_that_fails_fails_the_test() {
    let console = configured(
        "[providers.dry_run.templates]\ngeneric = \"{pin}{% if purpose == 'register' %}{{ pin|upper }}{% endif %}\"\n",
    );
    assert_eq!(console.run("check").code, 0);
    assert_eq!(console.run("providers test dry_run --to +447700900123").code, 0);
    console.run("providers test dry_run --to +447700900123 --purpose register").is_trouble(
        1,
        "the text of `dry_run` for `register` is no template: unknown filter",
        "members would get the built-in text in its place",
    );
}

/// X26: a note is no mistake and no warning.
#[test]
fn check_notes_a_text_that_costs_two_sms_and_refuses_one_without_its_code() {
    let text = format!("[providers.dry_run.templates]\ngeneric = \"{{pin}} ’ {}\"\n", "x".repeat(70));
    let told = configured(&text).run("check");
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    let note = "note: passrelay.toml:13:18: `providers.dry_run.templates.generic` takes 2 SMS: 79 units of UCS-2, and one \
                holds 70; `’` (U+2019) is outside of GSM-7\nhint: without such characters one SMS holds 160\nok\n";
    assert!(told.out.ends_with(note), "{told:?}");
    let json = configured(&text).run("check --json").json();
    assert_eq!((&json["ok"], &json["notes"][0]["line"]), (&true.into(), &13.into()));

    let told = configured("[providers.dry_run.templates]\ngeneric = \"Hello\"\n").run("check");
    assert_eq!(told.code, 3, "{told:?}");
    assert!(
        told.err
            .starts_with("passrelay.toml:13:11: `providers.dry_run.templates.generic` lacks its payload\n")
    );
}
