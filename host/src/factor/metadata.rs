//! What a caller keeps beside a factor or a challenge: texts that mean nothing to us. They may say anything of a person.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The most characters of metadata, as JSON.
const METADATA: usize = 1024;

/// What the labels and texts of details have at most, and how many of them there are.
const MESSAGE: usize = 256;
const FIELDS: usize = 20;
const LABEL: usize = 36;
const VALUE: usize = 128;

/// Texts by name. `Debug` hides them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

/// What a challenge is about, for the person to read. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// What is asked.
    pub message: Option<String>,
    /// What it is about: labels with their values.
    pub fields: Vec<(String, String)>,
}

/// Texts that are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// It is no JSON object of texts, or a long one.
    #[error("expected a JSON object of strings, at most {METADATA} characters")]
    Metadata,
    /// The message is too long.
    #[error("expected at most {MESSAGE} characters")]
    Message,
    /// A field is none, or there are too many.
    #[error(
        "expected at most {FIELDS} JSON objects with `label` ({LABEL} characters) and `value` ({VALUE} characters)"
    )]
    Fields,
}

/// One field of details, as callers write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    label: String,
    value: String,
}

impl Metadata {
    /// Reads metadata.
    ///
    /// # Errors
    ///
    /// When they are no object of texts, or too long.
    pub fn read(json: &str) -> Result<Self, InvalidMetadata> {
        let short =
            Some(json).filter(|json| json.chars().count() <= METADATA).ok_or(InvalidMetadata::Metadata)?;
        let metadata: Map<String, Value> =
            serde_json::from_str(short).map_err(|_| InvalidMetadata::Metadata)?;
        if metadata.values().all(Value::is_string) {
            Ok(Self(metadata))
        } else {
            Err(InvalidMetadata::Metadata)
        }
    }

    /// The texts by name.
    pub fn texts(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl Details {
    /// Reads details: the message as it is, and each field as JSON. `None` where nothing is said.
    ///
    /// # Errors
    ///
    /// When something is too long, or no field.
    pub fn read<'a>(
        message: Option<&str>,
        fields: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Self>, InvalidMetadata> {
        if message.is_some_and(|message| message.chars().count() > MESSAGE) {
            return Err(InvalidMetadata::Message);
        }
        let read = |json: &str| {
            let field: Field = serde_json::from_str(json).map_err(|_| InvalidMetadata::Fields)?;
            let fits = field.label.chars().count() <= LABEL && field.value.chars().count() <= VALUE;
            if fits { Ok((field.label, field.value)) } else { Err(InvalidMetadata::Fields) }
        };
        let fields: Vec<(String, String)> = fields.map(read).collect::<Result<_, _>>()?;
        match (message, fields.len()) {
            (None, 0) => Ok(None),
            (_, FIELDS..) if fields.len() > FIELDS => Err(InvalidMetadata::Fields),
            _ => Ok(Some(Self { message: message.map(str::to_owned), fields })),
        }
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metadata(***)")
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Details(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_a_short_object_of_texts() {
        for (json, is_one) in [
            ("{}", true),
            (r#"{"os": "Android"}"#, true),
            (r#"{"os": 1}"#, false),
            (r#"{"os": {"a": "b"}}"#, false),
            ("[]", false),
            ("Android", false),
            ("", false),
            (&format!(r#"{{"a": "{}"}}"#, "x".repeat(1_015)), true),
            (&format!(r#"{{"a": "{}"}}"#, "x".repeat(1_016)), false),
        ] {
            assert_eq!(Metadata::read(json).is_ok(), is_one, "{json}");
        }
        assert_eq!(format!("{:?}", Metadata::read(r#"{"ip": "192.0.2.1"}"#).unwrap()), "Metadata(***)");
    }

    #[test]
    fn details_are_bounded_in_every_way() {
        let field = r#"{"label": "Action", "value": "Sign up"}"#;
        let read = |message: Option<&str>, fields: &[&str]| Details::read(message, fields.iter().copied());
        assert_eq!(read(None, &[]), Ok(None));
        let details = read(Some("Hi"), &[field]).unwrap().unwrap();
        assert_eq!(details.fields, [("Action".to_owned(), "Sign up".to_owned())]);
        assert_eq!(format!("{details:?}"), "Details(***)");
        assert!(read(None, &[field; 20]).is_ok());
        assert_eq!(read(None, &[field; 21]), Err(InvalidMetadata::Fields));
        assert_eq!(read(Some(&"x".repeat(257)), &[]), Err(InvalidMetadata::Message));
        let long = format!(r#"{{"label": "{}", "value": ""}}"#, "x".repeat(37));
        for bad in ["{}", "x", r#"{"label": "a", "value": 1}"#, &long] {
            assert_eq!(read(None, &[bad]), Err(InvalidMetadata::Fields), "{bad}");
        }
    }
}
