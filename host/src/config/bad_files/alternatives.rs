//! Keys of a provider of which one set or another is expected.

use super::{Draft, Shelf, environment, library};
use serde_json::{Value, json};
use std::path::Path;

fn told(schema: &Value, keys: &str) -> Vec<String> {
    let mut manifest = library("acme", &["sms"]);
    manifest.config_schema = schema.clone();
    let text = format!("[providers.acme.config]\n{keys}\n");
    let draft = Draft::parse(&text, Path::new("p.toml"), environment());
    let Err(mistakes) = draft.finish_with(&Shelf::new([&manifest], &[], &[])) else { return Vec::new() };
    mistakes.iter().map(|mistake| mistake.to_string().trim_start_matches("p.toml:").to_owned()).collect()
}

/// What is missing and what is too much is named by its keys, whatever keyword of the schema says so.
#[test]
fn of_several_sets_of_keys_one_is_expected_and_named() {
    let secret = json!({ "type": "string", "format": "password" });
    for keyword in ["oneOf", "anyOf"] {
        let schema = json!({
            "type": "object",
            "description": "Signs by a token or a key.",
            "properties": { "token": secret, "key_id": { "type": "string" }, "key": secret },
            keyword: [{ "required": ["token"] }, { "required": ["key_id", "key"] }],
            "additionalProperties": false,
        });
        let hint = "\nhint: Signs by a token or a key.";
        for (keys, expected) in [
            ("token = \"t\"", None),
            ("key_id = \"k\"\nkey = \"s\"", None),
            ("token = \"t\"\nkey_id = \"k\"", None),
            ("", Some("lacks `token`, or `key_id` and `key`")),
            ("key_id = \"k\"", Some("lacks `token`, or `key`")),
            (
                "token = \"t\"\nkey_id = \"k\"\nkey = \"s\"",
                (keyword == "oneOf").then_some(
                    "has `token` as well as `key_id` and `key`; only one of these may stand there",
                ),
            ),
        ] {
            let expected = expected.map(|what| format!("1:1: `providers.acme.config` {what}{hint}"));
            assert_eq!(told(&schema, keys), Vec::from_iter(expected), "{keyword} {keys}");
        }
    }
}

/// A set that holds another one says nothing more.
#[test]
fn a_key_that_every_form_requires_is_named_once() {
    let kind = |word: &str, more: &str| json!({ "properties": { "kind": { "const": word } }, "required": ["kind", more] });
    let schema = json!({ "type": "object", "additionalProperties": true,
                         "oneOf": [kind("b", "host"), { "required": ["kind"] }, { "required": ["kind"] }] });
    assert_eq!(told(&schema, ""), ["1:1: `providers.acme.config` lacks `kind`"]);
    let forms = json!({ "type": "object", "oneOf": [{ "minProperties": 1 }, { "maxProperties": 3 }],
                        "additionalProperties": true });
    let several = "1:1: `providers.acme.config` has several of the forms of which the library expects one";
    assert_eq!(told(&forms, "a = 1"), [several]);
}
