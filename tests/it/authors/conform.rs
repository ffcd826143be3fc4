//! `passrelay providers conform`: a line for each rule, and what is wrong in words for the author.

use super::sample_of_dry_run;
use harness::{Console, Told};
use serde_json::{Value, json};

fn chaos(recipient: &str, config: &Value) -> (Console, Told) {
    let console = Console::with(&["chaos"]);
    let sample = json!({
        "config": config,
        "message": {
            "id": "m1", "channel": "sms", "recipient": recipient, "text": "493817 is your code.",
            "payload": { "kind": "code", "value": "493817" },
        },
    });
    console.write("sample.json", &sample.to_string());
    let told = console.run("providers conform providers/libchaos.so");
    (console, told)
}

#[test]
fn a_good_library_conforms_in_either_isolation() {
    let console = Console::with(&["dry_run"]);
    console.write("dry.json", &sample_of_dry_run(&console));
    for isolation in ["process", "thread"] {
        let command =
            format!("providers conform providers/libdry_run.so --sample dry.json --isolation {isolation}");
        let told = console.run(&command);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
        assert!(told.out.lines().count() > 25 && !told.out.contains("VIOLATED"), "{told:?}");
        assert!(told.out.starts_with("ok       manifest_is_readable\n"), "{told:?}");
        assert!(told.out.ends_with(" rules hold\n"), "{told:?}");
    }
    let json = console.run("providers conform providers/libdry_run.so --sample dry.json --json").json();
    assert_eq!((&json["conforms"], &json["library"]), (&json!(true), &json!("dry_run")));
    let native: Value =
        serde_json::from_str(include_str!("../../../providers/dry-run/conformance.json")).unwrap();
    assert_eq!(json["transcript"], native, "it answers as it does in its author's own process");
}

#[test]
fn a_library_that_panics_or_dies_is_told_by_method_and_remedy() {
    for (recipient, what) in [
        ("panic", "boom in deliver"),
        ("panic_after_await", "boom after await"),
        ("abort", "signal 6 (SIGABRT)"),
        ("segv", "signal 11 (SIGSEGV)"),
        ("exit", "exit code 0"),
    ] {
        let (_console, told) = chaos(recipient, &json!({}));
        assert_eq!((told.code, told.err.as_str()), (1, ""), "{told:?}");
        let violated = told.out.lines().skip_while(|line| *line != "VIOLATED sample_message_is_answered");
        let said = violated.take(2).last().unwrap();
        assert!(said.starts_with("         deliver: `deliver` does not come back: "), "{told:?}");
        assert!(said.contains(what), "{recipient}: {said}");
        assert!(
            said.ends_with("; return an `Err` rather than panic, end the process or wait for ever"),
            "{said}"
        );
        assert!(told.out.trim_end().ends_with(" rules are violated"), "{told:?}");
    }
}

#[test]
fn a_library_that_betrays_what_it_was_handed_is_told_without_telling_it() {
    let (console, told) = chaos("echo_secret +447700900123", &json!({ "token": "token-5f4d3c2b1a" }));
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.contains("VIOLATED answers_reveal_nothing\n"), "{told:?}");
    assert!(
        told.out.contains("deliver: the answer holds the code or link that was handed in: leave it out"),
        "{told:?}"
    );
    let json = console.run("providers conform providers/libchaos.so --json");
    assert_eq!(json.code, 1);
    let json = json.json();
    let rules = json["rules"].as_array().unwrap();
    let revealing = rules.iter().find(|rule| rule["rule"] == "answers_reveal_nothing").unwrap();
    assert_eq!((&json["conforms"], &revealing["holds"]), (&json!(false), &json!(false)));
}

#[test]
fn a_configuration_that_does_not_open_ends_it_early() {
    for (mode, what) in [("panic_open", "boom in open"), ("err_open", "chaos does not want to open")] {
        let (_console, told) = chaos("ok", &json!({ "mode": mode }));
        assert_eq!(told.code, 1, "{told:?}");
        assert!(told.out.contains("VIOLATED sample_configuration_opens\n"), "{told:?}");
        assert!(told.out.contains("`open` ") && told.out.contains(what), "{told:?}");
    }
}

/// A pass that asked nothing is none: without `http` every message is refused before it is judged.
#[test]
fn a_library_that_sends_needs_a_sample_that_answers() {
    let (_console, told) = chaos("http:https://sms.example.com/messages", &json!({}));
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.contains(" HTTP requests, and the sample does not say what is answered:\n"), "{told:?}");
    assert!(told.out.contains("\nnote: the sample's message is not taken: misconfigured: "), "{told:?}");
}

#[test]
fn without_a_sample_it_says_what_one_is_and_shows_the_beginning_of_one() {
    let console = Console::with(&["dry_run"]);
    let told = console.run("providers conform providers/libdry_run.so");
    assert_eq!((told.code, told.err.as_str()), (1, ""), "{told:?}");
    let (words, skeleton) = told.out.split_once("try again:\n\n").unwrap();
    assert!(words.contains("A sample is a right configuration"), "{words}");
    let skeleton: Value = serde_json::from_str(skeleton).unwrap();
    assert_eq!(skeleton["config"], json!({ "outbox": "…" }));
    assert_eq!(skeleton["message"]["channel"], "sms");
    let json = console.run("providers conform providers/libdry_run.so --json");
    assert_eq!((json.code, &json.json()["sample"]), (1, &skeleton));
}

#[test]
fn what_is_no_sample_or_no_library_is_told() {
    let console = Console::with(&["dry_run", "no_note"]);
    console.write("sample.json", "{ \"config\": {}, \"mesage\": {} }");
    console.run("providers conform providers/libdry_run.so").is_trouble(
        1,
        "`sample.json` is no sample: unknown field `mesage`",
        "it has `config`, `message`",
    );
    let command = "providers conform providers/libdry_run.so --sample gone.json";
    console.run(command).is_trouble(
        1,
        "cannot read the sample `gone.json`: ",
        "name another one with `--sample FILE`",
    );
    console.run("providers conform providers/libno_note.so").is_trouble(1, "was refused: ", "");
    console.run("providers conform sample.json").is_trouble(
        1,
        "`sample.json` was refused: not a 64-bit ELF file",
        "",
    );
}
