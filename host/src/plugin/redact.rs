//! Keeps what a provider was trusted with out of the log and out of errors, by value.
//!
//! A provider may log or quote anything; what it says passes through here and loses the codes, the recipients and the
//! secrets that it was given.

use crate::delivery::TOO_LATE;
use jiff::Timestamp;
use provider_api::{Availability, Candidate, DeliveryError, Failure, Message, Receipt, Recipient, is_word};
use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use zeroize::Zeroizing;

/// How many calls are remembered after their end, and for how long: a provider may log late.
const REMEMBERED: usize = 256;
const REMEMBERED_FOR: Duration = Duration::from_mins(1);

/// The most lines that a provider may show of what it sends.
const LONGEST_PREVIEW: usize = 100;

/// The most characters of such a line.
const LONGEST_LINE: usize = 2_000;

/// Fields whose values are never shown, whatever they hold.
const HIDDEN_FIELDS: [&str; 9] =
    ["code", "otp", "body", "text", "token", "auth_token", "password", "secret", "authorization"];

/// What one provider was trusted with.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    settings: Vec<Zeroizing<String>>,
    under_way: BTreeMap<u64, Trusted>,
    past: VecDeque<Past>,
    next: u64,
}

/// What a call held that is over.
struct Past {
    trusted: Trusted,
    /// When somebody first looked after its end.
    since: Option<Timestamp>,
}

/// What a call holds that must not be told, each with what is shown instead.
type Trusted = Vec<(Zeroizing<String>, String)>;

/// A call under way: what it was trusted with is known until it ends, and for a while after.
pub(crate) struct Trust<'a> {
    redactor: &'a Redactor,
    id: u64,
}

impl Redactor {
    /// Remembers the secrets of a provider's configuration.
    pub(crate) fn trust_settings(&self, secrets: Vec<String>) {
        self.known(|known| known.settings = secrets.into_iter().map(Zeroizing::new).collect());
    }

