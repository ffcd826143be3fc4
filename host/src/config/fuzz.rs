//! A configuration file as an operator may mistype it, and a schema as a hostile library may declare it.

use super::{Draft, Environment, shelf::Shelf};
use provider_api::Manifest;
use serde_json::{Value, json};
use std::path::Path;

/// What must not be told, wherever in a file it was pasted as a value. No bare key can hold it.
const MARKER: &str = "S3cr3t/Marker+of==";

/// A file, held to a library with secrets: nothing that is told of it holds a value.
pub(crate) fn configuration(text: &str) {
    let told = read(text, schema_of_keys());
    assert!(names_the_marker(text) || !told.contains("Marker+of"), "a value is told: {told}");
}

/// A library's schema, then `---` and a provider's own keys in TOML: neither takes the host down.
pub(crate) fn schema(text: &str) {
    let (schema, keys) = text.split_once("\n---\n").unwrap_or((text, ""));
    let Ok(schema) = serde_json::from_str::<Value>(schema) else { return };
    let _told = read(&format!("[providers.sms_twilio.config]\n{keys}"), schema);
}

fn schema_of_keys() -> Value {
    json!({
        "type": "object",
        "properties": {
            "account_sid": { "type": "string", "pattern": "^AC[0-9a-f]{4}$" },
            "auth_token": { "type": "string", "format": "password", "writeOnly": true },
            "old_tokens": { "type": "array", "items": { "type": "string", "format": "password" } },
            "tries": { "type": "integer", "minimum": 1, "maximum": 9 },
            "ca_file": { "type": "string", "format": "path" },
            "mode": { "oneOf": [
                { "type": "object", "properties": { "kind": { "const": "plain" } }, "required": ["kind"] },
                { "type": "object", "properties": { "kind": { "const": "signed" },
                  "key": { "type": "string", "format": "password" } }, "required": ["kind", "key"] },
            ] },
        },
        "required": ["account_sid", "auth_token"],
        "additionalProperties": false,
    })
}

/// All that is told about a file, in every form in which it is told.
fn read(text: &str, schema: Value) -> String {
    let mut library = Manifest::default();
    library.id = "sms_twilio".into();
    library.channels = vec!["sms".to_owned()];
    library.config_schema = schema;
    let environment = Environment::of([("TOKEN", MARKER), ("KEY", "a-key-of-twenty-characters")]);
    let draft = Draft::parse(text, Path::new("p.toml"), environment);
    let shown = format!("{draft:?}");
    match draft.finish_with(&Shelf::new([&library], &[], &["providers".into()])) {
        Err(mistakes) => {
            assert!(mistakes.iter().count() > 0, "refused without a reason");
            for mistake in &mistakes {
                assert!(!mistake.what.contains('\n') && !mistake.what.is_empty(), "{mistake}");
                place(text, mistake.line, mistake.column);
            }
            format!("{shown}{mistakes}{mistakes:?}{}", serde_json::to_string(&mistakes).unwrap_or_default())
        }
        Ok(config) => {
            let secrets = config.providers.values().map(|provider| format!("{provider:?}"));
            let shown: String = secrets.collect();
            let told: String = config.warnings.iter().chain(&config.notes).map(ToString::to_string).collect();
            shown + &told
        }
    }
}

/// A mistake stands in the file.
fn place(text: &str, line: Option<usize>, column: Option<usize>) {
    let (Some(line), Some(column)) = (line, column) else { return };
    let lines = text.split('\n').count();
    assert!((1..=lines).contains(&line), "line {line} of {lines}");
    let longest = text.split('\n').nth(line - 1).map_or(0, |line| line.chars().count());
    assert!((1..=longest + 1).contains(&column), "column {column} of {longest}");
}

/// Whether the marker stands where names stand: those are told.
fn names_the_marker(text: &str) -> bool {
    fn in_names(table: &toml::Table) -> bool {
        table.iter().any(|(key, value)| key.contains("Marker") || value_names(value))
    }
    fn value_names(value: &toml::Value) -> bool {
        match value {
            toml::Value::Table(table) => in_names(table),
            toml::Value::Array(items) => items.iter().any(value_names),
            _ => false,
        }
    }
    text.parse::<toml::Table>().map_or(true, |table| in_names(&table))
}
