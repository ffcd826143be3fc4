//! Tells what a library's schema forbids, in the words of the file and without its values.

mod alternatives;

use super::{
    provider_keys::Keys,
    providers,
    report::Report,
    secret,
    suggestion::{self, nearest},
    tree::shown,
};
use crate::plugin::schema::Forms;
use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value as Json;

/// Tells one error of the validator. Nothing of the instance is quoted: it may be a secret.
pub(super) fn tell(error: &ValidationError<'_>, keys: &Keys, root: &Forms<'_>, report: &mut Report) {
    let pointer = error.instance_path().as_str();
    if keys.unread.iter().any(|unread| *unread == pointer) {
        return;
    }
    let here = Here { pointer, keys, forms: root.at(pointer), instance: error.instance() };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for key in unexpected {
                here.unknown(key, report);
            }
        }
        // What the validator says of a table that may have no keys at all: about its first key only.
        Kind::FalseSchema if !here.children().is_empty() => {
            for key in here.children() {
                here.unknown(&key, report);
            }
        }
        Kind::Required { property } => here.missing(property.as_str().unwrap_or_default(), report),
        Kind::Type { kind } => here.of_other_type(&types(kind), report),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            if !alternatives::tell_lacking(context, &here, report) {
                fits_none(context, &here, root, report);
            }
        }
        Kind::OneOfMultipleValid { context } => {
            let required = root.alternatives(error.schema_path().as_str());
            alternatives::tell_several(context, &required, &here, report);
        }
        Kind::Enum { options } => here.none_of(options.as_array().map_or(&[][..], Vec::as_slice), report),
        Kind::Constant { expected_value } => here.none_of(std::slice::from_ref(expected_value), report),
        other => here.wrong(&words(other), report),
    }
}

/// A place of the configuration that is wrong.
struct Here<'a> {
    pointer: &'a str,
    keys: &'a Keys,
    forms: Forms<'a>,
    instance: &'a Json,
}

impl Here<'_> {
    fn path(&self) -> &str {
        self.keys.places.get(self.pointer).map_or("config", |place| &place.path)
    }

    fn at(&self) -> usize {
        self.keys.places.get(self.pointer).map_or(0, |place| place.at)
    }

    /// The keys that stand in the file at this place.
    fn children(&self) -> Vec<String> {
        let below = |pointer: &String| {
            let child = pointer.strip_prefix(self.pointer)?.strip_prefix('/')?;
            (!child.contains('/')).then(|| child.replace("~1", "/").replace("~0", "~"))
        };
        self.keys.places.keys().filter_map(below).collect()
    }

    fn help(&self) -> Option<String> {
        self.forms.help().map(str::to_owned)
    }

    fn wrong(&self, why: &str, report: &mut Report) {
        let what = format!("`{}` {why}", self.path());
        report.mistake_of(self.path().to_owned(), self.at(), what, self.help());
    }

    fn unknown(&self, key: &str, report: &mut Report) {
        let pointer = format!("{}/{}", self.pointer, key.replace('~', "~0").replace('/', "~1"));
        let at = self.keys.places.get(&pointer).map_or(self.at(), |place| place.key_at);
        let table = self.path().strip_suffix(".config").filter(|_| self.pointer.is_empty());
        let hint = match table.filter(|_| providers::KEYS.contains(&key)) {
            Some(table) => format!("it belongs under `[{table}]`"),
            None => suggestion::hint(key, &self.forms.keys())
                .unwrap_or_else(|| "the library declares no keys here".to_owned()),
        };
        let what = format!("unknown key `{}` in `{}`", shown(key), self.path());
        report.mistake_of(self.below(key), at, what, Some(hint));
    }

    fn missing(&self, key: &str, report: &mut Report) {
        let forms = self.forms.property(key);
        let help = forms.help().map(str::to_owned);
        let hint = match (help, forms.is_secret()) {
            (Some(help), true) => Some(format!("{help} ({})", secret::FORMS)),
            (None, true) => Some(secret::FORMS.to_owned()),
            (help, false) => help,
        };
        let what = format!("`{}` lacks `{}`", self.path(), shown(key));
        report.missing(self.below(key), self.at(), what, hint);
    }

    /// The full name of a key of this place, as it may be shown.
    fn below(&self, key: &str) -> String {
        format!("{}.{}", self.path(), shown(key))
    }

    fn of_other_type(&self, expected: &[JsonType], report: &mut Report) {
        let is_reference = self.instance.as_object().is_some_and(|table| {
            !table.is_empty() && table.keys().all(|key| ["env", "file"].contains(&key.as_str()))
        });
        let hint = if is_reference && !expected.contains(&JsonType::Object) {
            let hint = "only what the library declares as a secret is read from the environment or a file";
            Some(hint.to_owned())
        } else {
            self.help()
        };
        let names: Vec<&str> = expected.iter().filter_map(|kind| name(*kind)).collect();
        let whole = self.instance.is_i64() || self.instance.is_u64();
        let found = if whole { JsonType::Integer } else { JsonType::from(self.instance) };
        let found = name(found).unwrap_or("nothing");
        let what = format!("`{}` must be {}, not {found}", self.path(), names.join(" or "));
        report.mistake_of(self.path().to_owned(), self.at(), what, hint);
    }

    fn none_of(&self, options: &[Json], report: &mut Report) {
        let written: Vec<String> = options.iter().filter(|option| !option.is_null()).map(written).collect();
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        let meant = self.instance.as_str().and_then(|text| nearest(text, written.iter().copied()));
        let hint = meant.map(|word| format!("did you mean `{word}`?")).or_else(|| self.help());
        let what = format!("`{}` must be one of {}", self.path(), suggestion::listed(&written));
        report.mistake_of(self.path().to_owned(), self.at(), what, hint);
    }
}

