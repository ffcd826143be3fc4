//! What holds of every ledger.

mod durable;
mod found;

use super::*;
use crate::{
    clock::{ManualClock, after, millis},
    seal::Keys,
    store::{Changes, sqlite::Log},
};
use std::{sync::mpsc::channel, time::Duration};

fn key(id: &str) -> Key {
    Key::new(Kind::Slot, id)
}

fn ledger() -> (Ledger, ManualClock) {
    let hand = ManualClock::at(millis(1_000_000));
    (in_memory(hand.clock()), hand)
}

pub(crate) fn parts(keys: impl Into<KeyRing>, chance: Chance, clock: Clock) -> LedgerParts {
    let metrics = Arc::new(Metrics::new(clock.now()));
    LedgerParts { keys: keys.into(), chance, clock, metrics }
}

/// What these come to; each is asked before the first is waited for, so that most of them wait in the queue together. A busy
/// machine may let the ledger answer one before its asker looks.
pub(crate) async fn all_at_once<T>(jobs: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut asked = Vec::new();
    for job in jobs {
        let mut job = Box::pin(job);
        let first = std::future::poll_fn(|cx| std::task::Poll::Ready(job.as_mut().poll(cx))).await;
        asked.push((job, first));
    }
    let mut done = Vec::new();
    for (job, first) in asked {
        done.push(match first {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => job.await,
        });
    }
    done
}

/// A ledger in memory under keys of its own.
pub(crate) fn in_memory(clock: Clock) -> Ledger {
    let chance = Chance::seeded(5);
    let keys = Arc::new(Keys::ephemeral(&chance).unwrap());
    Ledger::in_memory(parts(keys, chance, clock)).unwrap()
}

/// Adds to a counter that is kept for a minute and answers what it was.
fn add(to: &'static str, n: u64) -> impl FnMut(&View<'_>, Timestamp) -> Result<Done<u64>, Stop> {
    move |view, now| {
        let before = view.read::<u64>(&key(to))?.unwrap_or(0);
        let mut changes = Changes::none();
        changes.put(key(to), &(before + n), after(now, Duration::from_mins(1)))?;
        Ok(changes.answer(before))
    }
}

#[tokio::test]
async fn a_job_gets_what_it_needs_whether_it_was_announced_or_not() {
    let (ledger, _hand) = ledger();
    assert_eq!(ledger.run(vec![key("a")], add("a", 5)).await.unwrap(), 0);
    assert_eq!(ledger.run(Vec::new(), add("a", 1)).await.unwrap(), 5);
    assert_eq!(ledger.insist(vec![key("b")], add("a", 0)).await.unwrap(), 6);
    let all = |view: &View<'_>, _| Ok(Changes::none().answer(view.read_all::<u64>(&[key("a"), key("b")])?));
    assert_eq!(ledger.run(Vec::new(), all).await.unwrap(), [Some(6), None]);
}

#[tokio::test]
async fn a_record_is_gone_when_its_time_is_over() {
    let (ledger, hand) = ledger();
    ledger.run(Vec::new(), add("a", 5)).await.unwrap();
    hand.advance(Duration::from_secs(59));
    assert_eq!(ledger.run(Vec::new(), add("a", 0)).await.unwrap(), 5);
    hand.advance(Duration::from_mins(1));
    assert_eq!(ledger.run(Vec::new(), add("a", 0)).await.unwrap(), 0);
}

#[tokio::test]
async fn jobs_of_one_moment_see_each_others_changes() {
    let (ledger, _hand) = ledger();
    let jobs: Vec<_> = (0..500)
        .map(|_| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.run(vec![key("a")], add("a", 1)).await.unwrap() })
        })
        .collect();
    let mut seen = Vec::new();
    for job in jobs {
        seen.push(job.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..500).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_job_that_panics_fails_alone_and_changes_nothing() {
    let (ledger, _hand) = ledger();
    let panics = ledger.run(Vec::new(), |view: &View<'_>, _| -> Result<Done<()>, Stop> {
        view.read::<u64>(&key("a"))?;
        panic!("as asked")
    });
    let (panicked, added) = tokio::join!(panics, ledger.run(Vec::new(), add("a", 1)));
    assert!(matches!(panicked, Err(LedgerError::Panicked)));
    assert_eq!(added.unwrap(), 0);
}

