//! How a configured provider is, and how a list of them shows it.

use super::{
    super::{KeyId, Tally},
    CanaryStatus, ProviderEvent,
};
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// A configured provider and how it is.
#[derive(Debug, Clone)]
pub struct ProviderStatus {
    /// The provider's id.
    pub id: String,
    /// The library's id.
    pub library: String,
    /// The library's version, if it was found: of what runs, where it runs.
    pub version: Option<String>,
    /// The SHA-256 of the same file.
    pub sha256: Option<String>,
    /// The key that signed it, where signatures are asked for.
    pub signed_by: Option<KeyId>,
    /// Since when it is as it is: opened, or not.
    pub since: Option<Timestamp>,
    /// The channels it serves.
    pub channels: Vec<String>,
    /// The hosts that its library declares for its HTTP requests.
    pub hosts: Vec<String>,
    /// Those of them that its operator permits; all where it is `None`.
    pub allow_hosts: Option<Vec<String>>,
    /// How it is.
    pub state: ProviderState,
    /// Why what runs is not what the folders and the configuration hold, where it is not; else what its sandbox does not hold
    /// on this machine.
    pub note: Option<String>,
    /// What became of its deliveries since it was opened, its canary's left out; nothing where it is not open.
    pub deliveries: Option<Tally>,
    /// Another file of its library that has a share of its deliveries, where it is configured.
    pub canary: Option<CanaryStatus>,
    /// What happened to it, the newest last; as far as it is remembered.
    pub events: Vec<ProviderEvent>,
}

/// A configured provider and how it is, as a list of them shows each.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Provider")]
struct Shown<'a> {
    /// The provider's id.
    id: &'a str,
    /// The library's id.
    library: &'a str,
    /// The library's version, if it was found: of what runs, where it runs.
    version: Option<&'a str>,
    /// The SHA-256 of the same file.
    sha256: Option<&'a str>,
    /// The id of the minisign key that signed it, where signatures are asked for.
    signed_by: Option<String>,
    /// Since when it is opened, or not.
    since: Option<Timestamp>,
    /// The channels it serves.
    channels: &'a [String],
    /// The hosts that its library declares for its HTTP requests; `*` is every host, `{key}` the one that its configuration
    /// says under this key.
    hosts: &'a [String],
    /// Those of them that `allow_hosts` permits; all of them where there is no such list.
    allow_hosts: Option<&'a [String]>,
    /// `ready`, `resting`, `failed` or `disabled`.
    state: &'static str,
    /// Why it is so, where there is a reason.
    reason: Option<&'a str>,
    /// Why what runs is not what the folders and the configuration hold, where it is not: its file is gone, or a new one
    /// was refused.
    note: Option<&'a str>,
    /// What became of its deliveries since it was opened, its canary's left out; nothing where it is not open.
    deliveries: Option<Tally>,
    /// Another file of its library that has a share of its deliveries, where one is configured.
    canary: Option<&'a CanaryStatus>,
    /// What happened to it, the newest last: at most ten.
    events: &'a [ProviderEvent],
}

impl Serialize for ProviderStatus {
    /// One object: what a list of providers shows of each.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            library,
            version,
            sha256,
            signed_by,
            since,
            channels,
            hosts,
            allow_hosts,
            state,
            note,
            deliveries,
            canary,
            events,
        } = self;
        let shown = Shown {
            id,
            library,
            version: version.as_deref(),
            sha256: sha256.as_deref(),
            signed_by: signed_by.map(|key| key.to_string()),
            since: *since,
            channels,
            hosts,
            allow_hosts: allow_hosts.as_deref(),
            state: state.as_str(),
            reason: state.reason(),
            note: note.as_deref(),
            deliveries: *deliveries,
            canary: canary.as_ref(),
            events,
        };
        shown.serialize(to)
    }
}

impl JsonSchema for ProviderStatus {
    fn schema_name() -> Cow<'static, str> {
        Shown::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Shown::json_schema(generator)
    }
}

/// How a provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderState {
    /// Takes messages.
    Ready,
    /// Left alone until a time, with the reason: its service or the provider itself failed too often, or the service
    /// asked for it.
    Resting(String),
    /// Could not be opened, with the reason and perhaps a hint.
    Failed(String),
    /// The configuration says `enabled = false`.
    Disabled,
}

impl ProviderState {
    /// The word: `ready`, `resting`, `failed` or `disabled`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Resting(_) => "resting",
            Self::Failed(_) => "failed",
            Self::Disabled => "disabled",
        }
    }

    /// Why it is so, where there is a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Resting(reason) | Self::Failed(reason) => Some(reason),
            Self::Ready | Self::Disabled => None,
        }
    }
}
