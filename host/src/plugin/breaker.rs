//! Decides when a provider is left alone for a while: a rule without I/O.
//!
//! Two things are told apart. A service that does not answer is *unavailable*: five in a row, and it rests half a
//! minute. A provider that panics, dies or hangs is *at fault*: it collects points, five within ten minutes put it in
//! quarantine. After either, one call is let through as a trial; it decides. Every further rest is twice as long.
//!
//! Besides, a service may ask to be left alone itself. That is no fault: it is given the time it asks for, counts
//! towards nothing, and neither lengthens nor ends any other rest.

mod kept;

pub(crate) use kept::Kept;

use crate::clock::after;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// Unavailable answers in a row before a service rests.
const IN_A_ROW: u32 = 5;
/// Fault points before a provider is quarantined.
const POINTS: u32 = 5;
/// How long a point counts.
const WINDOW: Duration = Duration::from_mins(10);
/// The first rest of an unavailable service, and the longest.
const RESTS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(5));
/// The first quarantine, and the longest.
const QUARANTINES: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(1));
/// The shortest and the longest time that a service is given when it asks to be left alone.
const THROTTLES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// How long a trial may stay unanswered before another one is let through.
const TRIAL: Duration = Duration::from_mins(1);

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The provider answered, were it with a refusal.
    Answered,
    /// The service could not be reached, or took too long.
    Unavailable,
    /// The provider panicked or spoke nonsense.
    Panicked,
    /// Its process or thread ended.
    Ended,
    /// It ended the server, on a thread of which it ran.
    EndedServer,
    /// It blocks its thread and answers nothing.
    Stuck,
    /// It answered, and logged or asked more than is bearable meanwhile.
    Flooded,
}

/// Why no call is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Unavailable,
    Quarantined,
    Throttled,
}

/// One provider's record.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    unavailable: u32,
    faults: VecDeque<(Timestamp, Outcome)>,
    rest: Option<Rest>,
    rests: u32,
    /// Until when the service asked to be left alone.
    throttled: Option<Timestamp>,
    /// Grows with each rest and each trial: what became of an earlier call says nothing about them.
    era: Era,
    changes: u64,
}

/// How much a fault counts.
fn points(outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Answered | Outcome::Unavailable => 0,
        Outcome::Panicked | Outcome::Flooded => 1,
        Outcome::Ended => 3,
        // Nobody waits for a second time of these.
        Outcome::Stuck | Outcome::EndedServer => POINTS,
    }
}

/// When a call was let through, as far as the record is concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Era(u64);

#[derive(Debug, Clone, Copy)]
struct Rest {
    why: Why,
    until: Timestamp,
}

impl Breaker {
    /// Lets a call through, or says why not and until when. What becomes of the call is recorded with its era.
    pub(crate) fn admit(&mut self, now: Timestamp) -> Result<Era, (Why, Timestamp)> {
        if let Some(resting) = self.rests(now) {
            return Err(resting);
        }
        if let Some(rest) = self.rest {
            // This call is the trial; the others wait for what becomes of it.
            self.rest = Some(Rest { until: after(now, TRIAL), ..rest });
            self.era.0 += 1;
        }
        Ok(self.era)
    }

    /// The present era, for a call that needs no leave.
    pub(crate) fn era(&self) -> Era {
        self.era
    }

    /// Whether it rests, why, and until when; lets nothing through. Of two rests the one that lasts longer is told.
    pub(crate) fn rests(&self, now: Timestamp) -> Option<(Why, Timestamp)> {
        let own = self.rest.map(|rest| (rest.why, rest.until));
        let asked_for = self.throttled.map(|until| (Why::Throttled, until));
        let both = [own, asked_for].into_iter().flatten();
        both.filter(|(_, until)| now < *until).max_by_key(|(_, until)| *until)
    }

    /// The service asked to be left alone this long: no call reaches it before, whatever era the answer belongs to,
    /// for it is the service's newest word. A shorter wish does not take back a longer one.
    pub(crate) fn throttle(&mut self, pause: Duration, now: Timestamp) {
        let until = after(now, pause.clamp(THROTTLES.0, THROTTLES.1));
        self.throttled = self.throttled.max(Some(until));
    }

