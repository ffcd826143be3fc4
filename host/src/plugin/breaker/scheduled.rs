//! Calls that meet at one breaker, as they do at a lane: each asks for leave, is away for a while, and is recorded.

use super::*;
use crate::clock::millis;
use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler},
    thread,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

/// Both schedulers; asking and recording are one step each, as a lane does each under its one lock.
fn explore(test: impl Fn() + Clone + Send + Sync + 'static) {
    Runner::new(RandomScheduler::new_from_seed(1, 1_000), Config::new()).run(test.clone());
    Runner::new(PctScheduler::new_from_seed(2, 3, 1_000), Config::new()).run(test);
}

/// A breaker with its clock, which moves on whenever somebody looks.
#[derive(Default)]
struct Lane {
    breaker: Mutex<Breaker>,
    second: AtomicI64,
    trials: AtomicUsize,
}

impl Lane {
    fn with<T>(&self, act: impl FnOnce(&mut Breaker, Timestamp) -> T) -> T {
        thread::yield_now();
        let now = millis(self.second.load(Ordering::Relaxed) * 1_000);
        act(&mut self.breaker.lock().unwrap(), now)
    }

    fn call(&self, outcome: Outcome) -> bool {
        let Ok(era) = self.with(Breaker::admit) else { return false };
        self.with(|breaker, now| breaker.record(outcome, era, now));
        true
    }
}

fn all(calls: Vec<impl FnOnce() + Send + 'static>) {
    let calls: Vec<_> = calls.into_iter().map(|call| thread::spawn(call)).collect();
    for call in calls {
        call.join().unwrap();
    }
}

/// However many calls fail at once, it is one rest of its first length: those let through before it began do not
/// lengthen it, and one that succeeds late does not end it.
#[test]
fn calls_that_fail_together_begin_one_rest() {
    explore(|| {
        let lane = Arc::new(Lane::default());
        for _ in 0..4 {
            assert!(lane.call(Outcome::Unavailable));
        }
        // Let through before anybody failed for the fifth time.
        let eras: Vec<Era> = (0..4).map(|_| lane.with(Breaker::admit).unwrap()).collect();
        let outcomes = [Outcome::Unavailable, Outcome::Unavailable, Outcome::Ended, Outcome::Stuck];
        let calls = eras.into_iter().zip(outcomes).map(|(era, outcome)| {
            let lane = Arc::clone(&lane);
            move || lane.with(|breaker, now| breaker.record(outcome, era, now))
        });
        all(calls.collect());
        let (why, until) = lane.breaker.lock().unwrap().rests(millis(0)).unwrap();
        assert_eq!(lane.breaker.lock().unwrap().rests, 1);
        let length = if why == Why::Quarantined { QUARANTINES.0 } else { RESTS.0 };
        assert_eq!(until, after(millis(0), length));
        let late = Era::default();
        lane.with(|breaker, now| breaker.record(Outcome::Answered, late, now));
        assert!(lane.breaker.lock().unwrap().rests(millis(0)).is_some());
    });
}

/// After a rest one call is the trial; all others wait for what becomes of it, whoever comes first.
#[test]
fn of_calls_that_come_together_after_a_rest_one_is_the_trial() {
    explore(|| {
        let lane = Arc::new(Lane::default());
        (0..5).for_each(|_| assert!(lane.call(Outcome::Unavailable)));
        lane.second.store(30, Ordering::Relaxed);
        let calls = (0..4).map(|_| {
            let lane = Arc::clone(&lane);
            move || {
                if lane.with(Breaker::admit).is_ok() {
                    lane.trials.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        all(calls.collect());
        assert_eq!(lane.trials.load(Ordering::Relaxed), 1);
    });
}

/// A trial that fails begins the next rest, twice as long; one that succeeds ends it for everybody.
#[test]
fn the_trial_decides_for_all() {
    for (outcome, rests) in [(Outcome::Unavailable, true), (Outcome::Answered, false)] {
        explore(move || {
            let lane = Arc::new(Lane::default());
            (0..5).for_each(|_| assert!(lane.call(Outcome::Unavailable)));
            lane.second.store(30, Ordering::Relaxed);
            let calls = (0..3).map(|_| {
                let lane = Arc::clone(&lane);
                move || {
                    lane.call(outcome);
                }
            });
            all(calls.collect());
            let standing = lane.breaker.lock().unwrap().rests(millis(30_000));
            let longer = after(millis(30_000), RESTS.0.saturating_mul(2));
            assert_eq!(standing, rests.then_some((Why::Unavailable, longer)));
        });
    }
}
