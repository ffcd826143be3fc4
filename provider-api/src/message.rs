//! What is to be said to whom, and what the service answered.

use crate::{Channel, Recipient, Segments, word};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// What is delivered: a code to type or a link to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadKind {
    /// A code to type.
    Code,
    /// A link to follow.
    Link,
    /// A word that this version does not know.
    Other(String),
}

impl word::Word for PayloadKind {
    const WORDS: &'static [(&'static str, Self)] = &[("code", Self::Code), ("link", Self::Link)];

    fn other(word: String) -> Self {
        Self::Other(word)
    }

    fn as_other(&self) -> Option<&str> {
        if let Self::Other(word) = self { Some(word) } else { None }
    }
}

impl PayloadKind {
    /// The word: `code` or `link`.
    pub fn as_str(&self) -> &str {
        word::spell(self)
    }
}

impl Serialize for PayloadKind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        word::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for PayloadKind {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        word::deserialize(from)
    }
}

/// The thing that proves: the code or the link. `Debug` shows its kind only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Payload {
    /// Code or link.
    pub kind: PayloadKind,
    value: String,
}

impl Payload {
    /// A code to type.
    pub fn code(value: impl Into<String>) -> Self {
        Self { kind: PayloadKind::Code, value: value.into() }
    }

    /// A link to follow.
    pub fn link(value: impl Into<String>) -> Self {
        Self { kind: PayloadKind::Link, value: value.into() }
    }

    /// The code or link itself: for the service, never for a log.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({}, ***)", self.kind.as_str())
    }
}

/// One thing to be said to one recipient, handed over once.
///
/// `Debug` shows neither the payload nor the texts, and the recipient masked. Later versions add fields.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Stays the same when the host has to hand over again after an unknown outcome: pass it to a service that
    /// understands idempotency keys.
    pub id: String,
    /// Names this handing-over.
    #[serde(default)]
    pub delivery_id: String,
    /// To whom.
    pub recipient: Recipient,
    /// By which way.
    pub channel: Channel,
    /// The code or link itself, already part of the texts.
    pub payload: Payload,
    /// The whole text, rendered and ready.
    pub text: String,
    /// For channels that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The same as `text` in HTML, for channels that have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The language of the texts, as a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Why the person is asked: `sign_in`, `register`, `generic`, ….
    #[serde(default)]
    pub purpose: String,
    /// When the payload stops being worth anything, in milliseconds since 1970-01-01 UTC.
    #[serde(default)]
    pub expires_at_ms: i64,
    /// When the host stops waiting for the answer, in milliseconds since 1970-01-01 UTC.
    #[serde(default)]
    pub deadline_ms: i64,
    /// Whether an operator is only trying the provider.
    #[serde(default)]
    pub test: bool,
    /// Whether this was handed over before with an unknown outcome.
    #[serde(default)]
    pub repeated: bool,
    /// Where the service may report what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Words of the caller's own for the service's reports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Whom it comes from instead of the provider's own sender: a name or a number that the operator approved. A provider
    /// that has no say in it passes it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

impl Message {
    /// A message with this id that says `text`; the other fields are empty and public.
    pub fn new(
        id: impl Into<String>,
        channel: Channel,
        recipient: Recipient,
        payload: Payload,
        text: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            delivery_id: String::new(),
            recipient,
            channel,
            payload,
            text: text.into(),
            subject: None,
            html: None,
            locale: None,
            purpose: "generic".to_owned(),
            expires_at_ms: 0,
            deadline_ms: 0,
            test: false,
            repeated: false,
            callback_url: None,
            tags: BTreeMap::new(),
            sender: None,
        }
    }
}

impl Message {
    /// A text of this message, or what a service says of it, as it may be shown: the payload and the recipient masked,
    /// the latter also without its `+` and as it stands in a URL.
    pub fn masked(&self, text: &str) -> String {
        let (recipient, payload) = (self.recipient.as_str(), self.payload.expose());
        let (mask, dots) = (self.recipient.masked(), "•".repeat(payload.chars().count().min(10)));
        // So few digits may stand in a mask themselves.
        let bare = recipient.strip_prefix('+').filter(|digits| digits.len() > 7).unwrap_or_default();
        let encoded = if recipient.contains('@') { recipient.replace('@', "%40") } else { String::new() };
        // What is empty stands between any two letters.
        [(recipient, &mask), (bare, &mask), (&encoded, &mask), (payload, &dots)]
            .into_iter()
            .filter(|(secret, _)| !secret.is_empty())
            .fold(text.to_owned(), |text, (secret, mask)| text.replace(secret, mask))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("delivery_id", &self.delivery_id)
            .field("recipient", &self.recipient)
            .field("channel", &self.channel)
            .field("payload", &self.payload)
            .field("purpose", &self.purpose)
            .field("expires_at_ms", &self.expires_at_ms)
            .field("test", &self.test)
            .finish_non_exhaustive()
    }
}

