//! Keeps what a provider was trusted with out of the log and out of errors, by value.
//!
//! A provider may log or quote anything; what it says passes through here and loses the codes, the recipients and the
//! secrets that it was given.

use provider_api::{DeliveryError, Message, Recipient};
use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use zeroize::Zeroizing;

/// How many messages are remembered after their delivery: a provider may log late.
const REMEMBERED: usize = 256;

/// Fields whose values are never shown, whatever they hold.
const HIDDEN_FIELDS: [&str; 9] =
    ["code", "otp", "body", "text", "token", "auth_token", "password", "secret", "authorization"];

/// What one provider was trusted with.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    settings: Vec<Zeroizing<String>>,
    messages: VecDeque<Trusted>,
}

struct Trusted {
    payload: Zeroizing<String>,
    recipient: Recipient,
}

impl Redactor {
    /// Remembers the secrets of a provider's configuration.
    pub(crate) fn trust_settings(&self, secrets: Vec<String>) {
        self.known(|known| known.settings = secrets.into_iter().map(Zeroizing::new).collect());
    }

    /// Remembers a message that is about to be handed over.
    pub(crate) fn trust_message(&self, message: &Message) {
        let payload = Zeroizing::new(message.payload.expose().to_owned());
        self.known(|known| {
            known.messages.push_back(Trusted { payload, recipient: message.recipient.clone() });
            if known.messages.len() > REMEMBERED {
                known.messages.pop_front();
            }
        });
    }

    /// The text without anything that was trusted.
    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.known(|known| {
            let mut text = Cow::Borrowed(text);
            for secret in &known.settings {
                hide(&mut text, secret, "[secret]");
            }
            for trusted in &known.messages {
                hide(&mut text, trusted.recipient.as_str(), &trusted.recipient.masked());
                // Without its plus a number also stands in URLs and form bodies.
                hide(
                    &mut text,
                    trusted.recipient.as_str().trim_start_matches('+'),
                    &trusted.recipient.masked(),
                );
                hide(&mut text, &trusted.payload, "[code]");
            }
            text
        })
    }

    /// Whether a field of this name is never shown.
    pub(crate) fn hides(field: &str) -> bool {
        HIDDEN_FIELDS.iter().any(|hidden| field.eq_ignore_ascii_case(hidden))
    }

    /// A provider's error, fit for the log and for answers: clean, one line, not too long.
    pub(crate) fn clean_error(&self, mut error: DeliveryError) -> DeliveryError {
        error.text = one_line(&self.clean(&error.text), 500);
        error.code = error.code.map(|code| one_line(&self.clean(&code), 60));
        error
    }

    fn known<T>(&self, with: impl FnOnce(&mut Known) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The text on one line, at most this many characters.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(limit).collect()
}

fn hide(text: &mut Cow<'_, str>, secret: &str, shown: &str) {
    // Shorter ones would tear harmless words apart, and no code has fewer than four characters.
    if secret.len() >= 4 && text.contains(secret) {
        *text = Cow::Owned(text.replace(secret, shown));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_api::{Channel, Payload};

    #[test]
    fn what_a_provider_says_loses_codes_recipients_and_secrets() {
        let redactor = Redactor::default();
        redactor.trust_settings(vec!["tok-9f8e7d".into()]);
        let recipient = Recipient::new("+447700900123");
        let sms = Channel::new("sms").unwrap();
        redactor.trust_message(&Message::new("m", sms, recipient, Payload::code("493817"), "x"));
        let said = "To=%2B447700900123&Body=493817 is it; +447700900123, token tok-9f8e7d";
        let clean = redactor.clean(said);
        for secret in ["493817", "7700900", "tok-9f8e7d"] {
            assert!(!clean.contains(secret), "{clean}");
        }
        assert_eq!(redactor.clean("nothing in here"), "nothing in here");
    }
}
