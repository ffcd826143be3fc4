//! One batch of jobs: applied in order, kept in one commit, then answered.

use super::{
    Key,
    fault::Fault,
    ledger::LedgerError,
    sqlite::{Batch, Database, Missed},
    view::{Change, Changes, Done, Record, Records, Stop, View},
};
use jiff::Timestamp;
use std::{
    collections::{HashMap, hash_map::Entry},
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tokio::sync::oneshot;

/// How often a job may ask for more records.
const ROUNDS: usize = 16;

/// How many bytes one commit writes before the jobs that are left wait for the next one.
const LARGEST: usize = 1024 * 1024;

/// A job whose answer's type is forgotten.
pub(super) trait Work: Send + fmt::Debug {
    /// The records that it will surely read.
    fn keys(&self) -> &[Key];
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
    fn keys(&self) -> &[Key] {
        &self.keys
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

/// What became of each job that had its turn.
type Outcomes = Vec<Result<(), LedgerError>>;

/// Applies jobs in order, keeps all that they changed at once, then answers each.
///
/// A batch that the database refuses is split: each job has its turn alone, so that one that only reads is answered
/// although the disk is full, and one that the database will never take spoils no other. Says what the database
/// refused last, if anything; nothing if nobody wrote.
pub(super) fn apply(mut batch: Vec<Box<dyn Work>>, database: &mut Database, now: Timestamp) -> Kept {
    let mut kept = Kept::Nothing;
    let mut most = batch.len();
    while !batch.is_empty() {
        let room = most.min(batch.len());
        let turn = batch.get_mut(..room).unwrap_or_default();
        match attempt(turn, database, now) {
            Ok((outcomes, bytes)) => {
                if bytes > 0 {
                    kept = Kept::Bytes(bytes);
                }
                let answered = outcomes.len();
                for (work, outcome) in batch.drain(..answered).zip(outcomes) {
                    work.answer(outcome);
                }
            }
            // Who keeps the lock keeps it from each of them.
            Err(fault) if most > 1 && !matches!(fault, Fault::Locked(_)) => most = 1,
            Err(fault) => {
                kept = Kept::Refused(fault.clone());
                for work in batch.drain(..room) {
                    work.answer(Err(LedgerError::Refused(fault.clone())));
                }
            }
        }
    }
    kept
}

/// What a batch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nobody wrote.
    Nothing,
    /// This many bytes were written and are durable.
    Bytes(usize),
    /// The database refused a write.
    Refused(Fault),
}

/// One transaction: as many jobs as it has room for, in order, with what each came to.
fn attempt(
    batch: &mut [Box<dyn Work>],
    database: &mut Database,
    now: Timestamp,
) -> Result<(Outcomes, usize), Fault> {
    let transaction = database.begin()?;
    let mut desk = Desk { transaction: &transaction, records: Records::new(), lost: HashMap::new() };
    let mut changed: HashMap<Key, Option<Change>> = HashMap::new();
    let mut outcomes = Outcomes::with_capacity(batch.len());
    let mut bytes = 0;
    for work in batch {
        let outcome = desk.run(work.as_mut(), now)?;
        outcomes.push(outcome.map(|changes| {
            bytes += changes.bytes();
            for (key, change) in changes.0 {
                desk.lay(&key, change.as_ref());
                changed.insert(key, change);
            }
        }));
        if bytes >= LARGEST {
            break;
        }
    }
    for (key, change) in &changed {
        transaction.write(key, change.as_ref())?;
    }
    if !changed.is_empty() {
        transaction.commit()?;
        // A record that is removed has no bytes; that it was removed is a write all the same.
        bytes = bytes.max(1);
    }
    Ok((outcomes, bytes))
}

/// The records of one transaction that lie open.
struct Desk<'a> {
    transaction: &'a Batch<'a>,
    records: Records,
    /// Records that cannot be opened: only who asks for one fails.
    lost: HashMap<Key, LedgerError>,
}

impl Desk<'_> {
    /// Runs one job until it has all that it needs. What the database refuses is everybody's failure.
    fn run(&mut self, work: &mut dyn Work, now: Timestamp) -> Result<Result<Changes, LedgerError>, Fault> {
        let mut needed: Vec<Key> = work.keys().to_vec();
        for _ in 0..ROUNDS {
            for key in mem::take(&mut needed) {
                if let Err(error) = self.load(key)? {
                    return Ok(Err(error));
                }
            }
            let view = View { records: &self.records, now };
            match catch_unwind(AssertUnwindSafe(|| work.apply(&view, now))) {
                Err(_) => return Ok(Err(LedgerError::Panicked)),
                Ok(Ok(changes)) => return Ok(Ok(changes)),
                Ok(Err(Stop::Need(keys))) => needed = keys,
                Ok(Err(Stop::Damaged(key))) => return Ok(Err(LedgerError::Damaged(key))),
            }
        }
        Ok(Err(LedgerError::Restless))
    }

    fn load(&mut self, key: Key) -> Result<Result<(), LedgerError>, Fault> {
        if let Some(error) = self.lost.get(&key) {
            return Ok(Err(error.clone()));
        }
        if let Entry::Vacant(vacant) = self.records.entry(key) {
            match self.transaction.load(vacant.key()) {
                Ok(record) => {
                    vacant.insert(record);
                }
                Err(Missed::Fault(fault)) => return Err(fault),
                Err(Missed::Sealed(key, why)) => {
                    let error = LedgerError::sealed(key.clone(), why);
                    self.lost.insert(key, error.clone());
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Shows a change to the jobs that follow.
    fn lay(&mut self, key: &Key, change: Option<&Change>) {
        let record = change
            .map(|change| Record { json: Arc::clone(&change.json), keep_until: change.labels.keep_until });
        self.records.insert(key.clone(), record);
    }
}
