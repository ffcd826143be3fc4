//! Keeps what became of a delivery, and in the same breath who takes over.

use crate::{
    delivery::{Delivery, Outcome},
    limit::Window,
    seal::DeliveryId,
    store::{Changes, Done, Key, Kind, Stop, View},
    verification::Verification,
};
use jiff::Timestamp;
use provider_api::{Cost, DeliveryError, Receipt};
use std::time::Duration;

/// A provider's answer to a delivery.
#[derive(Debug, Clone)]
pub(super) struct Settlement {
    pub(super) delivery: Delivery,
    pub(super) answer: Result<Receipt, DeliveryError>,
    /// What the operator's table says that it costs.
    pub(super) estimate: Option<Cost>,
    /// The name of the delivery that takes over, should there be one.
    pub(super) successor: DeliveryId,
    /// Whether a send that nobody took is given back.
    pub(super) gives_back: bool,
}

/// A delivery with its outcome, its verification after it if there still is one, and the delivery that takes over.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) verification: Option<Verification>,
    pub(super) delivery: Delivery,
    pub(super) next: Option<Delivery>,
}

impl Settlement {
    /// Nobody takes over once the verification is over or carries a fresh code.
    pub(super) fn apply(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Settled>, Stop> {
        let mut delivery = self.delivery.clone();
        delivery.outcome = Outcome::new(self.answer.clone(), now).or_estimated(self.estimate.clone());
        let mut changes = Changes::none();
        let stored = view.read::<Delivery>(&(&delivery.id).into())?;
        let Some(mut verification) = view.read::<Verification>(&(&delivery.verification).into())? else {
            return Ok(changes.answer(Settled { verification: None, delivery, next: None }));
        };
        if let Some(stored) = stored.filter(|stored| stored.outcome != Outcome::Queued) {
            // Somebody took over meanwhile. Better knowledge is kept, and nobody takes over a second time.
            let was_unknown = matches!(stored.outcome, Outcome::Unknown { .. });
            if was_unknown {
                changes.keep_delivery(&delivery, &verification, now)?;
            }
            let delivery = if was_unknown { delivery } else { stored };
            return Ok(changes.answer(Settled { verification: Some(verification), delivery, next: None }));
        }
        changes.keep_delivery(&delivery, &verification, now)?;
        let wanted = verification.is_pending(now) && verification.generation == delivery.generation;
        let next = delivery
            .successor()
            .filter(|_| wanted)
            .map(|successor| delivery.handed_on(successor, self.successor.clone(), now))
            .or_else(|| self.put_off(&delivery, &verification, now).filter(|_| wanted));
        let changed = if let Some(next) = &next {
            verification.deliveries.push(next.id.clone());
            changes.keep_delivery(next, &verification, now)?;
            true
        } else if !self.gives_back {
            false
        } else {
            give_back(view, &mut changes, &mut verification, &delivery, now)?
        };
        if changed {
            changes.keep_verification(&verification, now)?;
        }
        Ok(changes.answer(Settled { verification: Some(verification), delivery, next }))
    }
}

impl Settlement {
    /// The same once more after a pause, if the service named one that is over before the code is.
    fn put_off(&self, delivery: &Delivery, verification: &Verification, now: Timestamp) -> Option<Delivery> {
        let pause = Duration::from_millis(self.answer.as_ref().err()?.retry_after_ms?);
        let put_off = delivery.put_off(pause, self.successor.clone(), now)?;
        (put_off.not_before < Some(verification.expires_at)).then_some(put_off)
    }
}

/// Gives back the send that ended with this delivery, if surely none of its providers took it by our fault or a
/// service's: nobody is to be locked out for that. What limits counted is given back with it, also where the verification
/// itself has no more to give back; and the code that left last is the right one again. Says whether the verification
/// changed; once for a send, however often it is settled.
fn give_back(
    view: &View<'_>,
    changes: &mut Changes,
    verification: &mut Verification,
    last: &Delivery,
    now: Timestamp,
) -> Result<bool, Stop> {
    if !last.outcome.is_untaken_by_our_fault() {
        return Ok(false);
    }
    let keys: Vec<Key> = verification.deliveries.iter().map(Key::from).collect();
    let before: Vec<Delivery> = view.read_all(&keys)?.into_iter().flatten().collect();
    let untaken = before.iter().filter(|delivery| delivery.message == last.message).all(|delivery| {
        if delivery.id == last.id {
            delivery.outcome == Outcome::Queued
        } else {
            delivery.outcome.is_untaken_by_our_fault()
        }
    });
    if !untaken {
        return Ok(false);
    }
    let first = before.iter().find(|delivery| delivery.id == last.message);
    for taken in first.into_iter().flat_map(|first| &first.taken) {
        let key = Key::new(Kind::Limit, &taken.record);
        // A newer key of the server may have given it another name meanwhile.
        if let Some((key, mut window)) = view.read_moved::<Window>(&key)?
            && window.give_back(taken.at)
        {
            changes.put(key, &window, window.ends().max(now))?;
        }
    }
    // The code in the member's hand must not be wrong because a later one could not be sent.
    let left = before
        .iter()
        .filter(|delivery| delivery.message != last.message && !delivery.outcome.is_untaken_by_our_fault());
    let fell = verification.fall_back(left.map(|delivery| delivery.generation).max().unwrap_or(0), now);
    let newest = before.iter().rfind(|delivery| delivery.id == delivery.message);
    let is_newest = newest.is_some_and(|newest| newest.id == last.message);
    Ok(verification.give_back(is_newest, now) || fell)
}
