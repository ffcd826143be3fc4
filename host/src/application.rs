//! Who calls us: an application with its keys, its policy and the methods it offers.

mod bounds;
mod events;
mod policy;
mod senders;
mod service_sid;
mod test_recipients;

pub use bounds::{Bounds, OutOfBounds, Overrides};
pub use events::Events;
pub use policy::{Alphabet, Policy};
pub use senders::is_sender;
pub use service_sid::{InvalidServiceSid, ServiceSid};
pub use test_recipients::TestRecipients;

#[cfg(test)]
pub(crate) use bounds::tests::narrow;

use crate::limit::Rules;
use provider_api::{PayloadKind, Secret};
use std::{fmt, str::FromStr};

/// An application: what may be asked with one of its keys, and under which policy.
#[derive(Debug, Clone)]
pub struct Application {
    /// The name of its table in the configuration.
    pub id: String,
    /// The keys it may call with, in clear; at least one.
    pub keys: Vec<Secret>,
    /// What its members may be offered, in the order of the configuration.
    pub methods: Vec<Method>,
    /// The one of `methods` that is offered first (S37, S38: at most one).
    pub preferred: Option<Method>,
    /// How its codes are made and how often they may be sent and checked.
    pub policy: Policy,
    /// How far one start may go from that policy.
    pub bounds: Bounds,
    /// Who is sent nothing and proves with a code that is known.
    pub test_recipients: TestRecipients,
    /// Whom a start may have its messages come from.
    pub senders: Vec<String>,
    /// Where it is told of what happens by itself.
    pub events: Events,
    /// How often what may happen.
    pub limits: Rules,
    /// What it is called where it is a Twilio Service, if it says so itself.
    pub service_sid: Option<ServiceSid>,
}

impl Application {
    /// What it is called where it is a Twilio Service.
    pub fn service_sid(&self) -> ServiceSid {
        self.service_sid.clone().unwrap_or_else(|| ServiceSid::of(&self.id))
    }
}

/// What a member is offered: `CHANNEL:PAYLOAD` or `PROVIDER:PAYLOAD`.
///
/// Which of the two the word before the colon is, the configuration decides: a configured provider's id goes first.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct Method {
    /// The channel's or provider's name.
    pub target: String,
    /// `code`, or later `link`.
    pub payload: String,
}

/// The text is no method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no method: a method is `CHANNEL:PAYLOAD` or `PROVIDER:PAYLOAD`, for example `sms:code`")]
pub struct InvalidMethod(String);

impl FromStr for Method {
    type Err = InvalidMethod;

    fn from_str(text: &str) -> Result<Self, InvalidMethod> {
        match text.split_once(':') {
            Some((target, payload)) if provider_api::is_word(target) && provider_api::is_word(payload) => {
                Ok(Self { target: target.to_owned(), payload: payload.to_owned() })
            }
            _ => Err(InvalidMethod(text.chars().take(80).collect())),
        }
    }
}

impl Method {
    /// Whether it delivers a code to type.
    pub fn is_code(&self) -> bool {
        self.payload == PayloadKind::Code.as_str()
    }
}

impl TryFrom<String> for Method {
    type Error = InvalidMethod;

    fn try_from(text: String) -> Result<Self, InvalidMethod> {
        text.parse()
    }
}

impl From<Method> for String {
    fn from(method: Method) -> Self {
        method.to_string()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.target, self.payload)
    }
}
