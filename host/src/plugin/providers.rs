//! STUB, being written elsewhere: do not edit; code against these signatures.

use super::Lane;
use std::{collections::BTreeMap, sync::Arc};

/// The configured providers that are open, by id.
#[derive(Debug, Default)]
pub struct Providers {
    lanes: BTreeMap<String, Arc<Lane>>,
}

impl Providers {
    /// The open provider with this id.
    pub fn lane(&self, id: &str) -> Option<Arc<Lane>> {
        self.lanes.get(id).cloned()
    }

    /// Every configured provider, also those that could not be opened, by id.
    pub fn status(&self) -> Vec<ProviderStatus> {
        Vec::new()
    }
}

/// A configured provider and how it is.
#[derive(Debug, Clone)]
pub struct ProviderStatus {
    /// The provider's id.
    pub id: String,
    /// The library's id.
    pub library: String,
    /// The library's version, if it was found.
    pub version: Option<String>,
    /// The channels it serves.
    pub channels: Vec<String>,
    /// How it is.
    pub state: ProviderState,
}

/// How a provider is.
#[derive(Debug, Clone)]
pub enum ProviderState {
    /// Takes messages.
    Ready,
    /// Left alone until a time, with the reason: its service or the provider itself failed too often.
    Resting(String),
    /// Could not be opened, with the reason and perhaps a hint.
    Failed(String),
}
