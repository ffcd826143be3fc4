//! Whether a topic is one, and hard enough to guess: on an open server it is all that protects a code.

use crate::config::Config;

/// Why a topic is not used.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// In a word, for programs.
    pub(crate) reason: &'static str,
    /// For people; never the topic itself.
    pub(crate) detail: &'static str,
}

/// Judges a topic (ntfy, "Limitations": up to 64 letters, digits, `_` and `-`).
pub(crate) fn check(topic: &str, config: &Config) -> Result<(), Unusable> {
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if topic.is_empty() || topic.len() > 64 || !topic.bytes().all(belongs) {
        return Err(Unusable {
            reason: "invalid_topic",
            detail: "a topic is 1 to 64 letters, digits, `_` and `-`",
        });
    }
    // Where the server asks for a token, it may also keep strangers from reading.
    if config.token.is_none() && topic.len() < usize::from(config.shortest_topic) {
        return Err(Unusable {
            reason: "guessable_topic",
            detail: "the topic is shorter than `shortest_topic`, and whoever guesses it reads the codes",
        });
    }
    Ok(())
}
