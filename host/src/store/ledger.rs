//! The queue in front of the ledger's thread, which alone writes the records.

mod desk;
mod error;
mod flusher;
mod question;
mod renewal;
mod upkeep;

pub use error::LedgerError;

use super::{
    Key, Kind,
    batch::Waiting,
    fault::{Fault, OpenError},
    recent::Recent,
    sqlite::{Database, Seals},
    view::{Done, Stop, View},
};
use crate::{
    clock::{Clock, Stopwatch},
    metrics::Metrics,
    seal::{Chance, KeyRing},
};
use desk::{Desk, Item};
use flusher::Flusher;
use jiff::Timestamp;
use question::{Question, answer};
use std::{path::Path, sync::Arc, thread};
use tokio::sync::{mpsc, oneshot, watch};
use upkeep::Upkeep;

/// How many jobs may wait.
const QUEUE: usize = 4096;

/// How many questions may wait.
const QUESTIONS: usize = 64;

/// Takes jobs and answers them once what they changed is durable. Cheap to clone; all clones are one ledger.
///
/// A job is pure: it reads through its [`View`], says what is to be changed, and may be run several times. Jobs are
/// applied one after the other, so what a job read nobody else changes before it is done.
#[derive(Debug, Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Item>,
    /// Where questions go that no job has to wait for; to the jobs where there is one connection only.
    questions: Option<mpsc::Sender<Question>>,
    fault: watch::Receiver<Option<Fault>>,
}

/// What a ledger is made of besides its file.
#[derive(Debug, Clone)]
pub struct LedgerParts {
    /// What records are sealed under.
    pub keys: KeyRing,
    /// What seals are made with.
    pub chance: Chance,
    /// What tells the time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// What tending to the store came to.
#[derive(Debug, Default)]
pub struct Tended {
    /// The records that are due.
    pub due: Vec<Key>,
    /// Whether more is over than was forgotten this time.
    pub more: bool,
}

impl Ledger {
    /// Opens a ledger whose records are in a file, which is made where there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be had for this host alone, is no store of ours, or belongs to another key file.
    pub fn open(path: &Path, parts: LedgerParts) -> Result<Self, OpenError> {
        let LedgerParts { keys, chance, clock, metrics } = parts;
        let database = Database::open(path, Seals { keys, chance }, clock.now())?;
        let reader = database.reader(path)?;
        let (questions, asked) = mpsc::channel(QUESTIONS);
        let reads = clock.clone();
        spawn("store-reader", move || answer(asked, &reader, &reads))?;
        Self::over(database, Some(questions), clock, metrics)
    }

    /// Opens a ledger that keeps its records in memory: gone with the process.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn in_memory(parts: LedgerParts) -> Result<Self, OpenError> {
        let LedgerParts { keys, chance, clock, metrics } = parts;
        Self::over(Database::in_memory(Seals { keys, chance })?, None, clock, metrics)
    }

    fn over(
        database: Database,
        questions: Option<mpsc::Sender<Question>>,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Result<Self, OpenError> {
        let (queue, items) = mpsc::channel(QUEUE);
        let (health, fault) = watch::channel(None);
        let upkeep = questions.clone().map(|questions| Upkeep::new(questions, queue.downgrade()));
        let log = database.log();
        let flusher = log.map(|log| Flusher::start(log, Arc::clone(&metrics))).transpose();
        let flusher = flusher.map_err(OpenError::Thread)?;
        spawn("ledger", move || {
            Desk { database, recent: Recent::default(), flusher, upkeep, clock, metrics, health }
                .serve(items, mpsc::Receiver::blocking_recv);
        })?;
        Ok(Self { queue, questions, fault })
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
        self.queue.try_send(Item::Job(work, Stopwatch::start())).map_err(|error| match error {
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
        self.queue.send(Item::Job(work, Stopwatch::start())).await.map_err(|_| LedgerError::Closed)?;
        answered(answer).await
    }

    /// Forgets what is over and tells which records of a kind are due at this time, the longest overdue first. To be
    /// called every second or so by whoever does what is due, and again while there is more to forget: each time it is a
    /// bounded number, so that jobs wait for no more than that.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn tend(&self, kind: Kind, by: Timestamp, most: usize) -> Result<Tended, LedgerError> {
        let (asker, answer) = oneshot::channel();
        self.queue.send(Item::Tend(kind, by, most, asker)).await.map_err(|_| LedgerError::Closed)?;
        answered(answer).await
    }

    /// Ends the ledger: what was asked before is done, the log is written back into the file, and what is asked later
    /// finds it closed.
    ///
    /// # Errors
    ///
    /// When the log cannot be written back; nothing is lost by that, the next start reads it.
    pub async fn close(&self) -> Result<(), LedgerError> {
        let (asker, answer) = oneshot::channel();
        self.queue.send(Item::Close(asker)).await.map_err(|_| LedgerError::Closed)?;
        answered(answer).await
    }

    /// Why the store takes no writes, if it does not; known from the last one that was tried.
    pub fn fault(&self) -> Option<Fault> {
        if self.queue.is_closed() { Some(Fault::Closed) } else { self.fault.borrow().clone() }
    }
}

async fn answered<T>(answer: oneshot::Receiver<Result<T, LedgerError>>) -> Result<T, LedgerError> {
    answer.await.unwrap_or(Err(LedgerError::Closed))
}

fn spawn(name: &str, serve: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    thread::Builder::new().name(name.to_owned()).spawn(serve).map_err(OpenError::Thread)?;
    Ok(())
}

#[cfg(test)]
mod interleaved;
#[cfg(test)]
pub(crate) mod tests;
