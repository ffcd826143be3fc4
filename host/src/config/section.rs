//! A table of the file, asked for its keys one by one.
//!
//! Our own walker and not serde: serde stops at the first mistake, and an operator wants all of them at once.

use super::{
    report::Report,
    suggestion,
    tree::{Entry, Node, Value, shown},
};
use crate::clock::span;
use std::{ops::RangeInclusive, time::Duration};

/// A table. What is asked for is known; what was never asked for is a mistake, told by [`Section::close`].
pub(super) struct Section<'a> {
    path: String,
    at: usize,
    entries: &'a [Entry],
    known: Vec<&'static str>,
}

/// A key of a table with what it says.
#[derive(Clone)]
pub(super) struct Field<'a> {
    /// Its full name, as it may be shown: `applications.web.methods`.
    pub(super) path: String,
    /// The last part of its name, as it stands in the file.
    pub(super) key: &'a str,
    /// Where the key begins.
    pub(super) key_at: usize,
    /// What it says.
    pub(super) node: &'a Node,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn root(tree: &'a Node) -> Self {
        Self { path: String::new(), at: 0, entries: entries(tree), known: Vec::new() }
    }

    /// Where it begins: what is missing in it is missing here.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Its full name, as it may be shown.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// A key, if it stands in the table.
    pub(super) fn find(&mut self, key: &'static str) -> Option<Field<'a>> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(self.field(entry))
    }

    /// A key that must stand in the table.
    pub(super) fn require(
        &mut self,
        key: &'static str,
        hint: &str,
        report: &mut Report,
    ) -> Option<Field<'a>> {
        let field = self.find(key);
        if field.is_none() {
            let what = match self.path.as_str() {
                "" => format!("`{key}` is missing"),
                path => format!("`{path}` lacks `{key}`"),
            };
            report.missing(self.joined(key), self.at, what, Some(hint.to_owned()));
        }
        field
    }

    /// A table in this one; an empty one if it is missing.
    pub(super) fn table(&mut self, key: &'static str, report: &mut Report) -> Self {
        let missing = Self { path: self.joined(key), at: self.at, entries: &[], known: Vec::new() };
        self.find(key).and_then(|field| field.table(report)).unwrap_or(missing)
    }

    /// Every key of a table that names its keys freely: providers, routes, applications.
    pub(super) fn fields(&self) -> Vec<Field<'a>> {
        self.entries.iter().map(|entry| self.field(entry)).collect()
    }

    /// Tells every key that nobody asked for.
    pub(super) fn close(self, report: &mut Report) {
        for entry in self.entries.iter().filter(|entry| !self.known.contains(&entry.key.as_str())) {
            let place = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) };
            let what = format!("unknown key `{}`{place}", shown(&entry.key));
            let hint = suggestion::hint(&entry.key, &self.known);
            if suggestion::nearest(&entry.key, self.known.iter().copied()).is_some() {
                report.mistake_of(self.joined(&entry.key), entry.at, what, hint);
            } else {
                // Perhaps it is only unknown here, and its own table's header is broken.
                report.missing(self.joined(&entry.key), entry.at, what, hint);
            }
        }
    }

    fn field(&self, entry: &'a Entry) -> Field<'a> {
        Field { path: self.joined(&entry.key), key: &entry.key, key_at: entry.at, node: &entry.node }
    }

    fn joined(&self, key: &str) -> String {
        if self.path.is_empty() { shown(key).to_owned() } else { format!("{}.{}", self.path, shown(key)) }
    }
}

fn entries(node: &Node) -> &[Entry] {
    if let Value::Table(entries) = &node.value { entries } else { &[] }
}

impl<'a> Field<'a> {
    /// Where the value begins.
    pub(super) fn at(&self) -> usize {
        self.node.at
    }

    /// Tells that the value is wrong.
    pub(super) fn wrong(&self, why: &str, hint: impl Into<Option<String>>, report: &mut Report) {
        report.mistake_of(self.path.clone(), self.node.at, format!("`{}` {why}", self.path), hint.into());
    }

    /// A text, perhaps an empty one.
    pub(super) fn text(&self, report: &mut Report) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            _ => self.not("a text", r#"write it in quotes: "…""#, report),
        }
    }

    /// A text with something in it.
    pub(super) fn filled(&self, report: &mut Report) -> Option<&'a str> {
        let text = self.text(report)?;
        if text.trim().is_empty() {
            self.wrong("is empty", None, report);
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, report: &mut Report) -> Option<bool> {
        match self.node.value {
            Value::Flag(flag) => Some(flag),
            _ => self.not("`true` or `false`", "without quotes", report),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole<T>(&self, bounds: RangeInclusive<T>, report: &mut Report) -> Option<T>
    where
        T: Copy + Into<i128> + TryFrom<i128>,
    {
        let (least, most): (i128, i128) = ((*bounds.start()).into(), (*bounds.end()).into());
        match self.node.value {
            Value::Whole(number) if (least..=most).contains(&number) => T::try_from(number).ok(),
            Value::Whole(_) => {
                self.wrong(&format!("must be between {least} and {most}"), None, report);
                None
            }
            _ => self.not("a whole number", "without quotes and without a fraction", report),
        }
    }

    /// A span of time within bounds.
    pub(super) fn span(&self, bounds: RangeInclusive<Duration>, report: &mut Report) -> Option<Duration> {
        const FORM: &str = r#"a number and a unit, for example "500ms", "10s", "5m" or "1h30m""#;
        let Value::Text(text) = &self.node.value else { return self.not("a span of time", FORM, report) };
        let Some(span) = span::parse(text) else {
            self.wrong("is no span of time", FORM.to_owned(), report);
            return None;
        };
        if bounds.contains(&span) {
            return Some(span);
        }
        let (least, most) = (span::write(*bounds.start()), span::write(*bounds.end()));
        self.wrong(&format!("must be between {least} and {most}"), None, report);
        None
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, words: &[(&'static str, T)], report: &mut Report) -> Option<T> {
        let text = self.text(report)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let why = format!("must be one of {}", suggestion::listed(&known));
            let meant = suggestion::nearest(text, known);
            self.wrong(&why, meant.map(|word| format!("did you mean `{word}`?")), report);
        }
        found
    }

    /// The items of a list that is not empty.
    pub(super) fn list(&self, hint: &str, report: &mut Report) -> Option<Vec<Self>> {
        let Value::List(items) = &self.node.value else { return self.not("a list", hint, report) };
        if items.is_empty() {
            self.wrong("is an empty list", hint.to_owned(), report);
            return None;
        }
        let item = |node| Self { path: self.path.clone(), key: self.key, key_at: self.key_at, node };
        Some(items.iter().map(item).collect())
    }

    /// A table.
    pub(super) fn table(&self, report: &mut Report) -> Option<Section<'a>> {
        match &self.node.value {
            Value::Table(entries) => {
                Some(Section { path: self.path.clone(), at: self.node.at, entries, known: Vec::new() })
            }
            _ => self.not("a table", &format!("write it as `[{}]`", self.path), report),
        }
    }

    fn not<T>(&self, expected: &str, hint: &str, report: &mut Report) -> Option<T> {
        self.wrong(&format!("must be {expected}, not {}", self.node.kind()), hint.to_owned(), report);
        None
    }
}

/// A value as it may be quoted: only if it is a plain name, since anything else could be a secret in the wrong place.
pub(super) fn named(value: &str) -> Option<&str> {
    (value.len() < 20 && value.split(':').all(provider_api::is_word)).then_some(value)
}
