//! The queue in front of the ledger's thread, which alone writes the records.

use super::{
    Key, Kind,
    batch::{self, Kept, Waiting, Work},
    fault::{Fault, OpenError},
    sqlite::{Database, Filter, Found, Missed, Seals, listed},
    view::{Done, Stop, View},
};
use crate::{
    clock::{Clock, Stopwatch},
    metrics::Metrics,
    seal::{self, Chance, Keys},
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::{fmt, iter, path::Path, sync::Arc, thread};
use tokio::sync::{mpsc, oneshot, watch};

/// How many jobs may wait.
const QUEUE: usize = 4096;

/// How many jobs share a commit at most.
const BATCH: usize = 256;

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
    pub keys: Arc<Keys>,
    /// What seals are made with.
    pub chance: Chance,
    /// What tells the time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// What waits for the ledger's thread.
#[derive(Debug)]
enum Item {
    Job(Box<dyn Work>, Stopwatch),
    Question(Question),
    /// Forgets what is over, tries whether a store that failed takes writes again, and tells what is due.
    Tend(Kind, Timestamp, usize, oneshot::Sender<Result<Tended, LedgerError>>),
    /// Does nothing more: what comes later finds the store closed.
    Close(oneshot::Sender<Result<(), LedgerError>>),
}

/// What tending to the store came to.
#[derive(Debug, Default)]
pub struct Tended {
    /// The records that are due.
    pub due: Vec<Key>,
    /// Whether more is over than was forgotten this time.
    pub more: bool,
}

/// Something to be read outside of any job.
struct Question(Box<dyn Asked>);

/// What a question does with the database.
trait Asked: FnOnce(&Database, Timestamp) + Send {}

impl<F: FnOnce(&Database, Timestamp) + Send> Asked for F {}

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// A record has not the form that the job expects, or was changed by somebody else.
    #[error("a record of kind `{:?}` is damaged", _0.kind())]
    Damaged(Key),
    /// A record is sealed under a key that is not in the key file.
    #[error("a record of kind `{:?}` is sealed under a key that is not there: {why}", key.kind())]
    LostKey {
        /// The record.
        key: Key,
        /// Which key.
        why: seal::OpenError,
    },
    /// The database refused; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Fault),
}

impl LedgerError {
    pub(super) fn sealed(key: Key, why: seal::OpenError) -> Self {
        match why {
            seal::OpenError::LostKey(_) => Self::LostKey { key, why },
            seal::OpenError::Damaged => Self::Damaged(key),
        }
    }
}

impl From<Missed> for LedgerError {
    fn from(missed: Missed) -> Self {
        match missed {
            Missed::Fault(fault) => Self::Refused(fault),
            Missed::Sealed(key, why) => Self::sealed(key, why),
        }
    }
}

