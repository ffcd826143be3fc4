//! Does what is due: deliveries whose pause is over, and those of a host that is gone.

use super::Outbox;
use crate::{
    delivery::{Delivery, Outcome},
    seal::DeliveryId,
    store::{Changes, Done, Key, Kind, Stop, View},
    verification::Verification,
};
use jiff::Timestamp;
use provider_api::DeliveryError;
use std::time::Duration;

/// How often is looked.
const PAUSE: Duration = Duration::from_secs(1);

/// How many are taken at a time.
const MOST: usize = 64;

/// What there is to do about a delivery that is due.
#[derive(Debug)]
enum Claim {
    /// Nothing: somebody did it, or does it.
    Nothing,
    /// It was put off, and its time has come.
    Hand(Box<(Verification, Delivery)>),
    /// Whoever handed it over is gone; whether it was taken nobody knows.
    Orphan(Box<(Verification, Delivery)>),
}

impl Outbox {
    /// Does what is due, for ever. The store is this host's alone: what is open when this begins was left by a host that
    /// is gone, whatever its lease says.
    pub async fn watch(&self) {
        while self.take(Timestamp::MAX).await == MOST {}
        loop {
            // Real time: how often is looked is no rule, what is due then is.
            tokio::time::sleep(PAUSE).await;
            let now = self.shared.parts.clock.now();
            while self.take(now).await == MOST {}
        }
    }

    /// Takes what is due at a time; says how many there were, at most [`MOST`].
    async fn take(&self, by: Timestamp) -> usize {
        let due = match self.shared.parts.ledger.tend(Kind::Delivery, by, MOST).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "what is due cannot be read");
                return 0;
            }
        };
        let found = due.len();
        let mut taken = 0;
        for key in due {
            let running = self.running.clone();
            let claim =
                move |view: &View<'_>, now| claim(view, &key, |message| running.carries(message), now);
            match self.shared.parts.ledger.insist(Vec::new(), claim).await {
                Ok(Claim::Nothing) => {}
                Ok(Claim::Hand(due)) => drop(self.hand_over(due.0, due.1)),
                Ok(Claim::Orphan(due)) => {
                    let why = "the host ended before the provider's answer was known";
                    drop(self.settle(due.0, due.1, DeliveryError::unknown(why)));
                }
                Err(error) => {
                    tracing::error!(%error, "a delivery that is due cannot be taken");
                    continue;
                }
            }
            taken += 1;
        }
        // Those that could not be taken are due at the next look, not at once.
        if taken == found { found } else { 0 }
    }
}

/// Takes a delivery for this host, if it is left by its own: from then on its lease is ours.
fn claim(
    view: &View<'_>,
    key: &Key,
    carries: impl Fn(&DeliveryId) -> bool,
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
    let put_off = delivery.not_before.take().is_some();
    changes.keep_delivery(&delivery, &verification, now)?;
    let claim = if carries(&delivery.message) {
        Claim::Nothing
    } else if put_off {
        Claim::Hand(Box::new((verification, delivery)))
    } else {
        Claim::Orphan(Box::new((verification, delivery)))
    };
    Ok(changes.answer(claim))
}

#[cfg(test)]
mod tests;
