//! The values of an event or a span on their way to the host: typed, by the index of their field.

use serde::{Deserialize, Serialize};
use std::fmt;
use tracing::field::{Field, Visit};

/// A value, as `tracing` tells them apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    I64(i64),
    /// A whole number too large for `I64`.
    U64(u64),
    /// Any other number.
    F64(f64),
    /// A text.
    Text(String),
    /// Something shown by its `Debug`.
    Shown {
        /// How it is shown.
        debug: String,
    },
}

/// Values with the index of their field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(pub Vec<(usize, Value)>);

impl Values {
    /// Collects what an event or a span records.
    pub(super) fn of(record: impl FnOnce(&mut dyn Visit)) -> Self {
        let mut values = Self::default();
        record(&mut values);
        values
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what a library sent; nothing if it is unreadable.
    pub fn from_json(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    fn push(&mut self, field: &Field, value: Value) {
        self.0.push((field.index(), value));
    }
}

impl Visit for Values {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Value::F64(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::U64(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, Value::Shown { debug: format!("{value:?}") });
    }
}
