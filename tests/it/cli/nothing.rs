//! A folder without a configuration: the documented defaults, and what to do next.

use harness::Console;
use serde_json::json;

#[test]
fn without_a_file_the_built_in_defaults_are_used_and_told() {
    let console = Console::with(&[]);
    let told = console.run("check");
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(
        lines,
        [
            "there is no `passrelay.toml` here: these are the built-in defaults",
            "configuration: 0 providers, 0 applications, 0 routes",
            "ok",
        ]
    );
    assert_eq!(console.run("check --json").json()["file"], json!(null));
    assert_eq!(console.run("providers list").out, "no provider is configured\n");
}

#[test]
fn without_a_file_each_command_says_what_to_configure() {
    let console = Console::with(&[]);
    let configure = "configure one as `[providers.ID]`";
    console.run("providers test sms --to +447700900123").is_trouble(
        1,
        "there is no provider `sms`",
        configure,
    );
    console.run("methods --field mobile=+447700900123").is_trouble(
        1,
        "no application is configured",
        "configure one as `[applications.ID]`",
    );
    console.run("send --to +447700900123 --channel sms").is_trouble(
        1,
        "channel `sms` has no route",
        "[routes] sms",
    );
    console.run("providers docs sms").is_trouble(
        1,
        "there is no provider and no library `sms`",
        "no library was found: drop one into a folder of `libraries.directories`",
    );
}