/// Of several forms that all do not fit, tells what is wrong with the one that was meant.
fn fits_none(
    branches: &[Vec<ValidationError<'static>>],
    here: &Here<'_>,
    root: &Forms<'_>,
    report: &mut Report,
) {
    let own = |error: &&ValidationError<'static>| error.instance_path().as_str() == here.pointer;
    let right_type: Vec<&Vec<ValidationError<'static>>> = branches
        .iter()
        .filter(|errors| !errors.iter().filter(own).any(|error| matches!(error.kind(), Kind::Type { .. })))
        .collect();
    if right_type.is_empty() {
        let mut expected: Vec<JsonType> =
            branches.iter().flatten().filter(own).flat_map(expected_types).collect();
        expected.sort();
        expected.dedup();
        return here.of_other_type(&expected, report);
    }
    let is_choice = |error: &&ValidationError<'static>| choices(error).is_some();
    let chosen: Vec<_> =
        right_type.iter().filter(|errors| !errors.iter().any(|error| is_choice(&error))).collect();
    if let [only] = chosen.as_slice() {
        for error in only.iter() {
            tell(error, here.keys, root, report);
        }
    } else if chosen.is_empty()
        && let Some(first) = right_type.iter().flat_map(|errors| errors.iter()).find(is_choice)
    {
        let pointer = first.instance_path().as_str();
        let same = right_type.iter().flat_map(|errors| errors.iter());
        let same = same.filter(|error| error.instance_path().as_str() == pointer);
        let options: Vec<Json> = same.filter_map(choices).flatten().collect();
        let place = Here { pointer, keys: here.keys, forms: root.at(pointer), instance: first.instance() };
        place.none_of(&options, report);
    } else {
        here.wrong("has none of the forms that the library expects", report);
    }
}

/// The values of which one was expected.
fn choices(error: &ValidationError<'_>) -> Option<Vec<Json>> {
    match error.kind() {
        Kind::Enum { options } => options.as_array().cloned(),
        Kind::Constant { expected_value } => Some(vec![(**expected_value).clone()]),
        _ => None,
    }
}

fn expected_types(error: &ValidationError<'_>) -> Vec<JsonType> {
    if let Kind::Type { kind } = error.kind() { types(kind) } else { Vec::new() }
}

fn types(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(kind) => vec![*kind],
        TypeKind::Multiple(kinds) => kinds.iter().collect(),
    }
}

/// What a type is called; TOML has no null.
fn name(kind: JsonType) -> Option<&'static str> {
    match kind {
        JsonType::Array => Some("a list"),
        JsonType::Boolean => Some("`true` or `false`"),
        JsonType::Integer => Some("a whole number"),
        JsonType::Number => Some("a number"),
        JsonType::Object => Some("a table"),
        JsonType::String => Some("a text"),
        JsonType::Null => None,
    }
}

fn written(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What is wrong, in terms of the schema alone.
fn words(kind: &Kind) -> String {
    match kind {
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be greater than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinLength { limit: 1 } => "must not be empty".to_owned(),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::MinProperties { limit } => format!("must have at least {limit} keys"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} keys"),
        Kind::UniqueItems => "must not have the same item twice".to_owned(),
        Kind::Pattern { pattern } => format!("must have the form `{pattern}`"),
        Kind::Format { format } => format!("must be a valid `{format}`"),
        other => format!("is not what the library expects (`{}`)", other.keyword()),
    }
}
