//! A library's schema, asked what it says about one place of the configuration.

use serde_json::{Value, json};
use std::borrow::Cow;

/// Schemas come from libraries: a hostile one must not make us wander for ever.
const MOST_FORMS: usize = 128;
const DEEPEST: usize = 16;

/// Everything a schema says about one place: the schema itself and all that it refers to, in any combination.
#[derive(Clone)]
pub(crate) struct Forms<'a> {
    root: &'a Value,
    schemas: Vec<&'a Value>,
    help: Option<&'a str>,
}

impl<'a> Forms<'a> {
    /// The whole configuration.
    pub(crate) fn of(root: &'a Value) -> Self {
        Self::collect(root, [root])
    }

    /// A key of this place.
    pub(crate) fn property(&self, key: &str) -> Self {
        let named = self.schemas.iter().filter_map(|form| form.get("properties")?.get(key));
        let mut found: Vec<&Value> = named.collect();
        if found.is_empty() {
            found = self.schemas.iter().filter_map(|form| form.get("additionalProperties")).collect();
        }
        Self::collect(self.root, found)
    }

    /// An item of this place.
    pub(crate) fn item(&self, index: usize) -> Self {
        let item = |form: &&'a Value| form.get("prefixItems").and_then(|items| items.get(index));
        let found = self.schemas.iter().filter_map(|form| item(form).or_else(|| form.get("items")));
        Self::collect(self.root, found)
    }

    /// What a JSON pointer leads to from here.
    pub(crate) fn at(&self, pointer: &str) -> Self {
        pointer.split('/').skip(1).fold(self.clone(), |forms, segment| {
            let key = segment.replace("~1", "/").replace("~0", "~");
            let property = forms.property(&key);
            match key.parse() {
                Ok(index) if property.schemas.is_empty() => forms.item(index),
                _ => property,
            }
        })
    }

    /// Whether what stands here must never be shown.
    pub(crate) fn is_secret(&self) -> bool {
        let marks = |form: &&Value| {
            form.get("format").is_some_and(|format| format == "password")
                || form.get("writeOnly").is_some_and(|mark| mark == true)
        };
        self.schemas.iter().any(marks)
    }

    /// Whether what stands here is the path of a file.
    pub(crate) fn is_path(&self) -> bool {
        self.schemas.iter().any(|form| form.get("format").is_some_and(|format| format == "path"))
    }

    /// The keys that may stand here.
    pub(crate) fn keys(&self) -> Vec<&'a str> {
        let tables = self.schemas.iter().filter_map(|form| form.get("properties")?.as_object());
        tables.flat_map(|table| table.keys().map(String::as_str)).collect()
    }

    /// The keys that each of several forms requires, by the path of their list in the schema.
    pub(crate) fn alternatives(&self, schema_path: &str) -> Vec<Vec<String>> {
        let keys = |form: &Value| -> Vec<String> {
            let required = form.get("required").and_then(Value::as_array).into_iter().flatten();
            required.filter_map(|key| Some(key.as_str()?.to_owned())).collect()
        };
        let forms = self.root.pointer(schema_path).and_then(Value::as_array).into_iter().flatten();
        forms.map(keys).collect()
    }

    /// The help of this place: the first paragraph of what describes it.
    pub(crate) fn help(&self) -> Option<&'a str> {
        self.help.and_then(|text| text.split("\n\n").next()).map(str::trim).filter(|text| !text.is_empty())
    }

    /// A value such as may stand here, as far as its type says.
    pub(crate) fn example(&self) -> Value {
        let first = |form: &&Value| {
            let option = form.get("enum").and_then(|options| options.get(0));
            form.get("const").or(option).or(form.get("default")).cloned()
        };
        let kinds = self.schemas.iter().filter_map(|form| form.get("type")?.as_str());
        self.schemas.iter().find_map(first).unwrap_or_else(|| match kinds.into_iter().next() {
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(false),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ => json!("…"),
        })
    }

    fn collect(root: &'a Value, of: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut found = Self { root, schemas: Vec::new(), help: None };
        for schema in of {
            found.gather(schema, DEEPEST, true);
        }
        found
    }

    /// Adds a schema and all that it refers to. What describes one variant of several is no help for the place.
    fn gather(&mut self, schema: &'a Value, depth: usize, describes: bool) {
        if depth == 0 || self.schemas.len() >= MOST_FORMS {
            return;
        }
        self.schemas.push(schema);
        if describes && self.help.is_none() {
            self.help = schema.get("description").and_then(Value::as_str);
        }
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        if let Some(target) = reference.and_then(|pointer| self.root.pointer(pointer)) {
            self.gather(target, depth - 1, describes);
        }
        for combination in ["allOf", "anyOf", "oneOf"] {
            for part in schema.get(combination).and_then(Value::as_array).into_iter().flatten() {
                self.gather(part, depth - 1, describes && combination != "oneOf");
            }
        }
    }
}