#[tokio::test]
async fn a_question_that_panics_is_one_question_without_an_answer() {
    let (ledger, _hand) = ledger();
    let asked = ledger.ask(|_, _| -> Result<(), LedgerError> { panic!("as asked") }).await;
    assert!(matches!(asked, Err(LedgerError::Panicked)));
    assert_eq!(ledger.run(Vec::new(), add("a", 1)).await.unwrap(), 0);
    assert!(ledger.all::<u64>(Kind::Slot).await.is_ok());
}

#[tokio::test]
async fn a_ledger_that_has_ended_says_so_to_whoever_asks_whether_it_is_well() {
    let (ledger, _hand) = ledger();
    assert_eq!(ledger.fault(), None);
    ledger.close().await.unwrap();
    while ledger.fault().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ledger.fault(), Some(Fault::Closed));
}

/// What the disk did not keep, and what it kept, nobody knows: so nothing is read or written any more.
#[tokio::test]
async fn a_disk_that_does_not_keep_what_was_committed_ends_all_trust_in_the_store() {
    let chance = Chance::seeded(5);
    let keys = Arc::new(Keys::ephemeral(&chance).unwrap());
    let (log, words) = Log::held();
    words.send(false).unwrap();
    let database = Database::in_memory(Seals { keys: keys.into(), chance }).unwrap().with_log(log);
    let hand = ManualClock::at(millis(1_000_000));
    let metrics = Arc::new(Metrics::new(millis(0)));
    let ledger = Ledger::over(database, None, hand.clock(), metrics).unwrap();
    let refused = |told: Result<u64, LedgerError>| {
        assert!(matches!(&told, Err(LedgerError::Refused(Fault::Unflushed(_)))), "{told:?}");
    };
    refused(ledger.run(Vec::new(), add("a", 1)).await);
    refused(ledger.run(Vec::new(), add("a", 1)).await);
    let read = |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<u64>(&key("a"))?.unwrap_or(0)));
    refused(ledger.run(Vec::new(), read).await);
    let tended = ledger.tend(Kind::Delivery, millis(2_000_000), 9).await;
    assert!(matches!(tended, Err(LedgerError::Refused(Fault::Unflushed(_)))), "{tended:?}");
    assert!(matches!(ledger.fault(), Some(Fault::Unflushed(_))));
    let told = ledger.close().await.unwrap_err().to_string();
    assert!(told.contains("did not keep what was written") && told.contains("\nhint: "), "{told}");
}

#[tokio::test]
async fn a_damaged_record_and_a_restless_job_are_told() {
    let (ledger, _hand) = ledger();
    ledger.run(Vec::new(), add("a", 1)).await.unwrap();
    let text = |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<String>(&key("a"))?));
    assert!(matches!(ledger.run(Vec::new(), text).await, Err(LedgerError::Damaged(_))));
    let mut n = 0;
    let restless = move |_: &View<'_>, _| -> Result<Done<()>, Stop> {
        n += 1;
        Err(Stop::Need(vec![key(&format!("{n}"))]))
    };
    assert!(matches!(ledger.run(Vec::new(), restless).await, Err(LedgerError::Restless)));
}

#[tokio::test]
async fn a_full_queue_says_busy_and_what_waits_is_still_done() {
    let (ledger, _hand) = ledger();
    let (started, has_started) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let blocking = tokio::spawn({
        let ledger = ledger.clone();
        async move {
            let job = move |_: &View<'_>, _| {
                let _sent = started.send(());
                let _received = may_go_on.recv();
                Ok(Changes::none().answer(()))
            };
            ledger.run(Vec::new(), job).await
        }
    });
    tokio::task::spawn_blocking(move || has_started.recv().unwrap()).await.unwrap();
    let mut waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(ledger.run(Vec::new(), add("a", 1)))).collect();
    for job in &mut waiting {
        assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(job.as_mut().poll(cx))).await.is_pending());
    }
    assert!(matches!(ledger.run(Vec::new(), add("a", 1)).await, Err(LedgerError::Busy)));
    drop(go_on);
    blocking.await.unwrap().unwrap();
    for job in waiting {
        job.await.unwrap();
    }
    assert_eq!(ledger.run(Vec::new(), add("a", 0)).await.unwrap(), QUEUE as u64);
}
