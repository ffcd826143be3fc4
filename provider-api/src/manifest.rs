//! What a library says of itself.

use crate::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a library says of itself when it is asked. The [note](crate::note) in its file says the first half of it
/// without being run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The library's id: a lower-case word.
    pub id: String,
    /// The library's own version.
    pub version: String,
    /// The version of provider-api it was built with.
    pub api: String,
    /// The least version of provider-api that a host must speak.
    #[serde(default)]
    pub host: String,
    /// The channels it delivers on; `*` stands for every one.
    #[serde(default)]
    pub channels: Vec<String>,
    /// What it answers for beyond `open` and `deliver`: `availability`, ….
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What it needs beyond the host's services: `files`, `network`, ….
    #[serde(default)]
    pub needs: Vec<String>,
    /// The hosts that its HTTP requests go to; without one it reaches none.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// Its documentation, in Markdown.
    #[serde(default)]
    pub readme: String,
    /// The JSON Schema of its configuration; descriptions are the help of each key.
    #[serde(default)]
    pub config_schema: Value,
}

/// The capability to be asked about a member on top of the declared addresses.
pub const AVAILABILITY: &str = "availability";

/// The need to open files.
pub const FILES: &str = "files";

/// The need for sockets of its own.
pub const NETWORK: &str = "network";

/// The channel word in a manifest that stands for every channel.
pub const EVERY_CHANNEL: &str = "*";

impl Manifest {
    /// Whether it declares this capability.
    pub fn declares(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|declared| declared == capability)
    }

    /// Whether it delivers on this channel.
    pub fn serves(&self, channel: &crate::Channel) -> bool {
        self.channels.iter().any(|served| served == EVERY_CHANNEL || served == channel.as_str())
    }
}

/// What an opened provider answers: where it finds a member's addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenAnswer {
    /// For each channel, or for all: the field and its kind.
    #[serde(default)]
    pub addresses: Vec<Address>,
    /// Whether, as it is configured, it may have a word about a member: `false` spares every start the question.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub judges_members: bool,
}

impl OpenAnswer {
    /// An answer that declares these addresses, of a provider that may have a word about a member.
    pub fn new(addresses: Vec<Address>) -> Self {
        Self { addresses, judges_members: true }
    }
}

/// One of an older library says nothing about it.
fn yes() -> bool {
    true
}
