//! The way a message travels: a validated word, so that a new channel needs no new host.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A channel's name: `sms`, `call`, `email`, `whatsapp`, `rcs`, or any other lower-case word.
///
/// At most 32 of `a`–`z`, `0`–`9` and `_`, beginning with a letter.
///
/// # Examples
///
/// ```
/// use provider_api::Channel;
///
/// assert_eq!(Channel::new("sms").unwrap().as_str(), "sms");
/// assert!(Channel::new("SMS").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Channel(String);

/// The word given is no channel's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidChannel(String);

impl Channel {
    /// Checks a word.
    ///
    /// # Errors
    ///
    /// When the word is not 1 to 32 of `a`–`z`, `0`–`9` and `_`, beginning with a letter.
    pub fn new(word: &str) -> Result<Self, InvalidChannel> {
        if is_word(word) { Ok(Self(word.to_owned())) } else { Err(InvalidChannel(word.to_owned())) }
    }

    /// The word itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this may name a channel, a provider or a library: 1 to 32 of `a`–`z`, `0`–`9`, `_`, a letter first.
pub const fn is_word(word: &str) -> bool {
    let Some((first, mut rest)) = word.as_bytes().split_first() else { return false };
    if word.len() > 32 || !first.is_ascii_lowercase() {
        return false;
    }
    while let Some((next, after)) = rest.split_first() {
        if !(next.is_ascii_lowercase() || next.is_ascii_digit() || *next == b'_') {
            return false;
        }
        rest = after;
    }
    true
}

impl TryFrom<String> for Channel {
    type Error = InvalidChannel;

    fn try_from(word: String) -> Result<Self, InvalidChannel> {
        Self::new(&word)
    }
}

impl From<Channel> for String {
    fn from(channel: Channel) -> Self {
        channel.0
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InvalidChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no channel: a channel is a lower-case word such as `sms`", self.0.escape_debug())
    }
}

impl std::error::Error for InvalidChannel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_a_short_lower_case_word() {
        for good in ["sms", "call", "email", "x_1", "a"] {
            assert_eq!(Channel::new(good).unwrap().to_string(), good);
        }
        for bad in ["", "SMS", "1a", "_a", "sms:code", "e-mail", "ä", &"a".repeat(33)] {
            assert!(Channel::new(bad).is_err(), "{bad}");
        }
    }
}
