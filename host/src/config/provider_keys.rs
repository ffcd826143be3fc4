//! A provider's own keys: turned into JSON, secrets fetched, held to the schema of its library.

use super::{
    environment::Environment,
    report::Report,
    secret,
    section::Field,
    tree::{Entry, Node, Value, shown},
    violation,
};
use crate::plugin::schema::{self, Forms};
use provider_api::Manifest;
use serde_json::{Number, Value as Json};
use std::collections::BTreeMap;

/// Where a JSON pointer of the keys leads to in the file.
pub(super) struct Place {
    /// The full name, as it may be shown.
    pub(super) path: String,
    /// Where the key begins.
    pub(super) key_at: usize,
    /// Where the value begins.
    pub(super) at: usize,
}

/// What was read: the JSON, and where each of its parts stands.
pub(super) struct Keys {
    json: Json,
    /// By JSON pointer.
    pub(super) places: BTreeMap<String, Place>,
    /// The pointers whose value could not be read: they were told already.
    pub(super) unread: Vec<String>,
}

/// The schema of a library cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the schema of its library `{library}` cannot be used at `{place}`")]
pub(super) struct UnusableSchema {
    library: String,
    place: String,
}

/// Reads the keys of a provider and tells everything that its library's schema forbids; `path` is the table's full name.
pub(super) fn read(
    path: &str,
    config: &Node,
    manifest: &Manifest,
    environment: &Environment,
    report: &mut Report,
) -> Result<Json, UnusableSchema> {
    let schema = schema::strict(&manifest.config_schema);
    let validator =
        jsonschema::options().offline().should_validate_formats(true).build(&schema).map_err(|error| {
            UnusableSchema {
                library: manifest.id.clone(),
                place: format!("#{}", error.instance_path().as_str()),
            }
        })?;
    let mut keys = Keys { json: Json::Null, places: BTreeMap::new(), unread: Vec::new() };
    let forms = Forms::of(&schema);
    let field = Field { path: path.to_owned(), key: "config", key_at: config.at, node: config };
    keys.json = keys.json_of(&field, String::new(), &forms, environment, report);
    for error in validator.iter_errors(&keys.json) {
        violation::tell(&error, &keys, &forms, report);
    }
    Ok(keys.json)
}

impl Keys {
    fn json_of(
        &mut self,
        field: &Field<'_>,
        pointer: String,
        forms: &Forms<'_>,
        environment: &Environment,
        report: &mut Report,
    ) -> Json {
        let place = Place { path: field.path.clone(), key_at: field.key_at, at: field.at() };
        self.places.insert(pointer.clone(), place);
        let read = match &field.node.value {
            Value::Table(entries)
                if forms.is_secret() && (is_reference(entries) || forms.keys().is_empty()) =>
            {
                secret::read(field, environment, report).map(|secret| Json::from(secret.expose()))
            }
            Value::Table(entries) => Some(
                entries
                    .iter()
                    .map(|entry| {
                        let pointer =
                            format!("{pointer}/{}", entry.key.replace('~', "~0").replace('/', "~1"));
                        let path = format!("{}.{}", field.path, shown(&entry.key));
                        let field = Field { path, key: &entry.key, key_at: entry.at, node: &entry.node };
                        let json =
                            self.json_of(&field, pointer, &forms.property(&entry.key), environment, report);
                        (entry.key.clone(), json)
                    })
                    .collect(),
            ),
            Value::List(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, node)| {
                        let path = format!("{}[{index}]", field.path);
                        let field = Field { path, key: field.key, key_at: node.at, node };
                        self.json_of(
                            &field,
                            format!("{pointer}/{index}"),
                            &forms.item(index),
                            environment,
                            report,
                        )
                    })
                    .collect(),
            ),
            Value::Text(text) if forms.is_path() && !text.is_empty() => Some(path(text, field, report)),
            Value::Text(text) | Value::Moment(text) => Some(Json::from(text.as_str())),
            Value::Flag(flag) => Some(Json::from(*flag)),
            Value::Whole(number) => number_of(*number, field, report),
            Value::Nothing => {
                field.wrong("is `null`", "leave it out".to_owned(), report);
                None
            }
            Value::Fraction(number) => {
                let number = Number::from_f64(*number).map(Json::Number);
                if number.is_none() {
                    field.wrong("must be a finite number", None, report);
                }
                number
            }
        };
        read.unwrap_or_else(|| {
            self.unread.push(pointer);
            Json::Null
        })
    }
}

/// Whether a table says where a secret is, rather than being a value itself.
pub(super) fn is_reference(entries: &[Entry]) -> bool {
    !entries.is_empty() && entries.iter().all(|entry| ["env", "file"].contains(&entry.key.as_str()))
}

/// A path, relative ones beginning at the folder of the configuration file as everywhere in it.
///
/// It is absolute, so that it stays the same when the keys are read once more with unsaved ones.
fn path(text: &str, field: &Field<'_>, report: &mut Report) -> Json {
    let path = report.path(text);
    let path = std::path::absolute(&path).unwrap_or(path);
    if path.to_str().is_none() {
        field.wrong("begins at a folder whose name is no UTF-8", "write an absolute path".to_owned(), report);
    }
    path.to_str().unwrap_or(text).into()
}

fn number_of(number: i128, field: &Field<'_>, report: &mut Report) -> Option<Json> {
    let json = i64::try_from(number).map(Json::from).or_else(|_| u64::try_from(number).map(Json::from));
    if json.is_err() {
        field.wrong("is a number of more than 64 bits", None, report);
    }
    json.ok()
}
