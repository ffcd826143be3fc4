//! The file as a tree in which everything knows where it stands.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A value and the byte at which it begins. Has no `Debug`: it may be a secret.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) value: Value,
}

/// What stands in the file.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    /// Held to the bounds of `i128`: none of our keys comes near them.
    Whole(i128),
    Fraction(f64),
    Flag(bool),
    Moment(String),
    List(Vec<Node>),
    /// `null`: only keys that are not saved yet, which come as JSON, can say so.
    Nothing,
    /// In the order of the file.
    Table(Vec<Entry>),
}

/// A key, the byte at which it begins, and what it says.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: usize,
    pub(super) node: Node,
}

/// A syntax error and the byte at which it was found.
pub(super) struct SyntaxError {
    pub(super) at: usize,
    pub(super) what: String,
}

impl Node {
    /// Reads a file as far as it can be read, with every error of its syntax.
    pub(super) fn parse(text: &str) -> (Self, Vec<SyntaxError>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let errors = errors.iter().map(|error| syntax_error(error, text)).collect();
        (Self { at: 0, value: entries(table.get_ref()) }, errors)
    }

    /// A table with nothing in it, here.
    pub(super) fn empty_table(at: usize) -> Self {
        Self { at, value: Value::Table(Vec::new()) }
    }

    /// What kind of value this is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Whole(_) => "a whole number",
            Value::Fraction(_) => "a number with a fraction",
            Value::Flag(_) => "`true` or `false`",
            Value::Moment(_) => "a date or time",
            Value::Nothing => "`null`",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

fn syntax_error(error: &toml::de::Error, text: &str) -> SyntaxError {
    let span = error.span().unwrap_or(text.len()..text.len());
    let what = match (error.message(), text.get(span.clone())) {
        ("duplicate key", Some(key)) => format!("the key `{}` stands here a second time", shown(key)),
        // The parser's words are fixed: they quote what it expected, never what it found.
        (message, _) => message.to_owned(),
    };
    SyntaxError { at: span.start, what }
}

/// A key as it may be shown: a short bare one (TOML 1.1, "bare keys"). Any other may be a value in the wrong place.
pub(super) fn shown(key: &str) -> &str {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=40).contains(&key.len()) && key.bytes().all(bare) { key } else { "…" }
}

fn entries(table: &DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry { key: key.get_ref().to_string(), at: key.span().start, node: node(value) })
        .collect();
    entries.sort_by_key(|entry| entry.at);
    Value::Table(entries)
}

fn node(spanned: &Spanned<DeValue<'_>>) -> Node {
    let value = match spanned.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let bound = if number.as_str().starts_with('-') { i128::MIN } else { i128::MAX };
            Value::Whole(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(bound))
        }
        DeValue::Float(number) => Value::Fraction(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
        DeValue::Table(table) => entries(table),
    };
    Node { at: spanned.span().start, value }
}
