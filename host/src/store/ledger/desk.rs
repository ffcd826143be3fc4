//! The ledger's thread: gathers what waits, does it in order, and tells whether the store takes writes.

use super::{
    LedgerError, Tended,
    flusher::{Flusher, Parcel},
    question::Question,
    upkeep::Upkeep,
};
use crate::{
    clock::{Clock, Stopwatch},
    metrics::Metrics,
    store::{
        Kind,
        batch::{self, Kept, Work},
        fault::Fault,
        recent::Recent,
        sqlite::{Database, Stale},
    },
};
use jiff::Timestamp;
use std::{iter, sync::Arc, thread};
use tokio::sync::{mpsc, oneshot, watch};

/// How many jobs share a commit at most.
const BATCH: usize = 256;

/// What waits for the ledger's thread.
#[derive(Debug)]
pub(super) enum Item {
    Job(Box<dyn Work>, Stopwatch),
    Question(Question),
    /// Forgets what is over, tries whether a store that failed takes writes again, and tells what is due.
    Tend(Kind, Timestamp, usize, oneshot::Sender<Result<Tended, LedgerError>>),
    /// Seals records anew that are sealed under an older key.
    Renew(Stale, oneshot::Sender<Result<usize, LedgerError>>),
    /// Notes the keys of the server that records may hang on.
    Note(Vec<String>, oneshot::Sender<Result<(), LedgerError>>),
    /// The most of the log is written back: what came to it meanwhile is left.
    WrittenBack,
    /// Does nothing more: what comes later finds the store closed.
    Close(oneshot::Sender<Result<(), LedgerError>>),
}

/// What the ledger's thread works with.
pub(super) struct Desk {
    pub(super) database: Database,
    pub(super) recent: Recent,
    /// Who answers once it is durable; nobody for a store in memory.
    pub(super) flusher: Option<Flusher>,
    pub(super) upkeep: Option<Upkeep>,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: watch::Sender<Option<Fault>>,
}

impl Desk {
    /// Gathers the jobs that wait and does them, batch by batch, until every handle of the ledger is gone. `next` waits
    /// for the first of a batch: how, tests choose, so that they can choose who goes when.
    pub(super) fn serve(
        mut self,
        mut items: mpsc::Receiver<Item>,
        next: impl Fn(&mut mpsc::Receiver<Item>) -> Option<Item>,
    ) {
        while let Some(first) = next(&mut items) {
            // Whoever is about to ask gets a moment to: a commit shared is a commit saved. Alone it costs a microsecond.
            let mut here = 0;
            while items.len() > here && items.len() < BATCH {
                here = items.len();
                thread::yield_now();
            }
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
                    Item::Renew(stale, asker) => {
                        self.apply(std::mem::take(&mut batch), now);
                        // Whoever asked may be gone.
                        let _sent = asker.send(self.renew(&stale));
                    }
                    Item::Note(keys, asker) => {
                        let noted = self.database.note_keys(keys.iter().map(String::as_str));
                        let noted = noted.and_then(|()| self.flush());
                        let _sent = asker.send(noted.map_err(LedgerError::from));
                    }
                    Item::WrittenBack => {
                        self.apply(std::mem::take(&mut batch), now);
                        self.write_back_rest();
                    }
                    Item::Close(asker) => {
                        self.apply(std::mem::take(&mut batch), now);
                        // Whoever asked before is answered before.
                        let ended = self.flusher.map_or(Ok(()), Flusher::end);
                        let closed = ended.and_then(|()| self.database.write_back());
                        // Whoever asked may be gone.
                        let _sent = asker.send(closed.map_err(LedgerError::from));
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
        if let Err(lost) = self.state() {
            let answered = batch.into_iter().map(|work| (work, Ok(()))).collect();
            Parcel { answered, bytes: 0, took: Stopwatch::start() }.refuse(&lost);
            return self.is_ill(lost);
        }
        let (jobs, took) = (batch.len(), Stopwatch::start());
        self.metrics.jobs(jobs);
        let (kept, answered) = batch::apply(batch, &mut self.database, &mut self.recent, now);
        let bytes = match kept {
            Kept::Bytes(bytes) => bytes,
            Kept::Nothing | Kept::Refused(_) => 0,
        };
        self.answer(Parcel { answered, bytes, took });
        match kept {
            Kept::Nothing => {}
            Kept::Bytes(bytes) => {
                self.is_well();
                if let Some(upkeep) = &mut self.upkeep {
                    upkeep.wrote(bytes);
                }
            }
            Kept::Refused(fault) => self.is_ill(fault),
        }
    }

    /// Answers once it is durable: at once where there is nothing that could be.
    fn answer(&self, parcel: Parcel) {
        if let Some(flusher) = &self.flusher {
            return flusher.take(parcel);
        }
        if parcel.bytes > 0 {
            self.metrics.batch(parcel.answered.len(), parcel.bytes, parcel.took.seconds());
        }
        parcel.answer();
    }

    /// Waits until all that was committed is durable.
    fn flush(&self) -> Result<(), Fault> {
        self.flusher.as_ref().map_or(Ok(()), Flusher::flush)
    }

    /// Whether what was committed can be trusted.
    fn state(&self) -> Result<(), Fault> {
        self.flusher.as_ref().map_or(Ok(()), Flusher::state)
    }

    fn renew(&mut self, stale: &Stale) -> Result<usize, LedgerError> {
        let renewed = self.database.renew(stale)?;
        self.flush()?;
        Ok(renewed)
    }

    /// While nobody writes, so that the log begins anew instead of growing.
    fn write_back_rest(&mut self) {
        if let Err(fault) = self.database.write_back_some() {
            tracing::debug!(error = %fault, "the store's log goes on growing");
        }
        if let Some(upkeep) = &mut self.upkeep {
            upkeep.is_done();
        }
    }

    fn tend(
        &mut self,
        kind: Kind,
        by: Timestamp,
        most: usize,
        now: Timestamp,
    ) -> Result<Tended, LedgerError> {
        if let Err(lost) = self.state() {
            self.is_ill(lost.clone());
            return Err(lost.into());
        }
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
        self.recent.sweep(now);
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
