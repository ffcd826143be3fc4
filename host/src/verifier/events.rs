//! Events: written in the job that changes something, due until somebody took them.

use super::{Fetched, Verifier, fetch::fetched};
use crate::{
    clock::after,
    event::{Event, Heard, LEASE},
    seal::VerificationId,
    store::{Changes, Done, Key, Kind, Labels, LedgerError, Stop, View},
    verification::Verification,
};
use jiff::Timestamp;

/// An event that is this host's to send, for as long as its lease lasts.
#[derive(Debug)]
pub struct Claimed {
    /// What it tells of.
    pub verification: Verification,
    event: Event,
}

impl Claimed {
    /// What it says; `None` if there is nothing to say. It is the same each time.
    pub fn body(&self) -> Option<&str> {
        self.event.body.as_deref()
    }
}

/// What came of reaching for an event.
#[derive(Debug)]
pub enum Claim {
    /// It is this host's.
    Ours(Box<Claimed>),
    /// It is another's by now, or there is nothing to tell any more.
    Nobodys,
    /// It waits where it stands: enough is under way for its application.
    Waits(String),
    /// It was sent as often as it ever is, and whoever did never kept what was said: it is given up.
    Spent(Box<Verification>),
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It was taken.
    Taken,
    /// It was not, and will be sent again.
    Later,
    /// It was not, and that was the last time.
    GivenUp,
    /// Its lease was over, and another host has it.
    Overtaken,
}

/// Has the end of a verification told: now if it is over, else once its time is. Nothing where nobody wants to know.
pub(super) fn tell_end(
    changes: &mut Changes,
    verification: &Verification,
    now: Timestamp,
) -> Result<(), Stop> {
    if verification.webhook.is_none() {
        return Ok(());
    }
    let not_before = if verification.is_pending(now) { verification.expires_at } else { now };
    keep(changes, verification, &Event::from(not_before))
}

fn keep(changes: &mut Changes, verification: &Verification, event: &Event) -> Result<(), Stop> {
    let labels = Labels {
        due_at: Some(event.not_before),
        application: Some(verification.application.clone()),
        ..Labels::until(verification.remembered_until())
    };
    changes.put_labeled(key(&verification.id), event, labels)
}

fn key(id: &VerificationId) -> Key {
    Key::new(Kind::Event, id.as_str())
}

impl Verifier {
    /// The events that are due, the longest overdue first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn due_events(&self, most: usize) -> Result<Vec<Key>, LedgerError> {
        Ok(self.ledger.tend(Kind::Event, self.clock.now(), most).await?.due)
    }

    /// Takes an event for this host, if it is still to be sent: nobody else sends it before its lease is over. What it says
    /// is written the first time; one of an application that is `busy` is left.
    ///
    /// # Errors
    ///
    /// When the store does not do it.
    pub async fn claim_event(
        &self,
        key: Key,
        busy: Vec<String>,
        write: fn(&Fetched) -> Option<String>,
    ) -> Result<Claim, LedgerError> {
        self.ledger.insist(Vec::new(), move |view, now| claim(view, &key, &busy, write, now)).await
    }

    /// Keeps what a receiver said.
    ///
    /// # Errors
    ///
    /// When the store does not do it; then it is sent again once its lease is over.
    pub async fn event_heard(&self, claimed: &Claimed, heard: Heard) -> Result<Told, LedgerError> {
        let (verification, event) = (claimed.verification.clone(), claimed.event.clone());
        let [chance] = self.chance.bytes();
        let settle = move |view: &View<'_>, now| {
            let mut changes = Changes::none();
            let key = key(&verification.id);
            let is_ours = |kept: &Event| (kept.tries, kept.not_before) == (event.tries, event.not_before);
            if !view.read::<Event>(&key)?.as_ref().is_some_and(is_ours) {
                return Ok(changes.answer(Told::Overtaken));
            }
            let again = event.again(heard, chance, now, verification.remembered_until());
            let told = match (heard, again) {
                (Heard::Taken, _) => Told::Taken,
                (_, None) => Told::GivenUp,
                (_, Some(not_before)) => {
                    keep(&mut changes, &verification, &Event { not_before, ..event.clone() })?;
                    return Ok(changes.answer(Told::Later));
                }
            };
            changes.remove(key);
            Ok(changes.answer(told))
        };
        self.ledger.insist(Vec::new(), settle).await
    }
}

fn claim(
    view: &View<'_>,
    key: &Key,
    busy: &[String],
    write: fn(&Fetched) -> Option<String>,
    now: Timestamp,
) -> Result<Done<Claim>, Stop> {
    let mut changes = Changes::none();
    let Some(mut event) = view.read::<Event>(key)?.filter(|event| event.not_before <= now) else {
        return Ok(changes.answer(Claim::Nobodys));
    };
    let of = Key::new(Kind::Verification, key.id());
    let Some(verification) = view.read::<Verification>(&of)? else {
        changes.remove(key.clone());
        return Ok(changes.answer(Claim::Nobodys));
    };
    if event.is_spent() {
        changes.remove(key.clone());
        return Ok(changes.answer(Claim::Spent(Box::new(verification))));
    }
    if busy.contains(&verification.application) {
        return Ok(changes.answer(Claim::Waits(verification.application)));
    }
    if event.body.is_none() {
        event.body = write(&fetched(view, verification.clone(), now)?);
    }
    event.tries += 1;
    event.not_before = after(now, LEASE);
    keep(&mut changes, &verification, &event)?;
    Ok(changes.answer(Claim::Ours(Box::new(Claimed { verification, event }))))
}