    /// Takes note of what became of a call of this era; one of an earlier era says nothing new.
    pub(crate) fn record(&mut self, outcome: Outcome, era: Era, now: Timestamp) {
        if era != self.era {
            return;
        }
        match outcome {
            Outcome::Answered => {
                self.unavailable = 0;
                if self.rest.take().is_some() {
                    self.changes += 1;
                    self.faults.clear();
                    self.rests = 0;
                }
                return;
            }
            Outcome::Unavailable => {
                self.unavailable += 1;
                if self.unavailable >= IN_A_ROW || self.rest.is_some() {
                    self.begin(Why::Unavailable, RESTS, now);
                }
                return;
            }
            Outcome::Panicked | Outcome::Flooded | Outcome::Ended | Outcome::EndedServer | Outcome::Stuck => {
            }
        }
        self.changes += 1;
        self.faults.push_back((now, outcome));
        self.faults.retain(|(at, _)| after(*at, WINDOW) > now);
        let sum: u32 = self.faults.iter().map(|(_, outcome)| points(*outcome)).sum();
        if sum >= POINTS || self.rest.is_some() {
            self.begin(Why::Quarantined, QUARANTINES, now);
        }
    }

    fn begin(&mut self, why: Why, (first, longest): (Duration, Duration), now: Timestamp) {
        let length = first.saturating_mul(1 << self.rests.min(16)).min(longest);
        self.rest = Some(Rest { why, until: after(now, length) });
        self.era.0 += 1;
        self.rests += 1;
        self.unavailable = 0;
    }
}

