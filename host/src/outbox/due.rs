//! Does what is due: deliveries whose pause is over, and those of a host that is gone.

use super::{Claimed, Outbox, too_late};
use crate::{
    delivery::{Delivery, Outcome},
    seal::DeliveryId,
    store::{Changes, Done, Key, Kind, LedgerError, Stop, Tended, View},
    verification::Verification,
};
use jiff::Timestamp;
use provider_api::DeliveryError;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::OwnedSemaphorePermit;

/// How often is looked.
const PAUSE: Duration = Duration::from_secs(1);

/// How many are taken at a time.
const MOST: usize = 64;

/// How many deliveries that cannot be taken are remembered.
const MOST_BROKEN: usize = 65_536;

/// The deliveries that are due and cannot be taken, whatever is tried, as their records are damaged. Each is told once;
/// the next start tries again.
#[derive(Debug, Default)]
struct Broken(HashSet<Key>);

/// The deliveries that a host which is gone left open.
#[derive(Debug)]
pub struct Left(Vec<Key>);

/// What there is to do about a delivery that is due.
#[derive(Debug)]
enum Claim {
    /// Nothing: somebody did it, or does it.
    Nothing,
    /// It was put off, and its time has come.
    Hand(Claimed),
    /// It was put off, and before its time came its verification was over, or had a fresh code.
    Late(Claimed),
    /// Whoever handed it over is gone; whether it was taken nobody knows.
    Orphan(Claimed),
}

impl Outbox {
    /// What stands open before this host has begun anything. The store is its alone: a host that is gone left all of
    /// it, whatever the leases say. To be asked before the first request is taken.
    pub async fn left(&self) -> Left {
        Left(self.tend(Timestamp::MAX, usize::MAX).await.due)
    }

    /// Takes over what was left, then does what is due, for ever.
    pub async fn watch(&self, left: Left) {
        let mut broken = Broken::default();
        self.take(left.0, &mut broken).await;
        loop {
            // Real time: how often is looked is no rule, what is due then is.
            tokio::time::sleep(PAUSE).await;
            self.look(&mut broken).await;
        }
    }

    /// Does all that is due now, and has the store and the providers forget all that is over: however much came in a second.
    async fn look(&self, broken: &mut Broken) {
        let now = self.shared.parts.clock.now();
        self.shared.parts.providers.forget(now);
        loop {
            // They stay due, and must not stand in the way of what is due after them.
            let most = MOST + broken.0.len();
            let Tended { due, more } = self.tend(now, most).await;
            if self.take(due, broken).await < most && !more {
                return;
            }
        }
    }

    /// Has the store forget what is over; the open deliveries that are due at a time, the longest overdue first.
    async fn tend(&self, by: Timestamp, most: usize) -> Tended {
        self.shared.parts.ledger.tend(Kind::Delivery, by, most).await.unwrap_or_else(|error| {
            tracing::error!(%error, "what is due cannot be read");
            Tended::default()
        })
    }

    /// Does what there is to do about these; says how many they were, or none if the store is not to be asked again at
    /// once.
    async fn take(&self, due: Vec<Key>, broken: &mut Broken) -> usize {
        let found = due.len();
        // Before any job asks for it: a job reads nothing but the store.
        let carried = Arc::new(if found == 0 { HashSet::new() } else { self.running.carried() });
        for key in due {
            if broken.0.contains(&key) {
                continue;
            }
            // It waits where it stands: everything else that is looked after goes on.
            let Some(turn) = self.turn() else { return 0 };
            let (claimed, carried) = (key.clone(), Arc::clone(&carried));
            let claim = move |view: &View<'_>, now| claim(view, &claimed, &carried, now);
            match self.shared.parts.ledger.insist(Vec::new(), claim).await {
                Ok(claim) => self.act(turn, claim),
                Err(error) => {
                    tracing::error!(%error, "a delivery that is due cannot be taken");
                    let passes =
                        matches!(error, LedgerError::Busy | LedgerError::Closed | LedgerError::Refused(_));
                    if passes || broken.0.len() >= MOST_BROKEN {
                        return 0;
                    }
                    broken.0.insert(key);
                }
            }
        }
        found
    }

    /// Does what was claimed.
    fn act(&self, turn: OwnedSemaphorePermit, claim: Claim) {
        let due = match &claim {
            Claim::Nothing => return,
            Claim::Hand(due) | Claim::Late(due) | Claim::Orphan(due) => due,
        };
        if self.running.carries(&due.1.message) {
            // Whoever carries it now goes on with it.
            return;
        }
        match claim {
            Claim::Nothing => {}
            Claim::Hand(due) => drop(self.hand_over_late(turn, due)),
            Claim::Late(due) => drop(self.settle(turn, due, too_late())),
            Claim::Orphan(due) => {
                let why = "the host ended before the provider's answer was known";
                drop(self.settle(turn, due, DeliveryError::unknown(why)));
            }
        }
    }
}

/// Takes a delivery for this host, if it is left by its own: from then on its lease is ours.
fn claim(
    view: &View<'_>,
    key: &Key,
    carried: &HashSet<DeliveryId>,
    now: Timestamp,
) -> Result<Done<Claim>, Stop> {
    let mut changes = Changes::none();
    let Some(mut delivery) = view.read::<Delivery>(key)?.filter(|found| found.outcome == Outcome::Queued)
    else {
        return Ok(changes.answer(Claim::Nothing));
    };
    let Some(verification) = view.read::<Verification>(&(&delivery.verification).into())? else {
        changes.remove(key.clone());
        return Ok(changes.answer(Claim::Nothing));
    };
    let carried = carried.contains(&delivery.message);
    if delivery.not_before.is_some_and(|time| carried || time > now) {
        // Its pause is not over, or whoever put it off has not let go of it yet: it stays due when it is.
        return Ok(changes.answer(Claim::Nothing));
    }
    let put_off = delivery.not_before.take().is_some();
    if !carried && !put_off {
        delivery.orphan();
    }
    changes.keep_delivery(&delivery, &verification, now)?;
    let wanted = verification.is_pending(now) && verification.generation == delivery.generation;
    let due = Box::new((verification, delivery));
    let claim = match (carried, put_off, wanted) {
        (true, ..) => Claim::Nothing,
        (false, true, true) => Claim::Hand(due),
        (false, true, false) => Claim::Late(due),
        (false, false, _) => Claim::Orphan(due),
    };
    Ok(changes.answer(claim))
}

#[cfg(test)]
mod tests;