/// The schema with unknown keys refused, where the library leaves it open at the top: unknown keys are errors.
pub(crate) fn strict(schema: &Value) -> Cow<'_, Value> {
    let Some(table) = schema.as_object() else {
        return if schema.is_null() {
            Cow::Owned(json!({ "type": "object" }))
        } else {
            Cow::Borrowed(schema)
        };
    };
    let is_table = table.contains_key("properties") || table.get("type").is_some_and(|kind| kind == "object");
    let says = |keywords: &[&str]| keywords.iter().any(|keyword| table.contains_key(*keyword));
    if !is_table || says(&["additionalProperties", "unevaluatedProperties", "patternProperties"]) {
        return Cow::Borrowed(schema);
    }
    let combined = says(&["$ref", "allOf", "anyOf", "oneOf", "if"]);
    let mut table = table.clone();
    let keyword = if combined { "unevaluatedProperties" } else { "additionalProperties" };
    table.insert(keyword.to_owned(), json!(false));
    Cow::Owned(Value::Object(table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Config {
        /// The token.
        /// From the console.
        ///
        /// More about it.
        token: provider_api::Secret,
        maybe: Option<provider_api::Secret>,
        several: Vec<provider_api::Secret>,
        #[serde(default)]
        nested: Option<Nested>,
        open: String,
        #[schemars(extend("format" = "path"))]
        file: Option<std::path::PathBuf>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Nested {
        inner: provider_api::Secret,
    }

    #[test]
    fn secrets_are_found_wherever_a_schema_marks_them() {
        let schema = schemars::schema_for!(Config).to_value();
        let forms = Forms::of(&schema);
        for (pointer, secret) in [
            ("", false),
            ("/token", true),
            ("/maybe", true),
            ("/several", false),
            ("/several/0", true),
            ("/several/17", true),
            ("/nested", false),
            ("/nested/inner", true),
            ("/open", false),
            ("/unknown", false),
        ] {
            assert_eq!(forms.at(pointer).is_secret(), secret, "{pointer}");
        }
        assert!(forms.at("/file").is_path() && !forms.at("/open").is_path());
        assert_eq!(forms.at("/token").help(), Some("The token.\nFrom the console."));
        assert!(forms.keys().contains(&"several"));
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let schema = json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }, { "$ref": "#" }] });
        assert!(!Forms::of(&schema).is_secret());
    }

    #[test]
    fn a_table_that_says_nothing_of_unknown_keys_refuses_them() {
        for (schema, keyword) in [
            (json!({ "type": "object", "properties": {} }), Some("additionalProperties")),
            (json!({ "type": "object", "allOf": [{}] }), Some("unevaluatedProperties")),
            (json!({ "type": "object", "additionalProperties": { "type": "string" } }), None),
            (json!(true), None),
        ] {
            let strict = strict(&schema);
            match keyword {
                Some(keyword) => assert_eq!(strict[keyword], false, "{schema}"),
                None => assert_eq!(*strict, schema),
            }
        }
    }
}
