//! `passrelay providers new`: what is in the way is named, and nothing is made by halves.

use harness::Console;
use provider_api::API_VERSION;
use std::fs;

fn left(console: &Console) -> Vec<String> {
    let names = fs::read_dir(console.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name != "providers").collect()
}

#[test]
fn a_crate_is_made_and_the_last_three_lines_are_what_to_type_next() {
    let console = Console::with(&[]);
    let told = console.run("providers new acme_sms --api 1");
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines[0], "made `acme_sms` with 6 files");
    assert_eq!(
        lines[lines.len() - 3..],
        [
            "  cd acme_sms && cargo test",
            "  cargo build --release",
            "  passrelay providers conform target/release/libacme_sms.so",
        ]
    );
    assert!(console.read("acme_sms/Cargo.toml").contains("\npassrelay-provider-api = \"1\"\n"));
    assert_eq!(left(&console), ["acme_sms"], "and nothing else");

    let told = console.run("providers new by_version");
    assert!(
        told.out
            .contains("\nit takes provider-api from the registry; `--api PATH|GIT` names another place\n")
    );
    assert!(console.read("by_version/Cargo.toml").contains(&format!("provider-api = \"{API_VERSION}\"\n")));
    let json = console.run("providers new other --json").json();
    assert_eq!(json["next"].as_array().unwrap().len(), 3);
    assert!(console.read("other/.gitignore").contains("/target\n"));
}

#[test]
fn a_crate_that_cannot_be_made_is_told_and_leaves_nothing() {
    let console = Console::with(&[]);
    console.write("taken", "mine");
    for (arguments, what, hint) in [
        ("providers new Acme-SMS", "`Acme-SMS` is no name for a provider", "a name is 1 to 32 of `a`-`z`"),
        ("providers new ../acme", "`../acme` is no name for a provider", "a name is 1 to 32 of `a`-`z`"),
        ("providers new serde", "`serde` is the name of a crate", "for example `serde_sms`"),
        ("providers new taken", "`taken` is there already", "take another name, or another folder with"),
        (
            "providers new providers",
            "`providers` is there already",
            "take another name, or another folder with",
        ),
        (
            "providers new acme --directory nowhere",
            "cannot make `nowhere/acme`: ",
            "name a folder that is there",
        ),
        ("providers new acme --directory /proc", "cannot make `/proc/acme`: ", "name a folder that is there"),
        (
            "providers new acme --api nowhere/api",
            "`--api nowhere/api` is no path, no git address",
            "for example `--api 1",
        ),
        (
            "providers new acme --api providers",
            "`providers` is not the folder of `passrelay-provider-api`",
            "name the",
        ),
    ] {
        console.run(arguments).is_trouble(1, what, hint);
    }
    assert_eq!((left(&console), console.read("taken").as_str()), (vec!["taken".to_owned()], "mine"));
}
