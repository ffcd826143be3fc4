//! Random jobs in random batches against a map: whatever becomes of a batch, each job is done wholly or not at all, in
//! order, and what the database holds is what the answers say.

use super::{
    Key, Kind,
    batch::{self, Kept, Waiting, Work},
    ledger::LedgerError,
    recent::Recent,
    sqlite::{Database, Seals},
    view::{Changes, Done, Stop, View},
};
use crate::{
    clock::{after, millis},
    seal::{Chance, Keys},
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// What a job does, on keys of a few letters.
#[derive(Debug, Clone)]
enum Deed {
    /// Adds to a record that lives this many seconds.
    Add(u8, u64, u8),
    /// Moves what one record holds to another.
    Move(u8, u8),
    /// Reads all.
    Sum,
    /// Removes a record, without looking.
    Remove(u8),
    /// Panics once it has read.
    Panic(u8),
    /// Writes and then fails: nothing of it may be kept.
    Damaged(u8),
    /// Writes more than the database has room for.
    TooLarge(u8),
    /// Nobody waits for the answer.
    Forgotten(u8),
}

/// What is expected: each record with its value and its end.
type Model = BTreeMap<u8, (u64, Timestamp)>;

type Answer = Result<u64, LedgerError>;

const KEYS: u8 = 5;

fn key(n: u8) -> Key {
    Key::new(Kind::Limit, format!("k{n}"))
}

fn alive(model: &Model, n: u8, now: Timestamp) -> u64 {
    model.get(&n).filter(|(_, until)| *until > now).map_or(0, |(value, _)| *value)
}

fn hour(now: Timestamp) -> Timestamp {
    after(now, Duration::from_hours(1))
}

/// What the deed does to the model and is answered; `None` where the deed fails.
fn expected(deed: &Deed, model: &mut Model, now: Timestamp) -> Option<u64> {
    match *deed {
        Deed::Add(to, n, seconds) => {
            let before = alive(model, to, now);
            model.insert(to, (before + n, after(now, Duration::from_secs(seconds.into()))));
            Some(before)
        }
        Deed::Move(from, to) => {
            let (a, b) = (alive(model, from, now), alive(model, to, now));
            model.insert(to, (a + b, hour(now)));
            if from != to {
                model.remove(&from);
            }
            Some(a)
        }
        Deed::Sum => Some((0..KEYS).map(|n| alive(model, n, now)).sum()),
        Deed::Remove(n) => model.remove(&n).map_or(Some(7), |_| Some(7)),
        Deed::Forgotten(n) => {
            model.insert(n, (1, hour(now)));
            Some(1)
        }
        Deed::Panic(_) | Deed::Damaged(_) | Deed::TooLarge(_) => None,
    }
}

fn job(deed: Deed) -> impl FnMut(&View<'_>, Timestamp) -> Result<Done<u64>, Stop> {
    move |view, now| {
        let held = |n: u8| Ok::<u64, Stop>(view.read::<u64>(&key(n))?.unwrap_or(0));
        let mut changes = Changes::none();
        let answer = match deed {
            Deed::Add(to, n, seconds) => {
                let before = held(to)?;
                changes.put(key(to), &(before + n), after(now, Duration::from_secs(seconds.into())))?;
                before
            }
            Deed::Move(from, to) => {
                let (a, b) = (held(from)?, held(to)?);
                changes.remove(key(from));
                changes.put(key(to), &(a + b), hour(now))?;
                a
            }
            Deed::Sum => {
                let keys: Vec<Key> = (0..KEYS).map(key).collect();
                view.read_all::<u64>(&keys)?.into_iter().flatten().sum()
            }
            Deed::Remove(n) => {
                changes.remove(key(n));
                7
            }
            Deed::Panic(n) => {
                held(n)?;
                panic!("as asked");
            }
            Deed::Damaged(n) => {
                changes.put(key(n), &99, hour(now))?;
                return Err(Stop::Damaged(key(n)));
            }
            Deed::TooLarge(n) => {
                held(n)?;
                changes.put(key(n), &"x".repeat(2 << 20), hour(now))?;
                0
            }
            Deed::Forgotten(n) => {
                changes.put(key(n), &1, hour(now))?;
                1
            }
        };
        Ok(changes.answer(answer))
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    let n = || 0..KEYS;
    prop_oneof![
        6 => (n(), 1..100_u64, 1..20_u8).prop_map(|(to, n, seconds)| Deed::Add(to, n, seconds)),
        3 => (n(), n()).prop_map(|(from, to)| Deed::Move(from, to)),
        2 => Just(Deed::Sum),
        2 => n().prop_map(Deed::Remove),
        1 => n().prop_map(Deed::Panic),
        1 => n().prop_map(Deed::Damaged),
        1 => n().prop_map(Deed::TooLarge),
        1 => n().prop_map(Deed::Forgotten),
    ]
}

/// A database with room for a MiB, so that it refuses what is larger.
fn small() -> Database {
    let chance = Chance::seeded(1);
    let keys = Arc::new(Keys::ephemeral(&chance).unwrap());
    let database = Database::in_memory(Seals { keys: keys.into(), chance }).unwrap();
    database.limit_pages(256).unwrap();
    database
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_job_is_done_wholly_and_in_order_or_not_at_all(
        batches in prop::collection::vec((prop::collection::vec(deed(), 0..12), 0..8_i64), 1..10),
        announced: bool,
    ) {
        let (mut database, mut recent) = (small(), Recent::default());
        let (mut model, mut now) = (Model::new(), millis(1_000_000));
        for (deeds, pause) in batches {
            now = after(now, Duration::from_secs(pause.unsigned_abs()));
            if pause % 2 == 0 {
                let transaction = database.begin().unwrap();
                transaction.sweep(now).unwrap();
                transaction.commit().unwrap();
            }
            let mut batch: Vec<Box<dyn Work>> = Vec::new();
            let mut asked: Vec<(Deed, Option<oneshot::Receiver<Answer>>)> = Vec::new();
            for deed in deeds {
                let keys = if announced { (0..KEYS).map(key).collect() } else { Vec::new() };
                let (work, answer) = Waiting::boxed(keys, job(deed.clone()));
                batch.push(work);
                // Whoever asked has gone: dropped here, before the batch has its turn.
                let answer = (!matches!(deed, Deed::Forgotten(_))).then_some(answer);
                asked.push((deed, answer));
            }
            let (empty, refuses) = (asked.is_empty(), asked.iter().any(|(deed, _)| matches!(deed, Deed::TooLarge(_))));
            let (kept, answered) = batch::apply(batch, &mut database, &mut recent, now);
            for (work, outcome) in answered {
                work.answer(outcome);
            }
            prop_assert!(!empty || kept == Kept::Nothing);
            prop_assert!(refuses || !matches!(kept, Kept::Refused(_)), "{kept:?}");
            for (deed, answer) in asked {
                let expected = expected(&deed, &mut model, now);
                let Some(mut answer) = answer else { continue };
                let told = answer.try_recv().expect("every job is answered");
                match (&deed, told) {
                    (Deed::Panic(_), Err(LedgerError::Panicked))
                    | (Deed::Damaged(_), Err(LedgerError::Damaged(_)))
                    | (Deed::TooLarge(_), Err(LedgerError::Refused(_))) => {}
                    (_, Ok(told)) => prop_assert_eq!(Some(told), expected, "{:?}", deed),
                    (_, told) => prop_assert!(false, "{deed:?}: {told:?}"),
                }
            }
            // What the database itself holds, past every view.
            let held: BTreeMap<String, u64> = database
                .all(Kind::Limit, now)
                .unwrap()
                .into_iter()
                .map(|(key, record)| (key.id().to_owned(), serde_json::from_slice(&record.unwrap().json).unwrap()))
                .collect();
            let alive = (0..KEYS).filter(|n| model.get(n).is_some_and(|(_, until)| *until > now));
            let expected: BTreeMap<String, u64> =
                alive.map(|n| (key(n).id().to_owned(), model[&n].0)).collect();
            prop_assert_eq!(held, expected);
        }
    }
}
