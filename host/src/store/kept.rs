//! How verifications and deliveries are kept: until when, and by what they are found.

use super::view::{Changes, Labels, Stop};
use crate::{delivery::Delivery, verification::Verification};
use jiff::Timestamp;

impl Changes {
    /// Writes a verification. Its slot is left alone, for by now it may name another: only a start writes slots.
    ///
    /// # Errors
    ///
    /// As [`Changes::put`].
    pub fn keep_verification(&mut self, verification: &Verification, now: Timestamp) -> Result<(), Stop> {
        let labels = Labels {
            application: Some(verification.application.clone()),
            person: Some(verification.person.clone()),
            // One whose time ran out stands there as `pending`: nobody writes it at that moment.
            state: Some(verification.status(now).as_str()),
            ..Labels::until(verification.remembered_until())
        };
        self.put_whole((&verification.id).into(), verification, labels)
    }

    /// Writes a delivery of a verification; one that is open is due when its time comes, or its lease runs out.
    ///
    /// # Errors
    ///
    /// As [`Changes::put`].
    pub fn keep_delivery(
        &mut self,
        delivery: &Delivery,
        verification: &Verification,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let labels = Labels {
            due_at: delivery.due_at(now),
            application: Some(verification.application.clone()),
            person: Some(verification.person.clone()),
            state: Some(delivery.outcome.as_str()),
            provider: Some(delivery.provider.clone()),
            ..Labels::until(verification.remembered_until())
        };
        self.put_whole((&delivery.id).into(), delivery, labels)
    }
}
