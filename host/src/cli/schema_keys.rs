//! The keys of a library's configuration, told from its schema.

use super::{page::one_line, table::table};
use serde_json::{Value, json};

/// One key and its help.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    name: String,
    kind: String,
    required: bool,
    secret: bool,
    default: Option<Value>,
    help: String,
}

/// The keys of a schema's first level, required ones first.
pub(super) fn keys(schema: &Value) -> Vec<Key> {
    let required = |name: &str| {
        let list = schema.get("required").and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|key| key == name))
    };
    let table = schema.get("properties").and_then(Value::as_object);
    let mut keys: Vec<Key> = table
        .into_iter()
        .flatten()
        .map(|(name, key)| {
            let forms = forms(schema, key);
            let says = |keyword: &str| forms.iter().find_map(|form| form.get(keyword));
            let secret = says("writeOnly").is_some_and(|mark| mark == true)
                || forms.iter().any(|form| form.get("format").is_some_and(|format| format == "password"));
            Key {
                name: name.clone(),
                kind: if secret { "secret".to_owned() } else { kind(&forms) },
                required: required(name),
                secret,
                // What a secret is by default is nobody's business.
                default: says("default").filter(|default| !secret && !default.is_null()).cloned(),
                help: one_line(says("description").and_then(Value::as_str).unwrap_or_default()),
            }
        })
        .collect();
    keys.sort_by_key(|key| !key.required);
    keys
}

/// The keys for people.
pub(super) fn text(keys: &[Key]) -> String {
    let row = |key: &Key| {
        let default = match &key.default {
            _ if key.required => "required".to_owned(),
            Some(default) => default.to_string(),
            None => "-".to_owned(),
        };
        [key.name.clone(), key.kind.clone(), default, key.help.clone()]
    };
    table(["KEY", "TYPE", "DEFAULT", "HELP"], &keys.iter().map(row).collect::<Vec<_>>())
}

/// The keys for machines.
pub(super) fn json(keys: &[Key]) -> Vec<Value> {
    let object = |key: &Key| {
        json!({
            "name": key.name,
            "type": key.kind,
            "required": key.required,
            "secret": key.secret,
            "default": key.default,
            "help": key.help,
        })
    };
    keys.iter().map(object).collect()
}

/// The schema of a key, and what it refers to one step further: a definition, or the parts of an optional key.
fn forms<'a>(root: &'a Value, key: &'a Value) -> Vec<&'a Value> {
    let referred = |schema: &'a Value| {
        let reference = schema.get("$ref").and_then(Value::as_str);
        reference.and_then(|reference| root.pointer(reference.strip_prefix('#')?))
    };
    let mut forms = vec![key];
    forms.extend(referred(key));
    for part in key.get("anyOf").and_then(Value::as_array).into_iter().flatten().take(16) {
        forms.push(part);
        forms.extend(referred(part));
    }
    forms
}

fn kind(forms: &[&Value]) -> String {
    let options = forms.iter().flat_map(|form| {
        let variants = form.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let constants = variants.filter_map(|variant| variant.get("const"));
        form.get("enum").and_then(Value::as_array).into_iter().flatten().chain(constants)
    });
    let options: Vec<String> = options.filter(|option| !option.is_null()).map(Value::to_string).collect();
    if !options.is_empty() {
        return options.join(" | ");
    }
    let named = forms.iter().filter_map(|form| form.get("type")).flat_map(|kind| match kind {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect::<Vec<_>>(),
    });
    let words = named.filter(|kind| *kind != "null").map(|kind| match kind {
        "string" => "text",
        "integer" => "whole number",
        "boolean" => "true | false",
        "array" => "list",
        "object" => "table",
        other => other,
    });
    let words: Vec<&str> = words.collect();
    if words.is_empty() { "any".to_owned() } else { words.join(" | ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Config {
        /// The token.
        token: provider_api::Secret,
        /// The sender.
        from: String,
        #[serde(default)]
        tries: u8,
        #[serde(default)]
        region: Option<Region>,
        #[serde(default)]
        spare: Option<provider_api::Secret>,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Region {
        Us,
        Ie,
    }

    /// J28: each provider's configuration has its page, here from the schema of its library.
    #[test]
    fn keys_are_told_with_type_default_and_help() {
        let keys = keys(&schemars::schema_for!(Config).to_value());
        assert_eq!(
            text(&keys),
            "KEY     TYPE          DEFAULT   HELP\n\
             from    text          required  The sender.\n\
             token   secret        required  The token.\n\
             region  \"us\" | \"ie\"   -\n\
             spare   secret        -\n\
             tries   whole number  0"
        );
        assert_eq!(json(&keys)[1]["secret"], true);
    }
}
