//! Callers who meet: whatever order a scheduler finds, the answers are those of callers who came one after the other.

use super::*;
use shuttle::{
    Config, Runner,
    future::block_on,
    scheduler::{PctScheduler, RandomScheduler},
    thread,
};
use std::{collections::HashSet, sync::Mutex};

/// Schedules that each scheduler tries. A test of these takes about two seconds; many more were tried by hand.
const SCHEDULES: usize = 64;

/// How many changes of turn the scheduler that looks for rare ones plans.
const DEPTH: usize = 4;

/// What a caller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Right,
    Wrong,
    /// The right code under one `Idempotency-Key`.
    RightNamed,
    Cancel,
    /// Once more to the same person, who has to wait.
    Start,
    /// To the same person with another payload, which takes the place of the pending one.
    StartOther,
}

/// What all callers were answered, and how it stands at the end.
type Told = Vec<String>;

impl House {
    async fn does(&self, deed: Deed, due: &Due) -> String {
        let id = &due.verification.id;
        let check = |typed, idempotency| Check { id: id.clone(), typed, payment: (None, None), idempotency };
        let right = || self.code(&due.verification);
        let wrong = || Typed::read("wrong!").unwrap();
        let told = match deed {
            Deed::Right => self.verifier.check(&self.web, check(right(), None)).await.map(|it| checked(&it)),
            Deed::Wrong => self.verifier.check(&self.web, check(wrong(), None)).await.map(|it| checked(&it)),
            Deed::RightNamed => {
                self.verifier.check(&self.web, check(right(), named("a", "one"))).await.map(|it| checked(&it))
            }
            Deed::Cancel => self.verifier.cancel(&self.web, id.clone()).await.map(|_| "canceled".to_owned()),
            Deed::Start => {
                let offer = offer("sms:code", "+447700900123");
                self.begin(start("+447700900123", "generic"), offer).await.map(|due| sent(&due))
            }
            Deed::StartOther => {
                let offer = offer("sms:other", "+447700900123");
                self.begin(start("+447700900123", "generic"), offer).await.map(|due| sent(&due))
            }
        };
        told.unwrap_or_else(|error| error.to_string())
    }

    async fn stands(&self, due: &Due) -> String {
        let fetched = self.verifier.fetch(&self.web, due.verification.id.clone()).await.unwrap();
        let status = fetched.verification.status(fetched.at);
        let Verification { checks_left, sends_left, .. } = fetched.verification;
        format!("{status}, {checks_left} checks and {sends_left} sends left")
    }
}

fn checked(checked: &Checked) -> String {
    format!("{:?}, {} left", checked.verdict, checked.verification.checks_left)
}

fn sent(due: &Due) -> String {
    format!("{} with {} sends left", due.verification.method, due.verification.sends_left)
}

/// What may be told: the callers one after the other, in every order.
fn in_every_order(deeds: &[Deed]) -> HashSet<Told> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    orders(deeds.len())
        .into_iter()
        .map(|order| {
            runtime.block_on(async {
                let house = house();
                let due = house.begun().await;
                let mut told = vec![String::new(); deeds.len()];
                for at in order {
                    told[at] = house.does(deeds[at], &due).await;
                }
                told.push(house.stands(&due).await);
                told
            })
        })
        .collect()
}

fn orders(length: usize) -> Vec<Vec<usize>> {
    if length == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(length - 1);
    let places = |order: Vec<usize>| {
        (0..length).map(move |at| {
            let mut order = order.clone();
            order.insert(at, length - 1);
            order
        })
    };
    shorter.into_iter().flat_map(places).collect()
}

/// The callers at once, under the scheduler.
fn at_once(deeds: &[Deed]) -> Told {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let chance = Chance::seeded(3);
    let keys = Arc::new(Keys::ephemeral(&chance).unwrap());
    let ledger = Ledger::interleaved(keys, chance, hand.clock());
    let house = Arc::new(house_over(ledger, hand));
    let due = block_on(house.begun());
    let callers: Vec<_> = deeds
        .iter()
        .map(|deed| {
            let (house, due, deed) = (Arc::clone(&house), due.clone(), *deed);
            thread::spawn(move || {
                thread::yield_now();
                block_on(house.does(deed, &due))
            })
        })
        .collect();
    let mut told: Told = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
    told.push(block_on(house.stands(&due)));
    told
}

/// Every outcome is one of callers who came one after the other, and holds; most of the possible ones were seen.
fn explore(deeds: &'static [Deed], holds: fn(&Told)) {
    let possible = Arc::new(in_every_order(deeds));
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let all = possible.len();
    let one = {
        let seen = Arc::clone(&seen);
        move || {
            let told = at_once(deeds);
            assert!(possible.contains(&told), "in no order of {deeds:?}: {told:?}");
            holds(&told);
            seen.lock().unwrap().insert(told);
        }
    };
    let mut config = Config::new();
    // SQLite needs more than the 32 KiB that a thread of the scheduler has by default.
    config.stack_size = 1 << 20;
    Runner::new(RandomScheduler::new_from_seed(1, SCHEDULES), config.clone()).run(one.clone());
    Runner::new(PctScheduler::new_from_seed(2, DEPTH, SCHEDULES), config).run(one);
    let seen = seen.lock().unwrap().len();
    assert!(seen * 4 >= all * 3, "only {seen} of {all} outcomes were seen");
}

fn approved_at_most_once(told: &Told) {
    let right = told.iter().filter(|told| told.starts_with("Right")).count();
    assert!(right <= 1, "{told:?}");
}

/// The most important sentence of all: a code is accepted once, whoever comes in whichever order.
#[test]
fn a_right_code_is_accepted_once_under_any_interleaving() {
    explore(&[Deed::Right, Deed::Right, Deed::Right, Deed::Wrong], approved_at_most_once);
}

/// Three checks are bought: of four callers with wrong codes one is turned away, and a right one may come too late.
#[test]
fn as_many_checks_are_judged_as_there_are_under_any_interleaving() {
    explore(&[Deed::Wrong, Deed::Wrong, Deed::Wrong, Deed::Right], |told| {
        approved_at_most_once(told);
        let judged =
            told.iter().filter(|told| told.starts_with("Right") || told.starts_with("Wrong")).count();
        assert!(judged <= 3, "{told:?}");
    });
}

#[test]
fn a_code_and_a_cancellation_do_not_both_win() {
    explore(&[Deed::Right, Deed::Cancel, Deed::Wrong, Deed::Start], |told| {
        let won = told.iter().filter(|told| told.starts_with("Right") || *told == "canceled").count();
        assert!(won <= 1, "{told:?}");
    });
}

/// T54: two requests of one name spend one check and hear the same.
#[test]
fn a_request_that_is_repeated_while_it_runs_is_done_once() {
    explore(&[Deed::RightNamed, Deed::RightNamed, Deed::Wrong], |told| {
        assert_eq!(told[0], told[1]);
        assert!(told[0].starts_with("Right"), "{told:?}");
    });
}

#[test]
fn a_start_that_takes_the_place_of_another_leaves_no_code_of_it_good() {
    explore(&[Deed::StartOther, Deed::Right, Deed::Start], |told| {
        let canceled = told[3].starts_with("canceled");
        assert!(!(canceled && told[1].starts_with("Right")), "{told:?}");
    });
}