#[cfg(test)]
mod scheduled;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    /// What became of a call that was let through a moment ago.
    fn tell(breaker: &mut Breaker, outcome: Outcome, now: Timestamp) {
        let era = breaker.era();
        breaker.record(outcome, era, now);
    }

    fn at(second: i64) -> Timestamp {
        millis(second * 1000)
    }

    #[test]
    fn a_service_that_fails_five_times_in_a_row_rests() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            tell(&mut breaker, Outcome::Unavailable, at(0));
        }
        tell(&mut breaker, Outcome::Answered, at(0));
        for _ in 0..4 {
            tell(&mut breaker, Outcome::Unavailable, at(0));
            assert!(breaker.admit(at(0)).is_ok());
        }
        tell(&mut breaker, Outcome::Unavailable, at(0));
        assert_eq!(breaker.admit(at(29)), Err((Why::Unavailable, at(30))));
    }

    #[test]
    fn after_a_rest_one_trial_is_let_through_and_decides() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            tell(&mut breaker, Outcome::Unavailable, at(0));
        }
        assert!(breaker.admit(at(30)).is_ok(), "the trial");
        assert!(breaker.admit(at(30)).is_err(), "the others wait");
        tell(&mut breaker, Outcome::Unavailable, at(31));
        assert_eq!(breaker.admit(at(90)), Err((Why::Unavailable, at(91))), "twice as long");
        assert!(breaker.admit(at(91)).is_ok());
        tell(&mut breaker, Outcome::Answered, at(92));
        assert!(breaker.admit(at(92)).is_ok() && breaker.admit(at(92)).is_ok());
    }

    #[test]
    fn calls_that_were_under_way_when_a_rest_began_neither_lengthen_nor_end_it() {
        let mut breaker = Breaker::default();
        let before = breaker.admit(at(0)).unwrap();
        for _ in 0..64 {
            breaker.record(Outcome::Unavailable, before, at(0));
            breaker.record(Outcome::Ended, before, at(0));
        }
        breaker.record(Outcome::Answered, before, at(1));
        assert!(breaker.admit(at(29)).is_err(), "a late success ends no rest");
        let trial = breaker.admit(at(60)).unwrap();
        breaker.record(Outcome::Answered, before, at(60));
        assert!(breaker.admit(at(60)).is_err(), "only the trial decides");
        breaker.record(Outcome::Answered, trial, at(60));
        assert!(breaker.admit(at(60)).is_ok());
    }

    #[test]
    fn an_unanswered_trial_does_not_shut_a_provider_out_for_ever() {
        let mut breaker = Breaker::default();
        tell(&mut breaker, Outcome::Stuck, at(0));
        assert!(breaker.admit(at(60)).is_ok());
        assert!(breaker.admit(at(119)).is_err());
        assert!(breaker.admit(at(120)).is_ok());
    }

    #[test]
    fn faults_put_a_provider_in_quarantine_by_their_weight() {
        for (outcomes, quarantined) in [
            (&[Outcome::Panicked; 4][..], false),
            (&[Outcome::Panicked; 5], true),
            (&[Outcome::Ended], false),
            (&[Outcome::Ended, Outcome::Ended], true),
            (&[Outcome::Stuck], true),
        ] {
            let mut breaker = Breaker::default();
            for outcome in outcomes {
                tell(&mut breaker, *outcome, at(0));
            }
            assert_eq!(breaker.admit(at(1)).is_err(), quarantined, "{outcomes:?}");
        }
    }

    #[test]
    fn a_service_is_left_alone_as_long_as_it_asks_within_bounds() {
        for (asked, given) in [(0, 1), (1, 1), (30, 30), (300, 300), (86_400, 300)] {
            let mut breaker = Breaker::default();
            breaker.throttle(Duration::from_secs(asked), at(0));
            assert_eq!(breaker.admit(at(given - 1)), Err((Why::Throttled, at(given))), "{asked}");
            assert!(
                breaker.admit(at(given)).is_ok() && breaker.admit(at(given)).is_ok(),
                "{asked}: no trial"
            );
        }
    }

    #[test]
    fn of_several_wishes_the_longest_counts_and_no_late_success_ends_it() {
        let mut breaker = Breaker::default();
        let before = breaker.admit(at(0)).unwrap();
        breaker.throttle(Duration::from_secs(30), at(0));
        breaker.throttle(Duration::from_secs(2), at(1));
        breaker.record(Outcome::Answered, before, at(2));
        assert_eq!(breaker.admit(at(29)), Err((Why::Throttled, at(30))));
    }

    #[test]
    fn asking_to_be_left_alone_is_no_fault_and_lengthens_no_other_rest() {
        let mut breaker = Breaker::default();
        for second in 0..5 {
            breaker.throttle(Duration::from_secs(1), at(second));
        }
        for _ in 0..5 {
            tell(&mut breaker, Outcome::Unavailable, at(10));
        }
        breaker.throttle(Duration::from_mins(1), at(10));
        assert_eq!(breaker.admit(at(11)), Err((Why::Throttled, at(70))), "the longer one is told");
        let trial = breaker.admit(at(70)).unwrap();
        breaker.throttle(Duration::from_secs(1), at(70));
        breaker.record(Outcome::Unavailable, trial, at(70));
        assert_eq!(breaker.admit(at(80)), Err((Why::Unavailable, at(130))), "its second rest, as ever");
    }

    #[test]
    fn a_trial_that_is_answered_with_a_pause_ends_the_rest_and_begins_the_pause() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            tell(&mut breaker, Outcome::Unavailable, at(0));
        }
        let trial = breaker.admit(at(30)).unwrap();
        breaker.record(Outcome::Answered, trial, at(30));
        breaker.throttle(Duration::from_secs(5), at(30));
        assert_eq!(breaker.admit(at(34)), Err((Why::Throttled, at(35))));
        assert!(breaker.admit(at(35)).is_ok() && breaker.admit(at(35)).is_ok());
    }

    #[test]
    fn a_fault_is_forgotten_after_ten_minutes() {
        let mut breaker = Breaker::default();
        for minute in 0..20 {
            tell(&mut breaker, Outcome::Ended, at(minute * 601));
            assert!(breaker.admit(at(minute * 601)).is_ok());
        }
    }
}
