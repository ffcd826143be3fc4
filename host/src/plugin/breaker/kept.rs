//! What of a provider's record is kept over a restart: its own faults and the rest for them, not its service's outages.

use super::{Breaker, Outcome, Rest, WINDOW, Why};
use crate::clock::after;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Each fault, with its time.
    faults: Vec<(Timestamp, Outcome)>,
    /// How many rests there were in a row.
    rests: u32,
    /// Until when it is quarantined.
    until: Option<Timestamp>,
}

impl Kept {
    /// Whether it ended the server, lately enough to count.
    pub(crate) fn ended_the_server(&self, now: Timestamp) -> bool {
        let counts = |(at, outcome): &(Timestamp, Outcome)| {
            *outcome == Outcome::EndedServer && after(*at, WINDOW) > now
        };
        self.faults.iter().any(counts)
    }
}

impl Breaker {
    /// Goes on from what was kept; faults that are too old do not count any more.
    pub(crate) fn of(kept: Kept, now: Timestamp) -> Self {
        let recent = |(at, _): &(Timestamp, Outcome)| after(*at, WINDOW) > now;
        let faults: VecDeque<_> = kept.faults.into_iter().filter(recent).collect();
        // A rest that is over is followed by a trial, as it would have been; one long ago is as none.
        let rest = kept.until.filter(|until| after(*until, WINDOW) > now);
        let rests = if rest.is_some() || !faults.is_empty() { kept.rests } else { 0 };
        let rest = rest.map(|until| Rest { why: Why::Quarantined, until });
        Self { faults, rest, rests, ..Self::default() }
    }

    /// What is to be kept.
    pub(crate) fn kept(&self) -> Kept {
        let quarantine = self.rest.filter(|rest| rest.why == Why::Quarantined);
        Kept {
            faults: self.faults.iter().copied().collect(),
            rests: if quarantine.is_some() { self.rests } else { 0 },
            until: quarantine.map(|rest| rest.until),
        }
    }

    /// Forgets faults and rests; what becomes of calls that are under way says nothing any more. A service that asked to be
    /// left alone still is.
    pub(crate) fn free(&mut self) {
        let (era, changes) = (self.era.0 + 1, self.changes + 1);
        *self = Self { era: super::Era(era), changes, throttled: self.throttled, ..Self::default() };
    }

    /// Grows whenever something changes that is to be kept.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// What it did, in words: `died 2 times, panicked once`.
    pub(crate) fn deeds(&self) -> String {
        let kinds = [
            (Outcome::EndedServer, "ended the server"),
            (Outcome::Ended, "died"),
            (Outcome::Stuck, "hung"),
            (Outcome::Panicked, "panicked"),
            (Outcome::Flooded, "flooded the host"),
        ];
        let told = kinds.iter().filter_map(|(kind, word)| {
            match self.faults.iter().filter(|(_, outcome)| outcome == kind).count() {
                0 => None,
                1 => Some(format!("{word} once")),
                times => Some(format!("{word} {times} times")),
            }
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    fn at(second: i64) -> Timestamp {
        millis(second * 1000)
    }

    fn quarantined() -> Breaker {
        let mut breaker = Breaker::default();
        for outcome in [Outcome::Ended, Outcome::Panicked, Outcome::Ended] {
            let era = breaker.era();
            breaker.record(outcome, era, at(0));
        }
        breaker
    }

    #[test]
    fn a_quarantine_goes_on_after_a_restart_and_the_next_one_is_twice_as_long() {
        let before = quarantined();
        assert_eq!(before.deeds(), "died 2 times, panicked once");
        let mut breaker = Breaker::of(before.kept(), at(10));
        assert_eq!(breaker.admit(at(59)), Err((Why::Quarantined, at(60))));
        let trial = breaker.admit(at(60)).unwrap();
        assert!(breaker.admit(at(60)).is_err(), "one trial");
        breaker.record(Outcome::Ended, trial, at(60));
        assert_eq!(breaker.admit(at(179)), Err((Why::Quarantined, at(180))));
    }

    #[test]
    fn faults_before_a_restart_count_with_those_after_it_while_they_are_recent() {
        for (restarted, quarantined) in [(599, true), (601, false)] {
            let mut before = Breaker::default();
            let era = before.era();
            before.record(Outcome::Ended, era, at(0));
            let mut breaker = Breaker::of(before.kept(), at(restarted));
            let era = breaker.era();
            breaker.record(Outcome::Ended, era, at(restarted));
            assert_eq!(breaker.admit(at(restarted)).is_err(), quarantined, "{restarted}");
        }
        assert_eq!(Breaker::of(quarantined().kept(), at(661)).kept(), Kept::default(), "long ago");
    }

    #[test]
    fn whoever_is_freed_starts_clean_and_calls_from_before_say_nothing() {
        let mut breaker = quarantined();
        let (before, changes) = (breaker.era(), breaker.changes());
        breaker.free();
        assert!(breaker.admit(at(1)).is_ok() && breaker.changes() > changes);
        for _ in 0..5 {
            breaker.record(Outcome::Stuck, before, at(1));
        }
        assert!(breaker.admit(at(1)).is_ok());
    }

    #[test]
    fn an_outage_of_the_service_is_nothing_to_keep() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            let era = breaker.era();
            breaker.record(Outcome::Unavailable, era, at(0));
        }
        assert_eq!((breaker.kept(), breaker.changes()), (Kept::default(), 0));
    }
}
