//! Whom a start may have its messages come from.

use super::Application;

/// The fewest and the most characters of a sender: a short code, and the SID of a messaging service.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=34;

/// Whether a text may be a sender at all: a name, a number, a short code. What each service takes it knows best.
pub fn is_sender(text: &str) -> bool {
    let plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    LENGTHS.contains(&text.len()) && text.bytes().all(plain) && text.trim() == text
}

impl Application {
    /// Whether a start may have its messages come from this sender: one that the operator lists, to the letter.
    ///
    /// # Errors
    ///
    /// When it is none of them, in words for whoever called.
    pub fn admit_sender(&self, sender: &str) -> Result<(), String> {
        if self.senders.iter().any(|own| own == sender) {
            return Ok(());
        }
        let id = &self.id;
        Err(format!("expected one of the application's own senders (`applications.{id}.senders`)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::narrow;

    /// X20
    #[test]
    fn a_sender_is_one_that_the_operator_lists() {
        let application = Application { senders: vec!["Acme".to_owned()], ..narrow() };
        assert_eq!(application.admit_sender("Acme"), Ok(()));
        for other in ["acme", "Acme ", "", "Bank"] {
            let why = application.admit_sender(other).unwrap_err();
            assert_eq!(why, "expected one of the application's own senders (`applications.web.senders`)");
        }
    }

    #[test]
    fn a_sender_has_a_form_that_some_service_may_take() {
        let service = format!("MG{}", "0a".repeat(16));
        for sender in ["Acme", "+16175551212", "123", "A & B", &service] {
            assert!(is_sender(sender), "{sender}");
        }
        for none in ["", "ab", " Acme", "Acme ", "Acmé", "a\nb", &format!("{service}0")] {
            assert!(!is_sender(none), "{none}");
        }
    }
}
