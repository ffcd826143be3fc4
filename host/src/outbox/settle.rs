//! Keeps what became of a delivery, and in the same breath who takes over.

use crate::{
    delivery::{Delivery, Outcome},
    seal::DeliveryId,
    store::{Changes, Done, Stop, View},
    verification::Verification,
};
use jiff::Timestamp;
use provider_api::{DeliveryError, Receipt};

/// A provider's answer to a delivery.
#[derive(Debug)]
pub(super) struct Settlement {
    pub(super) delivery: Delivery,
    pub(super) answer: Result<Receipt, DeliveryError>,
    /// The name of the delivery that takes over, should there be one.
    pub(super) successor: DeliveryId,
}

/// A delivery with its outcome, and the one that takes over.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) delivery: Delivery,
    pub(super) next: Option<Delivery>,
}

impl Settlement {
    /// Nobody takes over once the verification is over or carries a fresh code.
    pub(super) fn apply(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Settled>, Stop> {
        let mut delivery = self.delivery.clone();
        delivery.outcome = Outcome::new(self.answer.clone(), now);
        let mut changes = Changes::none();
        let Some(mut verification) = view.read::<Verification>(&(&delivery.verification).into())? else {
            return Ok(changes.answer(Settled { delivery, next: None }));
        };
        let keep_until = verification.remembered_until();
        changes.put((&delivery.id).into(), &delivery, keep_until)?;
        let wanted = verification.is_pending(now) && verification.generation == delivery.generation;
        let next = delivery
            .successor()
            .filter(|_| wanted)
            .map(|successor| delivery.handed_on(successor, self.successor.clone(), now));
        if let Some(next) = &next {
            verification.deliveries.push(next.id.clone());
            changes.put((&next.id).into(), next, keep_until)?;
            changes.put((&verification.id).into(), &verification, keep_until)?;
        }
        Ok(changes.answer(Settled { delivery, next }))
    }
}