    /// Remembers a message that is about to be handed over.
    pub(crate) fn trust_message(&self, message: &Message) -> Trust<'_> {
        let mut trusted = recipient(&message.recipient);
        trusted.push((Zeroizing::new(message.payload.expose().to_owned()), "[code]".to_owned()));
        self.trust(trusted)
    }

    /// Remembers a member that a provider is about to be asked about.
    pub(crate) fn trust_candidate(&self, candidate: &Candidate) -> Trust<'_> {
        let fields = candidate.member.fields.values().map(|value| Recipient::new(value.trim()));
        self.trust(fields.chain([candidate.recipient.clone()]).flat_map(|held| recipient(&held)).collect())
    }

    fn trust(&self, trusted: Trusted) -> Trust<'_> {
        let id = self.known(|known| {
            known.next += 1;
            known.under_way.insert(known.next, trusted);
            known.next
        });
        Trust { redactor: self, id }
    }

    /// The text without anything that was trusted.
    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.known(|known| {
            let mut text = Cow::Borrowed(text);
            for secret in &known.settings {
                hide(&mut text, secret, "[secret]");
            }
            for (secret, shown) in
                known.under_way.values().chain(known.past.iter().map(|past| &past.trusted)).flatten()
            {
                hide(&mut text, secret, shown);
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
        let is_none_of_its = |word: &str| !is_word(word) || word == TOO_LATE || self.clean(word) != *word;
        if matches!(&error.failure, Failure::Other(word) if is_none_of_its(word)) {
            // No word of any version, or one with a code in it: whatever it is, it may hold anything. Or the host's own
            // word, which gives back what limits counted.
            error.failure = Failure::Rejected;
        }
        error.text = one_line(&self.clean(&error.text), 500);
        error.code = error.code.map(|code| one_line(&self.clean(&code), 60));
        error
    }

    /// A provider's word on a member, fit for answers.
    pub(crate) fn clean_availability(&self, mut availability: Availability) -> Availability {
        availability.reason = availability.reason.map(|reason| one_line(&self.clean(&reason), 60));
        availability.detail = availability.detail.map(|detail| one_line(&self.clean(&detail), 500));
        availability
    }

    /// Forgets the calls that have been over for a minute, so that no code outlives its use by long; to be asked now and
    /// then.
    pub(crate) fn forget(&self, now: Timestamp) {
        self.known(|known| {
            known.past.retain_mut(|past| {
                let since = *past.since.get_or_insert(now);
                now.duration_since(since).unsigned_abs() < REMEMBERED_FOR
            });
        });
    }

    fn known<T>(&self, with: impl FnOnce(&mut Known) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Trust<'_> {
    /// A receipt, fit for the log and for answers: without what this very call was trusted with, and without the secrets
    /// of the configuration.
    ///
    /// What is short is hidden only where it stands by itself: a reference that lost digits because they happen to be
    /// somebody's code would never be found again.
    pub(crate) fn clean_receipt(&self, mut receipt: Receipt) -> Receipt {
        receipt.reference = receipt.reference.map(|reference| self.clean(&reference));
        receipt.encoding = receipt.encoding.map(|encoding| self.clean(&encoding));
        receipt.preview.truncate(LONGEST_PREVIEW);
        for line in &mut receipt.preview {
            *line = self.clean_up_to(line, LONGEST_LINE);
        }
        if let Some(cost) = &mut receipt.cost {
            cost.amount = self.clean(&cost.amount);
            cost.currency = self.clean(&cost.currency);
        }
        receipt
    }

    fn clean(&self, text: &str) -> String {
        self.clean_up_to(text, 200)
    }

    fn clean_up_to(&self, text: &str, longest: usize) -> String {
        let clean = self.redactor.known(|known| {
            let trusted = known.under_way.get(&self.id).into_iter().flatten();
            let trusted = trusted.map(|(secret, shown)| (secret, shown.as_str()));
            let settings = known.settings.iter().map(|secret| (secret, "[secret]"));
            settings.chain(trusted).fold(text.to_owned(), |text, (secret, shown)| {
                match secret.chars().count() {
                    8.. => text.replace(&**secret, shown),
                    _ => without_word(&text, secret, shown),
                }
            })
        });
        one_line(&clean, longest)
    }
}

impl Drop for Trust<'_> {
    fn drop(&mut self) {
        self.redactor.known(|known| {
            let trusted = known.under_way.remove(&self.id);
            known.past.extend(trusted.map(|trusted| Past { trusted, since: None }));
            if known.past.len() > REMEMBERED {
                known.past.pop_front();
            }
        });
    }
}

/// An address as it is and as it stands in URLs and form bodies: without its plus, with its `@` encoded.
fn recipient(held: &Recipient) -> Trusted {
    let bare = held.as_str().trim_start_matches('+').to_owned();
    let encoded = held.as_str().replace('@', "%40");
    let (forms, mask) = ([held.as_str().to_owned(), bare, encoded], held.masked());
    // So few digits that they stand in the mask are no secret, and would be masked in it again.
    let forms = forms.into_iter().filter(|text| !mask.contains(text.as_str()));
    forms.map(|text| (Zeroizing::new(text), mask.clone())).collect()
}

/// The text on one line, at most this many characters.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(limit).collect()
}