/// What the service answered when it took a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The service's own name of the message, for looking it up there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Into how many parts the text was split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<u32>,
    /// In which alphabet the text went, where there is a choice: `GSM-7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What it costs, where the service says so at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Whether nothing was sent, as the operator asked of a test: see [`Message::test`]. Of a message that is no test the
    /// host counts it as [`Failure::Broken`](crate::Failure::Broken), for the person got nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// For a test: exactly what was sent or would have been, line by line, with the code and the recipient masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preview: Vec<String>,
}

impl Receipt {
    /// The service took the message under this name.
    pub fn new(reference: impl Into<String>) -> Self {
        Self { reference: Some(reference.into()), ..Self::default() }
    }

    /// Adds into how many parts the text was split.
    #[must_use]
    pub fn with_segments(mut self, segments: u32) -> Self {
        self.segments = Some(segments);
        self
    }

    /// Adds in how many parts and in which alphabet the text went.
    #[must_use]
    pub fn with_parts(mut self, segments: &Segments) -> Self {
        self.segments = u32::try_from(segments.parts).ok();
        self.encoding = Some(segments.encoding.to_string());
        self
    }

    /// Says that nothing was sent.
    #[must_use]
    pub fn simulated(mut self) -> Self {
        self.simulated = true;
        self
    }

    /// Adds what was sent or would have been, line by line. Mask the code and the recipient: [`Message::masked`] does.
    #[must_use]
    pub fn with_preview<L: Into<String>>(mut self, lines: impl IntoIterator<Item = L>) -> Self {
        self.preview = lines.into_iter().map(Into::into).collect();
        self
    }

    /// Adds what it costs.
    #[must_use]
    pub fn with_cost(mut self, amount: impl Into<String>, currency: impl Into<String>) -> Self {
        self.cost = Some(Cost::new(amount, currency));
        self
    }
}

/// An amount of money, in decimal digits so that nothing is rounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Cost {
    /// For example `0.0425`.
    pub amount: String,
    /// ISO 4217, for example `EUR`.
    pub currency: String,
}

impl Cost {
    /// An amount in decimal digits, in a currency by its ISO 4217 code.
    pub fn new(amount: impl Into<String>, currency: impl Into<String>) -> Self {
        Self { amount: amount.into(), currency: currency.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        let recipient = Recipient::new("+447700900123");
        let text = "123456 is your code.";
        Message::new("ver_1", Channel::new("sms").unwrap(), recipient, Payload::code("123456"), text)
    }

    #[test]
    fn debug_shows_no_code_no_text_and_no_full_recipient() {
        let shown = format!("{:?}", message());
        assert!(shown.contains("+44•••••••123"), "{shown}");
        assert!(!shown.contains("123456") && !shown.contains("7700900"), "{shown}");
    }

    #[test]
    fn a_text_is_shown_without_payload_and_recipient() {
        let message = message();
        assert_eq!(message.masked(&message.text), "•••••• is your code.");
        assert_eq!(message.masked("to +447700900123: 123456"), "to +44•••••••123: ••••••");
        assert_eq!(message.masked("447700900123 is barred"), "+44•••••••123 is barred");
        let ada = Message { recipient: Recipient::new("ada@example.com"), ..message.clone() };
        assert_eq!(ada.masked("to=ada%40example.com"), "to=a•••@example.com");
        let short = Message { recipient: Recipient::new("+12"), ..message.clone() };
        assert_eq!(short.masked("12 or +12"), format!("12 or {}", short.recipient.masked()));
        let message = Message { recipient: Recipient::new(""), payload: Payload::code(""), ..message };
        assert_eq!(message.masked("what the service says"), "what the service says");
    }

    #[test]
    fn a_message_of_another_minor_version_is_read() {
        let newer = r#"{"id":"m","recipient":"+12","channel":"sms","payload":{"kind":"passkey","value":"x","n":1},
                        "text":"t","added_later":{"a":1}}"#;
        let message: Message = serde_json::from_str(newer).unwrap();
        assert_eq!(message.payload.kind, PayloadKind::Other("passkey".into()));
        assert_eq!(message.deadline_ms, 0);
    }

    #[test]
    fn a_message_survives_the_boundary() {
        let json = serde_json::to_string(&message()).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message());
    }
}
