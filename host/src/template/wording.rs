//! What one start has its messages say instead of the operator's own words.

use super::Wrong;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What one start has its messages say instead of the operator's own words. It is kept with the verification as it was
/// written, so that every message of it says the same, whichever provider carries it.
///
/// `Debug` shows what there is and not what it says: a text may name somebody.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wording {
    /// What the site is called in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    /// The text, as [`Templates::admit`](super::Templates::admit) admitted it (X4, X17).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whom it comes from (X20): one of the application's senders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Whether an SMS that does not say its own text ends with the warning that its code is nobody else's.
    #[serde(skip_serializing_if = "is_not")]
    pub warns: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_not(warns: &bool) -> bool {
    !warns
}

/// The text of a start is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWording {
    /// It is longer than any message of one code needs to be.
    #[error("has more than {} characters", Wording::LONGEST_TEXT)]
    TooLong,
    /// It cannot be rendered, or does not hold its code: what is wrong first.
    #[error("{0}")]
    Wrong(Wrong),
    /// It is empty, too long, or holds characters that are not for names.
    #[error("expected 1 to {} characters on one line", Wording::LONGEST_NAME)]
    NoName,
}

impl Wording {
    /// The most characters of a text: what the longest SMS takes.
    pub const LONGEST_TEXT: usize = 1600;

    /// The most characters of a site's name.
    pub const LONGEST_NAME: usize = 64;

    /// Whether a site may be called so.
    ///
    /// # Errors
    ///
    /// When it is empty or too long, or holds line breaks or marks that turn a text around.
    pub fn admit_site_name(name: &str) -> Result<(), InvalidWording> {
        let fits = (1..=Self::LONGEST_NAME).contains(&name.chars().count()) && !name.trim().is_empty();
        let plain = !name.chars().any(super::is_unwelcome);
        if fits && plain { Ok(()) } else { Err(InvalidWording::NoName) }
    }

    /// This wording, and where it says nothing, the other's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            site_name: self.site_name.or(other.site_name),
            text: self.text.or(other.text),
            sender: self.sender.or(other.sender),
            warns: self.warns || other.warns,
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wording")
            .field("site_name", &self.site_name.is_some())
            .field("text", &self.text.is_some())
            .field("sender", &self.sender.is_some())
            .field("warns", &self.warns)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_site_is_one_short_line() {
        let long = "x".repeat(65);
        for (name, fits) in [
            ("Acme", true),
            ("Ümläut & Co", true),
            ("", false),
            (" ", false),
            ("a\nb", false),
            (&long, false),
        ] {
            assert_eq!(Wording::admit_site_name(name).is_ok(), fits, "{name:?}");
        }
    }

    #[test]
    fn what_it_says_is_not_shown_by_debug() {
        let wording = Wording { text: Some("Ada, {code}".to_owned()), ..Wording::default() };
        assert_eq!(
            format!("{wording:?}"),
            "Wording { site_name: false, text: true, sender: false, warns: false }"
        );
    }
}