/// The text without a word that stands by itself.
fn without_word(text: &str, word: &str, shown: &str) -> String {
    let parts = text.split_inclusive(|c: char| !c.is_alphanumeric());
    let clean = parts.map(|part| match part.strip_prefix(word) {
        Some(rest) if !word.is_empty() && !rest.starts_with(char::is_alphanumeric) => {
            format!("{shown}{rest}")
        }
        _ => part.to_owned(),
    });
    clean.collect()
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
    use crate::clock::millis;
    use provider_api::{Channel, Payload};

    #[test]
    fn what_stands_in_its_own_mask_is_not_masked_twice() {
        let short = Recipient::new("+44");
        assert!(recipient(&short).is_empty(), "it is a country code and nobody's number");
        assert!(!recipient(&Recipient::new("+12345")).is_empty());
    }

    #[test]
    fn what_a_provider_says_loses_codes_recipients_and_secrets() {
        let redactor = Redactor::default();
        redactor.trust_settings(vec!["tok-9f8e7d".into()]);
        let recipient = Recipient::new("+447700900123");
        let sms = Channel::new("sms").unwrap();
        let _trust = redactor.trust_message(&Message::new("m", sms, recipient, Payload::code("493817"), "x"));
        let said = "To=%2B447700900123&Body=493817 is it; +447700900123, token tok-9f8e7d";
        let clean = redactor.clean(said);
        for secret in ["493817", "7700900", "tok-9f8e7d"] {
            assert!(!clean.contains(secret), "{clean}");
        }
        assert_eq!(redactor.clean("nothing in here"), "nothing in here");
    }

    #[test]
    fn a_mailbox_is_hidden_in_a_form_body_too() {
        let redactor = Redactor::default();
        let (ada, email) = (Recipient::new("ada@example.com"), Channel::new("email").unwrap());
        let _trust = redactor.trust_message(&Message::new("m", email, ada, Payload::code("493817"), "x"));
        assert_eq!(redactor.clean("to=ada%40example.com&x=1"), "to=a•••@example.com&x=1");
    }

    #[test]
    fn a_failure_that_is_no_word_or_the_hosts_own_is_not_repeated() {
        let said = DeliveryError::new(Failure::from_word("unknown number +447700900123"), "");
        assert_eq!(Redactor::default().clean_error(said).failure, Failure::Rejected);
        let redactor = Redactor::default();
        let (sms, ada) = (Channel::new("sms").unwrap(), Recipient::new("+447700900123"));
        let _trust = redactor.trust_message(&Message::new("m", sms, ada, Payload::code("493817"), "x"));
        let with_code = DeliveryError::new(Failure::from_word("rejected_493817"), "");
        assert_eq!(redactor.clean_error(with_code).failure, Failure::Rejected);
        let hosts = DeliveryError::new(Failure::from_word(TOO_LATE), "");
        assert_eq!(redactor.clean_error(hosts).failure, Failure::Rejected);
        let newer = DeliveryError::new(Failure::from_word("asleep"), "");
        assert_eq!(Redactor::default().clean_error(newer).failure.as_str(), "asleep");
    }

    #[test]
    fn however_many_messages_are_under_way_none_is_forgotten() {
        let redactor = Redactor::default();
        let sms = Channel::new("sms").unwrap();
        let message = |n: u32| {
            let payload = Payload::code(format!("{n:06}"));
            Message::new("m", sms.clone(), Recipient::new("+447700900123"), payload, "x")
        };
        let under_way: Vec<_> = (100_000..101_000).map(|n| redactor.trust_message(&message(n))).collect();
        assert_eq!(redactor.clean("it is 100000"), "it is [code]");
        drop(under_way);
        assert_eq!(redactor.clean("it was 100999"), "it was [code]");
        assert_eq!(redactor.clean("it was 100000"), "it was 100000");
    }

    #[test]
    fn a_call_that_is_over_is_forgotten_after_a_minute() {
        let redactor = Redactor::default();
        let message = |code: &str| {
            let (sms, ada) = (Channel::new("sms").unwrap(), Recipient::new("+447700900123"));
            Message::new("m", sms, ada, Payload::code(code), "x")
        };
        let knows = |text: &str| redactor.clean(text) != text;
        let _under_way = redactor.trust_message(&message("111111"));
        drop(redactor.trust_message(&message("222222")));
        redactor.forget(millis(0));
        drop(redactor.trust_message(&message("333333")));
        redactor.forget(millis(59_999));
        assert!(knows("222222") && knows("333333"));
        redactor.forget(millis(60_000));
        assert!(!knows("222222") && knows("333333"));
        redactor.forget(millis(200_000));
        assert!(!knows("333333") && knows("111111"));
    }

    #[test]
    fn a_receipt_loses_what_its_message_held_but_no_digit_by_chance() {
        let redactor = Redactor::default();
        let sms = Channel::new("sms").unwrap();
        let (ada, code) = (Recipient::new("+447700900123"), Payload::code("4938"));
        let trust = redactor.trust_message(&Message::new("m", sms, ada, code, "x"));
        for (said, kept) in [
            ("SM7f4938ab", "SM7f4938ab"),
            ("dlv_4938", "dlv_[code]"),
            ("4938", "[code]"),
            ("sent 4938 to +447700900123", "sent [code] to +44•••••••123"),
            ("to=447700900123;4938\n", "to=+44•••••••123;[code] "),
        ] {
            let receipt = trust.clean_receipt(Receipt::new(said));
            assert_eq!(receipt.reference.as_deref(), Some(kept));
        }
        let long = trust.clean_receipt(Receipt::new("x".repeat(1 << 20)));
        assert_eq!(long.reference.unwrap().len(), 200);
    }
}
