//! Who the messages come from.

use crate::settings::{is_sid, wrong};
use provider_api::{DeliveryError, PhoneNumber};

/// Who the messages come from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A number, a short code or a name.
    From(String),
    /// A messaging service, which chooses among its senders.
    Service(String),
}

impl Sender {
    /// Reads a sender that stands under this key. What is wrong is told by what it most likely was meant to be.
    pub(crate) fn parse(key: &str, text: &str) -> Result<Self, DeliveryError> {
        if is_sid("MG", text) {
            return Ok(Self::Service(text.to_owned()));
        }
        if is_number(text) || is_short_code(text) || is_name(text) {
            return Ok(Self::From(text.to_owned()));
        }
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let letters = text.chars().any(char::is_alphabetic);
        Err(wrong(
            key,
            if text.trim().is_empty() {
                "is empty; it is a number, a short code, the `MG…` SID of a messaging service, or a name"
            } else if text.starts_with("MG") && text.len() > 11 {
                "is no messaging service; its SID is `MG` and 32 hexadecimal digits"
            } else if ["AC", "SK", "PN"].iter().any(|prefix| is_sid(prefix, text)) {
                "is the SID of something else; a messaging service has one that begins with `MG`, and a number is \
                 written as such"
            } else if digits >= 3 && !letters {
                "is no number; write it as `+`, country code and number without spaces, as in `+16175551212`, or a \
                 short code of 3 to 8 digits"
            } else {
                "is no sender; a name has at most 11 letters, digits, spaces and `&+_-`, with at least one letter"
            },
        ))
    }

    /// Whether a message to this number would go to its own sender.
    pub(crate) fn is(&self, number: &str) -> bool {
        matches!(self, Self::From(from) if from == number)
    }
}

fn is_number(text: &str) -> bool {
    PhoneNumber::parse(text).is_ok_and(|number| number.as_str() == text)
}

fn is_short_code(text: &str) -> bool {
    (3..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" &+_-".contains(&byte);
    text.len() <= 11 && text.bytes().all(allowed) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    // S19, S20, J26, J31, L10
    #[test]
    fn a_sender_is_a_number_a_short_code_a_name_or_a_messaging_service() {
        for from in ["+16175551212", "12345", "567890", "Example", "A & B", "3M", "MG Motors"] {
            assert_eq!(Sender::parse("from", from).unwrap(), Sender::From(from.to_owned()));
        }
        let service = format!("MG{}", "0a".repeat(16));
        assert_eq!(Sender::parse("from", &service).unwrap(), Sender::Service(service));
    }

    #[test]
    fn anything_else_is_told_by_what_it_was_meant_to_be() {
        for (from, said) in [
            ("", "`from` is empty"),
            (" ", "`from` is empty"),
            ("+1 617 555 1212", "without spaces"),
            ("16175551212", "`+`, country code and number"),
            ("+06175551212", "`+`, country code and number"),
            ("MG0123456789abcdef", "no messaging service"),
            (&format!("PN{}", "0a".repeat(16)), "the SID of something else"),
            ("Example Limited", "at most 11 letters"),
            ("Exämple", "at most 11 letters"),
            ("a\nb", "at most 11 letters"),
            ("--", "at least one letter"),
            (" +16175551212", "without spaces"),
        ] {
            let error = Sender::parse("from", from).unwrap_err();
            assert!(error.text.starts_with("`from` ") && error.text.contains(said), "{from}: {error}");
        }
    }
}
