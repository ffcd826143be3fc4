//! What became of the deliveries of an opened provider: for whoever compares two versions of a library.

use provider_api::{DeliveryError, Failure, Receipt};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the deliveries that an opened provider was handed; tests are not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tally {
    /// The service took the message.
    pub sent: u64,
    /// The service did not take it, or the provider failed.
    pub failed: u64,
    /// Whether the service took it is not known.
    pub unknown: u64,
}

/// Counts while it is open.
#[derive(Debug, Default)]
pub(super) struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    unknown: AtomicU64,
}

impl Counts {
    /// Counts an answer. One that only simulated has failed, as with every delivery.
    pub(super) fn count(&self, answer: &Result<Receipt, DeliveryError>) {
        let one = match answer {
            Ok(Receipt { simulated: false, .. }) => &self.sent,
            Err(DeliveryError { failure: Failure::Unknown, .. }) => &self.unknown,
            Ok(_) | Err(_) => &self.failed,
        };
        one.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn tally(&self) -> Tally {
        let of = |one: &AtomicU64| one.load(Ordering::Relaxed);
        Tally { sent: of(&self.sent), failed: of(&self.failed), unknown: of(&self.unknown) }
    }
}
