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
    /// The keys of which one must have signed a library, if signatures are asked for at all.
    pub signers: Option<Vec<Signer>>,
    /// Whether no library is loaded where the kernel cannot keep its files apart.
    pub sandbox_required: bool,
}
