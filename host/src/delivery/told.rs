//! What an operator is told of one delivery: to whom, what was said, and what came of it.

use provider_api::{Channel, Cost, DeliveryError, Failure, Message, Receipt};
use schemars::JsonSchema;
use serde::Serialize;

/// What an operator is told of a delivery, in the same words by the API and at the terminal: the recipient masked, the
/// code nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Tested")]
pub struct Told {
    /// Whether the service took the message; what is only simulated is not taken.
    pub delivered: bool,
    /// Whether the provider only did as if.
    pub simulated: bool,
    /// Whether the message was marked as a test.
    pub test: bool,
    /// The provider.
    pub provider: String,
    /// The way it travels.
    #[schemars(with = "String")]
    pub channel: Channel,
    /// To whom, masked.
    pub recipient: String,
    /// What the provider answered.
    #[serde(flatten)]
    pub answer: Answer,
    /// What was said; of a test only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Said>,
    /// Exactly what was sent or would have been, line by line; of a test only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<Vec<String>>,
}

/// What a provider answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "ProviderAnswer")]
pub enum Answer {
    /// The service took it, or would have.
    Receipt {
        /// The service's own name of the message.
        reference: Option<String>,
        /// Into how many parts the text was split.
        segments: Option<u32>,
        /// In which alphabet the text went.
        encoding: Option<String>,
        /// What it costs.
        cost: Option<Cost>,
    },
    /// It was not taken.
    Failure {
        /// The kind of failure.
        #[schemars(with = "String")]
        failure: Failure,
        /// The service's own code.
        code: Option<String>,
        /// What happened.
        text: String,
        /// How long the service asks to be left alone, in milliseconds.
        retry_after_ms: Option<u64>,
    },
}

/// The texts of a message, the code masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Said {
    /// The text.
    pub text: String,
    /// The subject, where the channel has one.
    pub subject: Option<String>,
    /// The text in HTML, where the channel has it.
    pub html: Option<String>,
}

impl Told {
    /// Tells of a message that was handed to a provider, and of its answer.
    pub fn new(provider: &str, message: &Message, outcome: &Result<Receipt, DeliveryError>) -> Self {
        let simulated = outcome.as_ref().is_ok_and(|receipt| receipt.simulated);
        let masked = |text: &String| message.masked(text);
        let preview = outcome.as_ref().map_or(&[][..], |receipt| &receipt.preview);
        Self {
            delivered: outcome.is_ok() && !simulated,
            simulated,
            test: message.test,
            provider: provider.to_owned(),
            channel: message.channel.clone(),
            recipient: message.recipient.masked(),
            answer: Answer::new(outcome),
            message: message.test.then(|| Said {
                text: masked(&message.text),
                subject: message.subject.as_ref().map(masked),
                html: message.html.as_ref().map(masked),
            }),
            preview: message.test.then(|| preview.iter().map(masked).collect()),
        }
    }
}

impl Answer {
    fn new(outcome: &Result<Receipt, DeliveryError>) -> Self {
        match outcome.clone() {
            Ok(Receipt { reference, segments, encoding, cost, .. }) => {
                Self::Receipt { reference, segments, encoding, cost }
            }
            Err(DeliveryError { failure, code, text, retry_after_ms, .. }) => {
                Self::Failure { failure, code, text, retry_after_ms }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_api::{Payload, Recipient};
    use serde_json::{json, to_value};

    fn message(test: bool) -> Message {
        let (sms, recipient) = (Channel::new("sms").unwrap(), Recipient::new("+447700900123"));
        let mut message = Message::new("m", sms, recipient, Payload::code("123456"), "123456 is it.");
        message.subject = Some("123456".to_owned());
        message.test = test;
        message
    }

    /// J45, J46: it says which it was.
    #[test]
    fn a_test_is_told_with_what_would_have_been_said_and_without_its_code() {
        let receipt = Receipt::new("SM1").with_preview(["To=+447700900123", "Body=x123456"]).simulated();
        let told = to_value(Told::new("sms", &message(true), &Ok(receipt))).unwrap();
        let expected = json!({
            "delivered": false, "simulated": true, "test": true, "provider": "sms", "channel": "sms",
            "recipient": "+44•••••••123", "reference": "SM1", "segments": null, "encoding": null, "cost": null,
            "message": {"text": "•••••• is it.", "subject": "••••••", "html": null},
            "preview": ["To=+44•••••••123", "Body=x••••••"],
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn a_failure_and_what_is_no_test_are_told_without_more() {
        let error = DeliveryError::new(Failure::Throttled, "later").with_code("20429");
        let told = to_value(Told::new("sms", &message(false), &Err(error))).unwrap();
        let expected = json!({
            "delivered": false, "simulated": false, "test": false, "provider": "sms", "channel": "sms",
            "recipient": "+44•••••••123", "failure": "throttled", "code": "20429", "text": "later",
            "retry_after_ms": null,
        });
        assert_eq!(told, expected);
    }
}
