//! Who calls us: an application with its keys, its policy and the methods it offers.

use provider_api::{PayloadKind, Secret};
use std::{fmt, str::FromStr, time::Duration};

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
}

/// How codes are made and how often they may be sent and checked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// Characters of a code: 4 to 10 (T23, X10).
    pub length: u8,
    /// From which characters a code is made.
    pub alphabet: Alphabet,
    /// From the start of a verification to its end (X12): one minute to 24 hours.
    pub lifetime: Duration,
    /// Checks of one verification: 1 to 10 (X14).
    pub checks: u8,
    /// Sends of one verification, the first included: 1 to 10.
    pub sends: u8,
    /// The least time between two sends of one verification.
    pub pause: Duration,
    /// Whether a resend carries a fresh code (OWASP) instead of the same one (Twilio).
    pub fresh_code_on_resend: bool,
}

impl Default for Policy {
    /// Six digits for ten minutes, five checks, five sends, 30 seconds apart, the same code again.
    fn default() -> Self {
        Self {
            length: 6,
            alphabet: Alphabet::Numeric,
            lifetime: Duration::from_mins(10),
            checks: 5,
            sends: 5,
            pause: Duration::from_secs(30),
            fresh_code_on_resend: false,
        }
    }
}

/// From which characters a code is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// `0` to `9` (X8).
    Numeric,
    /// Capital letters without those that read like digits or each other (X7).
    Letters,
    /// Digits and capital letters without those that read alike (X9).
    Alphanumeric,
}

impl Alphabet {
    /// The characters, each once.
    pub fn characters(self) -> &'static str {
        match self {
            Self::Numeric => "0123456789",
            Self::Letters => "ABCDEFGHJKLMNPQRSTUVWXYZ",
            Self::Alphanumeric => "23456789ABCDEFGHJKLMNPQRSTUVWXYZ",
        }
    }
}

/// What a member is offered: `CHANNEL:PAYLOAD` or `PROVIDER:PAYLOAD`.
///
/// Which of the two the word before the colon is, the configuration decides: a configured provider's id goes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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
