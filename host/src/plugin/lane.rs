//! STUB, being written elsewhere: do not edit; code against these signatures.

use provider_api::{Address, Availability, Candidate, Channel, DeliveryError, Manifest, Message, Receipt};

/// One provider with its thread or process, its bounds, its health.
#[derive(Debug)]
pub struct Lane {
    manifest: Manifest,
}

impl Lane {
    /// The provider's id (not its library's).
    pub fn id(&self) -> &str {
        &self.manifest.id
    }

    /// What its library says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Which of a member's fields it delivers to, per channel (`Address::for_channel`).
    pub fn addresses(&self) -> &[Address] {
        &[]
    }

    /// Whether its library delivers on this channel.
    pub fn serves(&self, channel: &Channel) -> bool {
        self.manifest.serves(channel)
    }

    /// Hands a message over once. Bounded by the provider's `timeout`, its queue and its breaker; never panics.
    pub async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        let _ = message;
        Err(DeliveryError::unavailable("stub"))
    }

    /// Asks the provider (within 50 ms) if its library declares `availability`, else says available at once.
    pub async fn availability(&self, candidate: Candidate) -> Availability {
        let _ = candidate;
        Availability::available()
    }
}
