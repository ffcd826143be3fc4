//! What an operator can say to this provider.

use crate::script::Script;
use provider_api::{DeliveryError, JsonSchema, is_word, schemars};
use std::{collections::BTreeMap, path::PathBuf};

/// Writes messages to a file instead of sending them.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The file that every message is written to, one JSON object a line. It holds codes: it is made for its owner
    /// alone (mode 0600), and one that others can read is refused.
    #[schemars(extend("format" = "path"))]
    pub(crate) outbox: PathBuf,

    /// The member field that holds the phone number, for every channel but `email`.
    #[serde(default = "mobile")]
    pub(crate) member_phone_field: String,

    /// The member field that holds the e-mail address, for the channel `email`.
    #[serde(default = "email")]
    pub(crate) member_email_field: String,

    /// What goes wrong: a failure (`throttled`, `opted_out`, …), `throttled:30s`, `slow:200ms`, `hang` or `panic`;
    /// then, if not for everyone, `to RECIPIENT`; then, if not for ever, `first 2`. The first entry that applies
    /// decides.
    #[serde(default)]
    pub(crate) fail: Vec<String>,

    /// Who is reported unavailable: a member's id or a recipient, and a word that says why.
    #[serde(default)]
    pub(crate) unavailable: BTreeMap<String, String>,
}

impl Config {
    /// Looks at what neither a type nor a schema can express.
    pub(crate) fn check(&self) -> Result<(), DeliveryError> {
        for (key, field) in [
            ("member_phone_field", &self.member_phone_field),
            ("member_email_field", &self.member_email_field),
        ] {
            if field.trim().is_empty() {
                let text = format!("`{key}` is empty; it names a field of the member such as `mobile`");
                return Err(DeliveryError::misconfigured(text));
            }
        }
        if self.unavailable.values().all(|reason| is_word(reason)) {
            return Ok(());
        }
        Err(DeliveryError::misconfigured(
            "`unavailable` has a reason that is no lower-case word; write it as in `\"42\" = \"opted_out\"`",
        ))
    }

    /// Reads `fail`.
    pub(crate) fn scripts(&self) -> Result<Vec<Script>, DeliveryError> {
        let read = |(at, text): (usize, &String)| {
            Script::parse(text).map_err(|wrong| DeliveryError::misconfigured(format!("`fail[{at}]` {wrong}")))
        };
        self.fail.iter().enumerate().map(read).collect()
    }
}

fn mobile() -> String {
    "mobile".to_owned()
}

fn email() -> String {
    "email".to_owned()
}
