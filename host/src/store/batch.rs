//! One batch of jobs: applied in order, kept in one commit, then answered.

use super::{
    Key,
    ledger::LedgerError,
    memory::Memory,
    view::{Changes, Done, Record, Records, Stop, View},
};
use jiff::Timestamp;
use std::{
    collections::{HashSet, hash_map::Entry},
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
};
use tokio::sync::oneshot;

/// How often a job may ask for more records.
const ROUNDS: usize = 16;

/// A job whose answer's type is forgotten.
pub(super) trait Work: Send + fmt::Debug {
    /// The records that it will surely read.
    fn keys(&mut self) -> Vec<Key>;
    /// Runs it and keeps its answer.
    fn apply(&mut self, view: &View<'_>, now: Timestamp) -> Result<Changes, Stop>;
    /// Hands its answer over, or tells what went wrong.
    fn answer(self: Box<Self>, outcome: Result<(), LedgerError>);
}

/// A job with its answer and who waits for it.
pub(super) struct Waiting<T, J> {
    keys: Vec<Key>,
    job: J,
    answer: Option<T>,
    asker: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T, J> Waiting<T, J>
where
    T: Send + 'static,
    J: FnMut(&View<'_>, Timestamp) -> Result<Done<T>, Stop> + Send + 'static,
{
    pub(super) fn boxed(
        keys: Vec<Key>,
        job: J,
    ) -> (Box<dyn Work>, oneshot::Receiver<Result<T, LedgerError>>) {
        let (asker, answer) = oneshot::channel();
        (Box::new(Self { keys, job, answer: None, asker }), answer)
    }
}

impl<T, J> Work for Waiting<T, J>
where
    T: Send + 'static,
    J: FnMut(&View<'_>, Timestamp) -> Result<Done<T>, Stop> + Send + 'static,
{
    fn keys(&mut self) -> Vec<Key> {
        mem::take(&mut self.keys)
    }

    fn apply(&mut self, view: &View<'_>, now: Timestamp) -> Result<Changes, Stop> {
        let done = (self.job)(view, now)?;
        self.answer = Some(done.answer);
        Ok(done.changes)
    }

    fn answer(self: Box<Self>, outcome: Result<(), LedgerError>) {
        let Self { answer, asker, .. } = *self;
        // Whoever asked may be gone; what was done stays done.
        let _sent = asker.send(outcome.and_then(|()| answer.ok_or(LedgerError::Closed)));
    }
}

impl<T, J> fmt::Debug for Waiting<T, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting")
    }
}

/// Applies jobs in order, keeps all that they changed at once, then answers each.
pub(super) fn apply(mut batch: Vec<Box<dyn Work>>, memory: &mut Memory, now: Timestamp) {
    memory.sweep(now);
    let mut records = Records::new();
    let mut changed = HashSet::new();
    for key in batch.iter_mut().flat_map(|work| work.keys()) {
        load(&mut records, memory, key);
    }
    let mut outcomes = Vec::with_capacity(batch.len());
    for work in &mut batch {
        let outcome = run(work.as_mut(), &mut records, memory, now);
        outcomes.push(outcome.map(|changes| {
            for (key, record) in changes.0 {
                changed.insert(key.clone());
                records.insert(key, record);
            }
        }));
    }
    memory.commit(changed.into_iter().map(|key| {
        let record: Option<Record> = records.remove(&key).flatten();
        (key, record)
    }));
    for (work, outcome) in batch.into_iter().zip(outcomes) {
        work.answer(outcome);
    }
}

/// Runs one job until it has all that it needs.
fn run(
    work: &mut dyn Work,
    records: &mut Records,
    memory: &Memory,
    now: Timestamp,
) -> Result<Changes, LedgerError> {
    for _ in 0..ROUNDS {
        let ended = catch_unwind(AssertUnwindSafe(|| work.apply(&View { records, now }, now)));
        match ended.map_err(|_| LedgerError::Panicked)? {
            Ok(changes) => return Ok(changes),
            Err(Stop::Need(keys)) => keys.into_iter().for_each(|key| load(records, memory, key)),
            Err(Stop::Damaged(key)) => return Err(LedgerError::Damaged(key)),
        }
    }
    Err(LedgerError::Restless)
}

fn load(records: &mut Records, memory: &Memory, key: Key) {
    if let Entry::Vacant(vacant) = records.entry(key) {
        let record = memory.load(vacant.key());
        vacant.insert(record);
    }
}
