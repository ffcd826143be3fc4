//! Why a delivery failed: one word the host acts on, and words for people.

use crate::word;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// The kind of a failure. The host decides from it alone whether to repeat, go on to the next provider, or stop, and
/// what the member is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The address is none this service accepts.
    InvalidRecipient,
    /// The address is real but this channel does not reach it: a landline, or not on WhatsApp.
    NotReachable,
    /// The person asked this sender to stop.
    OptedOut,
    /// The service will not carry it there: geography, fraud rules, compliance.
    Blocked,
    /// The service refuses this text, template or sender for this message.
    Rejected,
    /// Too much at once for this account or sender; try again later. A limit that one recipient ran into is
    /// [`Failure::Blocked`]: nobody else is to wait for it.
    Throttled,
    /// Credentials, account or settings are wrong: nothing will go through until an operator acts.
    Misconfigured,
    /// The service cannot be reached or answers that it is down. The message was surely not taken.
    Unavailable,
    /// Whether the message was taken is not known. The host never blindly repeats it.
    Unknown,
    /// The provider itself is at fault: it panicked, ended, or spoke nonsense.
    Broken,
    /// A word that this version does not know. The host treats it like [`Failure::Rejected`].
    Other(String),
}

impl word::Word for Failure {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("invalid_recipient", Self::InvalidRecipient),
        ("not_reachable", Self::NotReachable),
        ("opted_out", Self::OptedOut),
        ("blocked", Self::Blocked),
        ("rejected", Self::Rejected),
        ("throttled", Self::Throttled),
        ("misconfigured", Self::Misconfigured),
        ("unavailable", Self::Unavailable),
        ("unknown", Self::Unknown),
        ("broken", Self::Broken),
    ];

    fn other(word: String) -> Self {
        Self::Other(word)
    }

    fn as_other(&self) -> Option<&str> {
        if let Self::Other(word) = self { Some(word) } else { None }
    }
}

impl Failure {
    /// Every kind that this version knows.
    pub fn known() -> impl Iterator<Item = Self> {
        <Self as word::Word>::WORDS.iter().map(|(_, failure)| failure.clone())
    }

    /// The word, for example `invalid_recipient`.
    pub fn as_str(&self) -> &str {
        word::spell(self)
    }

    /// Reads a word; one that this version does not know is kept as [`Failure::Other`].
    pub fn from_word(word: &str) -> Self {
        word::parse(word)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Failure {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        word::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        word::deserialize(from)
    }
}

/// A delivery, or the opening of a provider, that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeliveryError {
    /// What the host acts on.
    pub failure: Failure,
    /// The service's own code, so that the failure stays traceable in its documentation: `21608`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What happened and what to do about it, in one sentence for an operator. No code, no key, no full recipient.
    #[serde(default)]
    pub text: String,
    /// How long the service asks to be left alone, in milliseconds. Of a [`Failure::Throttled`] the host calls the
    /// provider again only then, whoever is to be reached: after 1 s at least and 5 min at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl DeliveryError {
    /// A failure of this kind, explained.
    pub fn new(failure: Failure, text: impl Into<String>) -> Self {
        Self { failure, code: None, text: text.into(), retry_after_ms: None }
    }

    /// [`Failure::Misconfigured`]: nothing will go through until an operator acts.
    pub fn misconfigured(text: impl Into<String>) -> Self {
        Self::new(Failure::Misconfigured, text)
    }

    /// [`Failure::Unavailable`]: surely not taken, may be tried elsewhere.
    pub fn unavailable(text: impl Into<String>) -> Self {
        Self::new(Failure::Unavailable, text)
    }

    /// [`Failure::Unknown`]: perhaps taken.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self::new(Failure::Unknown, text)
    }

    /// [`Failure::Broken`]: the provider's own fault.
    pub fn broken(text: impl Into<String>) -> Self {
        Self::new(Failure::Broken, text)
    }

    /// Adds the service's own code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Adds how long the service asks to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.retry_after_ms = Some(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        self
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.failure)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if self.text.is_empty() { Ok(()) } else { write!(f, ": {}", self.text) }
    }
}

impl std::error::Error for DeliveryError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_word_of_its_own() {
        for failure in Failure::known() {
            assert!(!failure.as_str().is_empty());
            assert_eq!(Failure::from_word(failure.as_str()), failure);
        }
    }

    #[test]
    fn a_failure_of_a_newer_version_keeps_its_word() {
        let error: DeliveryError = serde_json::from_str(r#"{"failure":"quarantined","added":1}"#).unwrap();
        assert_eq!(error.failure, Failure::Other("quarantined".into()));
        assert_eq!(serde_json::to_value(&error).unwrap()["failure"], "quarantined");
    }
}
