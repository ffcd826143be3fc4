//! A provider's health as its lane sees it: what is recorded of calls, and whether the provider is left alone for it.

use super::{
    super::{
        breaker::{Breaker, Era, Outcome, Why},
        providers::Happening,
        services::MOST_CALLS,
    },
    Lane,
};
use jiff::Timestamp;
use provider_api::{DeliveryError, Failure};
use std::{sync::PoisonError, time::Duration};

impl Lane {
    /// Why the provider is left alone and until when, if it is.
    pub fn resting(&self) -> Option<(String, Timestamp)> {
        let breaker = self.breaker();
        let (why, until) = breaker.rests(self.clock.now())?;
        let deeds = if why == Why::Quarantined { breaker.deeds() } else { String::new() };
        let deeds = if deeds.is_empty() { deeds } else { format!(" ({deeds})") };
        Some((format!("{}{deeds}", words(why)), until))
    }

    /// The word for why the provider is left alone, if it is: `unavailable`, `quarantined` or `throttled`.
    pub fn rest(&self) -> Option<&'static str> {
        self.breaker().rests(self.clock.now()).map(|(why, _)| match why {
            Why::Unavailable => "unavailable",
            Why::Quarantined => "quarantined",
            Why::Throttled => "throttled",
        })
    }

    /// Whether calls would come to an answer: it is open, and not left alone for a fault or an outage. A service that
    /// only asks for a pause is no outage.
    pub fn is_up(&self) -> bool {
        let rests = self.breaker().rests(self.clock.now());
        rests.is_none_or(|(why, _)| why == Why::Throttled)
    }

    pub(super) fn admit(&self) -> Result<Era, DeliveryError> {
        let now = self.clock.now();
        self.breaker().admit(now).map_err(|(why, until)| {
            let pause = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            let failure = match why {
                Why::Throttled => Failure::Throttled,
                Why::Unavailable | Why::Quarantined => Failure::Unavailable,
            };
            DeliveryError::new(failure, words(why)).with_retry_after(pause)
        })
    }

    /// Takes note of what became of a call; a provider that keeps its thread to itself is ended.
    pub(super) async fn note(&self, outcome: Outcome, era: Era, error: Option<&DeliveryError>) {
        let outcome = if outcome == Outcome::Unavailable && self.engine.is_stuck().await {
            Outcome::Stuck
        } else if outcome == Outcome::Answered && self.floods() {
            Outcome::Flooded
        } else {
            outcome
        };
        self.record(outcome, era, error.filter(|_| outcome != Outcome::Stuck));
    }

    /// Whether it flooded the host since somebody asked last, and that with few calls: many may well need many.
    fn floods(&self) -> bool {
        self.memory.flood.take() && self.depth().0 < MOST_CALLS / 2
    }

    pub(super) fn record(&self, outcome: Outcome, era: Era, error: Option<&DeliveryError>) {
        if let Some(happening) = Happening::of(outcome) {
            self.memory.record.note(self.clock.now(), happening, error.map(|error| error.text.as_str()));
        }
        self.change(|breaker, now| breaker.record(outcome, era, now));
    }

    /// Forgets what the provider did, and lets calls through again.
    pub fn free(&self) {
        self.change(|breaker, _| breaker.free());
        self.memory.record.note(self.clock.now(), Happening::Freed, None);
    }

    /// Changes the record, keeps it if that is worth it, and says so once if the provider is left alone from now on.
    pub(super) fn change(&self, change: impl FnOnce(&mut Breaker, Timestamp)) {
        let now = self.clock.now();
        let (before, rests) = {
            let mut breaker = self.breaker();
            let (before, changes) = (breaker.rests(now), breaker.changes());
            change(&mut breaker, now);
            // Under the lock, so that the newest is what stands there in the end. It is written seldom: a few faults begin
            // a rest, in which nobody calls.
            if let Some(faults) = self.memory.faults.as_ref().filter(|_| breaker.changes() != changes) {
                faults.keep(&self.id, &self.sha256, breaker.kept());
            }
            (before, breaker.rests(now))
        };
        let Some((why, until)) = rests else { return };
        if why == Why::Quarantined && before != rests {
            self.memory.record.note(now, Happening::Quarantined, Some(&format!("until {until}")));
        }
        if before.is_none() {
            tracing::warn!(provider.id = self.id, library.version = self.manifest.version, reason = words(why), %until, "a provider is left alone for a while");
        }
    }

    pub(super) fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn words(why: Why) -> &'static str {
    match why {
        Why::Unavailable => "its service failed too often in a row",
        Why::Quarantined => "quarantined: it panicked, ended, hung or flooded too often",
        Why::Throttled => "its service asked to be left alone",
    }
}
