//! One batch of jobs: applied in order and kept in one commit, before any of them is answered.

use super::{
    Key,
    fault::Fault,
    ledger::LedgerError,
    recent::Recent,
    record::Record,
    sqlite::{Batch, Database, Missed},
    view::{Changes, Done, Records, Stop, View},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    fmt, iter,
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

/// A job that had its turn, and what it is to be told.
pub(super) type Answered = (Box<dyn Work>, Result<(), LedgerError>);

/// Applies jobs in order and commits all that they changed at once; each may be answered once that is durable.
///
/// A batch that the database refuses is split: each job has its turn alone, so that one that only reads is answered
/// although the disk is full, and one that the database will never take spoils no other. Says which write the database
/// refused last, if any; nothing if nobody wrote.
pub(super) fn apply(
    mut batch: Vec<Box<dyn Work>>,
    database: &mut Database,
    recent: &mut Recent,
    now: Timestamp,
) -> (Kept, Vec<Answered>) {
    let mut kept = Kept::Nothing;
    let mut answered = Vec::with_capacity(batch.len());
    let mut most = batch.len();
    while !batch.is_empty() {
        let room = most.min(batch.len());
        let turn = batch.get_mut(..room).unwrap_or_default();
        match transact(turn, database, recent, now) {
            Ok((outcomes, bytes)) => {
                kept = match kept {
                    _ if bytes == 0 => kept,
                    Kept::Bytes(before) => Kept::Bytes(before + bytes),
                    Kept::Nothing | Kept::Refused(_) => Kept::Bytes(bytes),
                };
                answered.extend(batch.drain(..outcomes.len()).zip(outcomes));
            }
            // Who keeps the lock keeps it from each of them.
            Err(refusal) if most > 1 && !matches!(refusal.fault, Fault::Locked(_)) => most = 1,
            Err(Refusal { fault, was_read }) => {
                let refused = || Err(LedgerError::Refused(fault.clone()));
                answered.extend(batch.drain(..room).map(|work| (work, refused())));
                // One page that cannot be read says nothing about what can be written.
                if !was_read {
                    kept = Kept::Refused(fault);
                }
            }
        }
    }
    (kept, answered)
}

/// What a batch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nobody wrote.
    Nothing,
    /// This many bytes were written and committed.
    Bytes(usize),
    /// The database refused a write.
    Refused(Fault),
}

/// What the database refused a transaction.
struct Refusal {
    fault: Fault,
    /// Whether it was something to be read.
    was_read: bool,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, was_read: false }
    }
}

/// One transaction: as many jobs as it has room for, in order, with what each came to.
fn transact(
    batch: &mut [Box<dyn Work>],
    database: &mut Database,
    recent: &mut Recent,
    now: Timestamp,
) -> Result<(Outcomes, usize), Refusal> {
    let transaction = database.begin()?;
    let mut desk =
        Desk { transaction: &transaction, recent, records: Records::default(), lost: HashMap::new() };
    // In the order of keys, so that neighbours are written one after the other.
    let mut changed: BTreeMap<Key, Rewritten> = BTreeMap::new();
    let mut outcomes = Outcomes::with_capacity(batch.len());
    let mut bytes = 0;
    for work in batch {
        let outcome = desk.run(work.as_mut(), now).map_err(|fault| Refusal { fault, was_read: true })?;
        outcomes.push(outcome.map(|changes| {
            bytes += changes.bytes();
            for (key, after) in changes.0 {
                // Shown to the jobs that follow.
                let before = desk.records.insert(key.clone(), after.clone()).flatten();
                match changed.entry(key) {
                    Entry::Vacant(vacant) => drop(vacant.insert(Rewritten { before, after })),
                    Entry::Occupied(mut occupied) => occupied.get_mut().after = after,
                }
            }
        }));
        if bytes >= LARGEST {
            break;
        }
    }
    for (key, Rewritten { before, after }) in &changed {
        transaction.write(key, before.as_deref(), after.as_deref())?;
    }
    if !changed.is_empty() {
        transaction.commit()?;
        // A record that is removed has no bytes; that it was removed is a write all the same.
        bytes = bytes.max(1);
    }
    for (key, Rewritten { after, .. }) in changed {
        match after {
            Some(record) => recent.keep(key, record),
            None => recent.forget(&key),
        }
    }
    Ok((outcomes, bytes))
}

/// A record that a batch changes: as it stands in the database, if it was looked at, and as it is to stand there.
struct Rewritten {
    before: Option<Arc<Record>>,
    after: Option<Arc<Record>>,
}

/// The records of one transaction that lie open.
struct Desk<'a> {
    transaction: &'a Batch<'a>,
    recent: &'a mut Recent,
    records: Records,
    /// Records that cannot be opened: only who asks for one fails.
    lost: HashMap<Key, LedgerError>,
}

impl Desk<'_> {
    /// Runs one job until it has all that it needs. What the database refuses is everybody's failure.
    fn run(&mut self, work: &mut dyn Work, now: Timestamp) -> Result<Result<Changes, LedgerError>, Fault> {
        let mut needed = Vec::new();
        for round in 0..ROUNDS {
            let announced = iter::once_with(|| work.keys()).filter(|_| round == 0).flatten();
            for key in announced.chain(&needed) {
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

    fn load(&mut self, key: &Key) -> Result<Result<(), LedgerError>, Fault> {
        if self.records.contains_key(key) {
            return Ok(Ok(()));
        }
        if let Some(error) = self.lost.get(key) {
            return Ok(Err(error.clone()));
        }
        let record = match self.recent.get(key) {
            Some(record) => Some(record),
            None => match self.transaction.load(key) {
                Ok(found) => found.map(Arc::new),
                Err(Missed::Fault(fault)) => return Err(fault),
                Err(Missed::Sealed(key, why)) => {
                    let error = LedgerError::sealed(key.clone(), why);
                    self.lost.insert(key, error.clone());
                    return Ok(Err(error));
                }
            },
        };
        if let Some(record) = &record {
            self.recent.keep(key.clone(), Arc::clone(record));
        }
        self.records.insert(key.clone(), record);
        Ok(Ok(()))
    }
}
