//! Files that hold nothing but the keys of one provider.

use super::{Draft, Environment, Manifest, Shelf, SmsKeys};
use serde_json::json;

/// What is told about a file of these keys; the provider's configuration if nothing is.
fn read(text: &str) -> Result<serde_json::Value, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, text).unwrap();
    std::fs::write(folder.path().join("token"), "from-a-file\n").unwrap();
    let mut manifest = Manifest::default();
    manifest.id = "sms".to_owned();
    manifest.config_schema = schemars::schema_for!(SmsKeys).to_value();
    let draft = Draft::load_keys(&file, "sms", Environment::of([("TOKEN", "from-the-environment")]));
    let config = draft.finish_with(&Shelf::new([&manifest], &[], &[])).map_err(|mistakes| {
        let shown = format!("{}:", file.display());
        mistakes.iter().map(|mistake| mistake.to_string().replace(&shown, "")).collect::<Vec<_>>()
    })?;
    assert!(config.providers["sms"].enabled);
    Ok(config.providers["sms"].config.clone())
}

#[test]
fn keys_stand_at_the_top_and_secrets_where_they_are_kept() {
    for (token, secret) in [
        (r#""inline""#, "inline"),
        (r#"{ env = "TOKEN" }"#, "from-the-environment"),
        (r#"{ file = "token" }"#, "from-a-file"),
    ] {
        let keys = read(&format!("account_sid = \"ACabcd\"\nauth_token = {token}\n"));
        assert_eq!(keys, Ok(json!({ "account_sid": "ACabcd", "auth_token": secret })), "{token}");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_in_the_file() {
    let told = read("account_id = \"AC1234\"\nauth_token = { env = \"TOKN\" }\ntries = 12\n").unwrap_err();
    assert_eq!(
        told,
        [
            "1:1: unknown key `account_id` in `config`\nhint: did you mean `account_sid`?",
            "1:1: `config` lacks `account_sid`\nhint: Begins with `AC`; see the console.",
            "2:22: `config.auth_token.env` names the environment variable `TOKN`, which is not set\n\
             hint: start with `TOKN=…` in the environment",
            "3:9: `config.tries` must be at most 9",
        ]
    );
    assert_eq!(read("= 1\n").unwrap_err().len(), 1, "what may follow from broken syntax is not told");
}

#[test]
fn a_file_that_is_not_there_is_told_and_nothing_else() {
    let nothing: [(&str, &str); 0] = [];
    let draft = Draft::load_keys("/nowhere/keys.toml".as_ref(), "sms", Environment::of(nothing));
    let told = draft.finish_with(&Shelf::new([], &[], &[])).unwrap_err().to_string();
    assert!(told.starts_with("/nowhere/keys.toml: cannot be read: "), "{told}");
    assert!(told.ends_with("\n1 mistake: nothing is started"), "{told}");
}
