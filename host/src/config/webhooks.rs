//! `[webhooks]`: how events reach applications.

use super::{report::Report, section::Section};

/// How events reach applications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Webhooks {
    /// Whether they may go to the server's own network.
    pub private_addresses: bool,
}

/// Reads `[webhooks]`.
pub(super) fn read(mut table: Section<'_>, report: &mut Report) -> Webhooks {
    let private = table.find("allow_private_addresses").and_then(|field| field.flag(report));
    table.close(report);
    Webhooks { private_addresses: private.unwrap_or_default() }
}
