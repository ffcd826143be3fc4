//! The person to be reached, and whether a provider reaches them.

use crate::{Channel, Recipient};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// The application's own user. `Debug` shows the names of the fields, never their values.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// The application's own id of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How the person is addressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The person's language, as a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Named values: a phone number, an e-mail address.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

impl Member {
    /// A member with nothing but these fields.
    pub fn with_fields<K: Into<String>, V: Into<String>>(fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { fields, ..Self::default() }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&String> = self.fields.keys().collect();
        f.debug_struct("Member").field("id", &self.id).field("fields", &fields).finish_non_exhaustive()
    }
}

/// A question to a provider that declares `availability`: do you reach this member here?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Candidate {
    /// The member.
    pub member: Member,
    /// The channel in question.
    pub channel: Channel,
    /// The address, already judged by the host.
    pub recipient: Recipient,
}

impl Candidate {
    /// Asks whether this member is reached at this address.
    pub fn new(member: Member, channel: Channel, recipient: Recipient) -> Self {
        Self { member, channel, recipient }
    }
}

/// Whether a provider reaches a member, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Availability {
    /// Whether the member is reached.
    pub available: bool,
    /// A short word for programs where not: `opted_out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A sentence for people where not. No full recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Availability {
    /// The member is reached.
    pub fn available() -> Self {
        Self { available: true, reason: None, detail: None }
    }

    /// The member is not reached, for this reason (a word) with this detail (a sentence).
    pub fn unavailable(reason: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { available: false, reason: Some(reason.into()), detail: Some(detail.into()) }
    }
}
