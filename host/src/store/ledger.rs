//! The queue in front of the ledger's thread, which alone touches the records.

use super::{
    Key, Kind,
    batch::{self, Waiting, Work},
    memory::Memory,
    view::{Done, Record, Stop, View},
};
use crate::clock::Clock;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::{io, iter, thread};
use tokio::sync::{mpsc, oneshot};

/// How many jobs may wait.
const QUEUE: usize = 4096;

/// How many jobs share a commit at most.
const BATCH: usize = 256;

/// Takes jobs and answers them once what they changed is kept. Cheap to clone; all clones are one ledger.
///
/// A job is pure: it reads through its [`View`], says what is to be changed, and may be run several times. Jobs are
/// applied one after the other, so what a job read nobody else changes before it is done.
#[derive(Debug, Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Item>,
}

/// What waits for the ledger's thread.
#[derive(Debug)]
enum Item {
    Job(Box<dyn Work>),
    All(Kind, oneshot::Sender<Vec<(String, Record)>>),
}

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Too many jobs wait; try again in a moment.
    #[error("too many requests wait for the store")]
    Busy,
    /// The ledger's thread is gone.
    #[error("the store is closed")]
    Closed,
    /// The job panicked; nothing was changed and no other job suffered.
    #[error("a job panicked")]
    Panicked,
    /// The job asked for more records without end.
    #[error("a job never had the records it asked for")]
    Restless,
    /// A record has not the form that the job expects.
    #[error("a record of kind `{:?}` is damaged", _0.kind())]
    Damaged(Key),
    /// The ledger's thread could not be started.
    #[error("cannot start the store's thread")]
    Thread(#[source] io::Error),
}

impl Ledger {
    /// Starts a ledger that keeps its records in memory.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn in_memory(clock: Clock) -> Result<Self, LedgerError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let serve = move || serve(jobs, &clock, Memory::default());
        thread::Builder::new().name("ledger".to_owned()).spawn(serve).map_err(LedgerError::Thread)?;
        Ok(Self { queue })
    }

    /// Has a job done. `keys` are the records that it will surely read, so that they are loaded at once.
    ///
    /// # Errors
    ///
    /// `Busy` at once when too many jobs wait; the others when the job could not be done. Then nothing is changed.
    pub async fn run<T, J>(&self, keys: Vec<Key>, job: J) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        J: FnMut(&View<'_>, Timestamp) -> Result<Done<T>, Stop> + Send + 'static,
    {
        let (work, answer) = Waiting::boxed(keys, job);
        self.queue.try_send(Item::Job(work)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LedgerError::Busy,
            mpsc::error::TrySendError::Closed(_) => LedgerError::Closed,
        })?;
        answered(answer).await
    }

    /// Has a job done that must not be lost: waits for room in the queue instead of giving up.
    ///
    /// # Errors
    ///
    /// As [`Ledger::run`], but never `Busy`.
    pub async fn insist<T, J>(&self, keys: Vec<Key>, job: J) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        J: FnMut(&View<'_>, Timestamp) -> Result<Done<T>, Stop> + Send + 'static,
    {
        let (work, answer) = Waiting::boxed(keys, job);
        self.queue.send(Item::Job(work)).await.map_err(|_| LedgerError::Closed)?;
        answered(answer).await
    }

    /// Every record of a kind with its id, in the order of ids: for kinds that an operator fills.
    ///
    /// # Errors
    ///
    /// When one of them has not the form that is expected, or the store cannot be read.
    pub async fn all<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(String, T)>, LedgerError> {
        let (asker, answer) = oneshot::channel();
        self.queue.send(Item::All(kind, asker)).await.map_err(|_| LedgerError::Closed)?;
        let mut found = answer.await.map_err(|_| LedgerError::Closed)?;
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let read = |(id, record): (String, Record)| {
            serde_json::from_slice(&record.json)
                .map_err(|_| LedgerError::Damaged(Key::new(kind, &id)))
                .map(|read| (id, read))
        };
        found.into_iter().map(read).collect()
    }
}

async fn answered<T>(answer: oneshot::Receiver<Result<T, LedgerError>>) -> Result<T, LedgerError> {
    answer.await.unwrap_or(Err(LedgerError::Closed))
}

/// Gathers the jobs that wait and does them, batch by batch, until every handle of the ledger is gone.
fn serve(mut items: mpsc::Receiver<Item>, clock: &Clock, mut memory: Memory) {
    while let Some(first) = items.blocking_recv() {
        let others = iter::from_fn(|| items.try_recv().ok());
        let mut batch = Vec::new();
        for item in iter::once(first).chain(others).take(BATCH) {
            match item {
                Item::Job(work) => batch.push(work),
                Item::All(kind, asker) => {
                    // Whoever asked may be gone.
                    let _sent = asker.send(memory.all(kind));
                }
            }
        }
        batch::apply(batch, &mut memory, clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, after, millis},
        store::Changes,
    };
    use std::{sync::mpsc::channel, time::Duration};

    fn key(id: &str) -> Key {
        Key::new(Kind::Slot, id)
    }

    fn ledger() -> (Ledger, ManualClock) {
        let hand = ManualClock::at(millis(1_000_000));
        (Ledger::in_memory(hand.clock()).unwrap(), hand)
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
        let all =
            |view: &View<'_>, _| Ok(Changes::none().answer(view.read_all::<u64>(&[key("a"), key("b")])?));
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
            assert!(
                std::future::poll_fn(|cx| std::task::Poll::Ready(job.as_mut().poll(cx))).await.is_pending()
            );
        }
        assert!(matches!(ledger.run(Vec::new(), add("a", 1)).await, Err(LedgerError::Busy)));
        drop(go_on);
        blocking.await.unwrap().unwrap();
        for job in waiting {
            job.await.unwrap();
        }
        assert_eq!(ledger.run(Vec::new(), add("a", 0)).await.unwrap(), QUEUE as u64);
    }
}