impl Ledger {
    /// Opens a ledger whose records are in a file, which is made where there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be had for this host alone, is no store of ours, or belongs to another key file.
    pub fn open(path: &Path, parts: LedgerParts) -> Result<Self, OpenError> {
        let LedgerParts { keys, chance, clock, metrics } = parts;
        let database = Database::open(path, Seals { keys, chance })?;
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
        spawn("ledger", move || {
            Desk { database, clock, metrics, health }.serve(items, mpsc::Receiver::blocking_recv);
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

    /// Every record of a kind with its id, in the order of ids: for kinds that an operator fills.
    ///
    /// # Errors
    ///
    /// When the store cannot be read. A record that cannot be opened is told in the log and left out: it spoils no other.
    pub async fn all<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(String, T)>, LedgerError> {
        let all = self.ask(move |database, now| Ok(database.all(kind, now)?)).await?;
        Ok(all
            .into_iter()
            .filter_map(|found| {
                let (id, said) = legible(found);
                Some((id, said?))
            })
            .collect())
    }

    /// The records that have these labels, with their ids, newest first; without what it says the id of one that cannot be
    /// opened, which is told in the log. What is being written meanwhile may be missing.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn list<T: DeserializeOwned>(
        &self,
        filter: Filter,
    ) -> Result<Vec<(String, Option<T>)>, LedgerError> {
        let found = self.ask(move |database, now| Ok(listed(database, &filter, now)?)).await?;
        Ok(found.into_iter().map(legible).collect())
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
        self.fault.borrow().clone()
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Database, Timestamp) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (asker, answer) = oneshot::channel();
        let question = Question(Box::new(move |database, now| {
            // Whoever asked may be gone.
            let _sent = asker.send(question(database, now));
        }));
        let sent = match &self.questions {
            Some(reader) => reader.send(question).await.is_ok(),
            None => self.queue.send(Item::Question(question)).await.is_ok(),
        };
        if sent { answered(answer).await } else { Err(LedgerError::Closed) }
    }
}

async fn answered<T>(answer: oneshot::Receiver<Result<T, LedgerError>>) -> Result<T, LedgerError> {
    answer.await.unwrap_or(Err(LedgerError::Closed))
}

/// The id of a record and what it says, if it can be opened and read.
fn legible<T: DeserializeOwned>((key, opened): Found) -> (String, Option<T>) {
    let damaged = || LedgerError::Damaged(key.clone());
    let read = opened
        .map_err(LedgerError::from)
        .and_then(|record| serde_json::from_slice(&record.json).map_err(|_| damaged()));
    if let Err(error) = &read {
        tracing::error!(%error, "a record is left out");
    }
    (key.id().to_owned(), read.ok())
}

fn spawn(name: &str, serve: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    thread::Builder::new().name(name.to_owned()).spawn(serve).map_err(OpenError::Thread)?;
    Ok(())
}

/// Answers questions until every handle of the ledger is gone.
fn answer(mut asked: mpsc::Receiver<Question>, reader: &Database, clock: &Clock) {
    while let Some(Question(question)) = asked.blocking_recv() {
        question(reader, clock.now());
    }
}

/// What the ledger's thread works with.
struct Desk {
    database: Database,
    clock: Clock,
    metrics: Arc<Metrics>,
    health: watch::Sender<Option<Fault>>,
}

impl Desk {
    /// Gathers the jobs that wait and does them, batch by batch, until every handle of the ledger is gone. `next` waits
    /// for the first of a batch: how, tests choose, so that they can choose who goes when.
    fn serve(
        mut self,
        mut items: mpsc::Receiver<Item>,
        next: impl Fn(&mut mpsc::Receiver<Item>) -> Option<Item>,
    ) {
        while let Some(first) = next(&mut items) {
            let others = iter::from_fn(|| items.try_recv().ok());
            let gathered: Vec<Item> = iter::once(first).chain(others).take(BATCH).collect();
            // Once all are here, so that none of them is done before it was asked for.
            let now = self.clock.now();
            let mut batch = Vec::new();
            for item in gathered {
                match item {
                    Item::Job(work, waited) => {
                        self.metrics.queue_wait(waited.seconds());
                        batch.push(work);
                    }
                    // What was asked before is answered before.
                    Item::Question(Question(question)) => {
                        self.apply(std::mem::take(&mut batch), now);
                        question(&self.database, now);
                    }
                    Item::Tend(kind, by, most, asker) => {
                        self.apply(std::mem::take(&mut batch), now);
                        // Whoever asked may be gone.
                        let _sent = asker.send(self.tend(kind, by, most, now));
                    }
                    Item::Close(asker) => {
                        self.apply(std::mem::take(&mut batch), now);
                        // Whoever asked may be gone.
                        let _sent = asker.send(self.database.write_back().map_err(LedgerError::from));
                        return;
                    }
                }
            }
            self.apply(batch, now);
        }
    }

    fn apply(&mut self, batch: Vec<Box<dyn Work>>, now: Timestamp) {
        if batch.is_empty() {
            return;
        }
        let (jobs, took) = (batch.len(), Stopwatch::start());
        match batch::apply(batch, &mut self.database, now) {
            Kept::Nothing => {}
            Kept::Bytes(bytes) => {
                self.metrics.batch(jobs, bytes, took.seconds());
                self.is_well();
            }
            Kept::Refused(fault) => self.is_ill(fault),
        }
    }

    fn tend(
        &mut self,
        kind: Kind,
        by: Timestamp,
        most: usize,
        now: Timestamp,
    ) -> Result<Tended, LedgerError> {
        let mut more = false;
        if self.health.borrow().is_some() || self.database.has_over(now)? {
            match self.clean(now) {
                Ok(left) => {
                    more = left;
                    self.is_well();
                }
                Err(fault) => self.is_ill(fault),
            }
        }
        Ok(Tended { due: self.database.due(kind, by, most)?, more })
    }

    /// Says whether there is more to forget.
    fn clean(&mut self, now: Timestamp) -> Result<bool, Fault> {
        let transaction = self.database.begin()?;
        transaction.sweep(now)?;
        transaction.probe(now)?;
        transaction.commit()?;
        self.database.has_over(now)
    }

    fn is_well(&self) {
        if self.health.borrow().is_some() {
            tracing::info!("the store takes writes again");
            self.health.send_replace(None);
        }
    }

    /// Told once for each kind of fault, not by every request that it costs.
    fn is_ill(&self, fault: Fault) {
        let is_known = self
            .health
            .borrow()
            .as_ref()
            .is_some_and(|known| std::mem::discriminant(known) == std::mem::discriminant(&fault));
        if !is_known {
            tracing::error!(%fault, "the store takes no writes");
        }
        self.health.send_replace(Some(fault));
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question")
    }
}

#[cfg(test)]
mod interleaved;
#[cfg(test)]
pub(crate) mod tests;
