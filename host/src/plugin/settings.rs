//! What an operator says about a provider.

use super::{Sandbox, signature::Signer};
use provider_api::hosts::Pattern;
use serde_json::Value;
use std::{fmt, path::PathBuf, time::Duration};

/// What an operator says about one provider: `[providers.ID]`. `Debug` leaves out `config`: it holds secrets in clear.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// The provider's id.
    pub id: String,
    /// Whether it is to be opened.
    pub enabled: bool,
    /// The id of its library.
    pub library: String,
    /// Where the library runs.
    pub isolation: Isolation,
    /// What its process may do; on a thread of the host nothing is taken away.
    pub sandbox: Sandbox,
    /// How long one call may take: 100 ms to 5 minutes.
    pub timeout: Duration,
    /// How many calls may wait or run at once: 1 to 65,536.
    pub queue: usize,
    /// The SHA-256 that the file must have, in lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// Whether its HTTP requests may reach loopback, private and link-local addresses.
    pub allow_private_addresses: bool,
    /// The hosts that its HTTP requests may go to, of those that its library declares; all of them where it is `None`.
    pub allow_hosts: Option<Vec<Pattern>>,
    /// The library's own keys, held to its schema, secrets resolved.
    pub config: Value,
    /// Another file of its library that has a share of its deliveries.
    pub canary: Option<Canary>,
}

impl Settings {
    /// The same without a canary: what the provider itself is opened with.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self { canary: None, ..self.clone() }
    }

    /// What its canary is opened with.
    #[must_use]
    pub fn of_canary(&self, config: Value) -> Self {
        Self { config, canary: None, ..self.clone() }
    }
}

/// What an operator says about a provider's canary: another file of the same library. `Debug` leaves out `config`.
#[derive(Clone, PartialEq)]
pub struct Canary {
    /// The SHA-256 of its file, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Of a hundred deliveries so many go through it: 1 to 99.
    pub weight: u8,
    /// The provider's keys, held to the schema of this file, secrets resolved; or why that schema does not take them.
    pub config: Result<Value, String>,
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canary")
            .field("sha256", &self.sha256)
            .field("weight", &self.weight)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The hosts that are permitted, as they are written.
    pub(crate) fn permitted(&self) -> Option<Vec<String>> {
        self.allow_hosts.as_ref().map(|hosts| hosts.iter().map(ToString::to_string).collect())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("id", &self.id)
            .field("enabled", &self.enabled)
            .field("library", &self.library)
            .field("isolation", &self.isolation)
            .field("timeout", &self.timeout)
            .field("queue", &self.queue)
            .field("canary", &self.canary)
            .finish_non_exhaustive()
    }
}

/// Where a library runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// In a process of its own: whatever it does, one delivery is lost.
    Process,
    /// On a thread of its own in the host: what it does to the process, it does to the host.
    Thread,
}

/// Where libraries are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibrarySettings {
    /// The folders that libraries are dropped into.
    pub directories: Vec<PathBuf>,
    /// The private folder for the copies that are loaded; made with mode 0700 if it is missing.
    pub copies: PathBuf,
    /// Whether a file that is new, replaced, removed or broken is noticed while a server runs, without any signal.
    pub watch: bool,
    /// The ids of libraries with the SHA-256 that their files must have: any other file is not even tried.
    pub pins: Vec<(String, String)>,
    /// The ids of libraries with the SHA-256 of a file that some provider tries as its canary.
    pub canaries: Vec<(String, String)>,
    /// The keys of which one must have signed a library, if signatures are asked for at all.
    pub signers: Option<Vec<Signer>>,
    /// Whether no library is loaded where the kernel cannot keep its files apart.
    pub sandbox_required: bool,
}

impl LibrarySettings {
    /// Whether the file with this hash is a canary of the library with this id. One that is pinned is what its
    /// providers themselves run.
    pub(super) fn is_canary(&self, id: &str, sha256: &str) -> bool {
        let names = |(of, hash): &(String, String)| of == id && hash == sha256;
        self.canaries.iter().any(names) && !self.pins.iter().any(names)
    }

    /// The hash that the providers of a library must have in place of this one, if they are pinned to another.
    pub(super) fn pinned_to_another(&self, id: &str, sha256: &str) -> Option<&str> {
        self.pins.iter().find(|(of, pinned)| of == id && pinned != sha256).map(|(_, pinned)| pinned.as_str())
    }
}
