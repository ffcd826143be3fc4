//! The host that an operator names under a key of the configuration, or else the library by the key's default.

use super::{Pattern, Target, target};
use serde_json::Value;

/// A schema comes from a library: a hostile one must not make us wander for ever.
const DEEPEST: u32 = 16;
const MOST_FORMS: usize = 128;

/// The hosts under a key; none where nothing stands there, or nothing that names a host.
pub(super) fn hosts(
    key: &[String],
    config: &Value,
    schema: &Value,
    read: fn(&str) -> Option<Target>,
) -> Vec<Pattern> {
    let written = key.iter().try_fold(config, |table, name| table.get(name)).filter(|value| !value.is_null());
    let forms = forms_at(key, schema);
    let value = written.or_else(|| forms.iter().find_map(|form| form.get("default")));
    let items = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    items.iter().filter_map(|item| host(item.as_str()?.trim(), read)).collect()
}

/// A URL's host and port, or `host` or `host:port` by themselves.
fn host(text: &str, read: fn(&str) -> Option<Target>) -> Option<Pattern> {
    if text.contains("://") {
        return read(text).map(Target::into_pattern);
    }
    let (host, port) = target::split(text)?;
    if host.contains(['/', '\\', '?', '#', '@']) {
        return None;
    }
    let port = port.map(str::parse).transpose().ok()?;
    Some(Pattern::Host(read(&format!("http://{host}/"))?.host, port))
}

/// Whether a schema has a key.
pub fn is_key_of(schema: &Value, key: &[String]) -> bool {
    !forms_at(key, schema).is_empty()
}

/// Everything that a schema says about a key.
fn forms_at<'a>(key: &[String], schema: &'a Value) -> Vec<&'a Value> {
    let mut forms = forms(schema, [schema]);
    for name in key {
        let named: Vec<&Value> = forms.iter().filter_map(|form| form.get("properties")?.get(name)).collect();
        forms = self::forms(schema, named);
    }
    forms
}

fn forms<'a>(root: &'a Value, of: impl IntoIterator<Item = &'a Value>) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for schema in of {
        gather(root, schema, DEEPEST, &mut found);
    }
    found
}

/// Adds a schema and all that it refers to.
fn gather<'a>(root: &'a Value, schema: &'a Value, depth: u32, found: &mut Vec<&'a Value>) {
    if depth == 0 || found.len() >= MOST_FORMS {
        return;
    }
    found.push(schema);
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
    if let Some(target) = reference.and_then(|pointer| root.pointer(pointer)) {
        gather(root, target, depth - 1, found);
    }
    for combination in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(combination).and_then(Value::as_array).into_iter().flatten() {
            gather(root, part, depth - 1, found);
        }
    }
}
