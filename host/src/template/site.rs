//! Whom a message speaks for.

use super::Locale;
use std::collections::BTreeMap;

/// Whom a message speaks for, and in which languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The name members know (J35).
    pub name: String,
    /// Where members find help (J37).
    pub support_email: String,
    /// The language for members whose own is not known or not spoken.
    pub locale: Locale,
    /// The operator's own variables (J38).
    pub variables: BTreeMap<String, String>,
    /// The language of numbers that begin with these digits; the longest decides (X5).
    pub prefixes: BTreeMap<String, Locale>,
}

impl Default for Site {
    /// Without a name, in English.
    fn default() -> Self {
        Self {
            name: String::new(),
            support_email: String::new(),
            locale: Locale::english(),
            variables: BTreeMap::new(),
            prefixes: BTreeMap::new(),
        }
    }
}
