//! A secret: inline, from the environment or from a file, and never printed.

use super::{environment::Environment, report::Report, section::Field, tree::Value};
use provider_api::Secret;
use std::{fs::File, io::Read};

/// The three forms, for hints.
pub(super) const FORMS: &str = r#"a secret is "…", { env = "NAME" } or { file = "PATH" }"#;

/// No password is longer; `/dev/zero` is.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret; what is wrong with it is told without it.
pub(super) fn read(field: &Field<'_>, environment: &Environment, report: &mut Report) -> Option<Secret> {
    let Value::Table(_) = &field.node.value else {
        if let Value::Text(text) = &field.node.value {
            if !text.is_empty() {
                return Some(Secret::new(text.as_str()));
            }
            field.wrong("is empty", FORMS.to_owned(), report);
        } else {
            let why = format!("must be a secret, not {}", field.node.kind());
            field.wrong(&why, FORMS.to_owned(), report);
        }
        return None;
    };
    let mut forms = field.table(report)?;
    let (variable, file) = (forms.find("env"), forms.find("file"));
    forms.close(report);
    match (variable, file) {
        (Some(variable), None) => from_environment(&variable, environment, report),
        (None, Some(file)) => from_file(&file, report),
        (Some(_), Some(_)) => {
            field.wrong("has both `env` and `file`", FORMS.to_owned(), report);
            None
        }
        (None, None) => {
            field.wrong("has neither `env` nor `file`", FORMS.to_owned(), report);
            None
        }
    }
}

fn from_environment(field: &Field<'_>, environment: &Environment, report: &mut Report) -> Option<Secret> {
    let name = field.text(report)?;
    if !is_variable(name) {
        let hint =
            "letters, digits and `_`, for example \"TWILIO_AUTH_TOKEN\"; the secret itself stands there";
        field.wrong("is no name of an environment variable", hint.to_owned(), report);
        return None;
    }
    match environment.value(name) {
        Some(value) if !value.is_empty() => Some(Secret::new(value)),
        found => {
            let state = if found.is_some() { "empty" } else { "not set" };
            let why = format!("names the environment variable `{name}`, which is {state}");
            field.wrong(&why, format!("start with `{name}=…` in the environment"), report);
            None
        }
    }
}

/// A name by IEEE Std 1003.1, section 8.1, with small letters too.
fn is_variable(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn from_file(field: &Field<'_>, report: &mut Report) -> Option<Secret> {
    let written = field.filled(report)?;
    let path = report.path(written);
    let mut text = String::new();
    let shown = path.display();
    let read = File::open(&path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    let why = match read {
        Err(error) => format!("names the file `{shown}`, which cannot be read: {error}"),
        Ok(length) if length as u64 > LONGEST => {
            format!("names the file `{shown}`, which is too long for a secret")
        }
        Ok(_) => {
            let secret = text.trim_end_matches(['\r', '\n']);
            if !secret.is_empty() {
                return Some(Secret::new(secret));
            }
            format!("names the file `{shown}`, which is empty")
        }
    };
    field.wrong(&why, "a relative path begins at the folder of the configuration file".to_owned(), report);
    None
}
