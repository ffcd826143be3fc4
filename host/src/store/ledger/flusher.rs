//! Answers jobs once what they changed is durable: one thread waits for the disk while the ledger's does the next batch.

use super::LedgerError;
use crate::{
    clock::Stopwatch,
    metrics::Metrics,
    store::{batch::Answered, fault::Fault, sqlite::Log},
};
use std::{
    io, mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// How many batches may wait for the flush that is under way: they share the next one.
const WAITING: usize = 2;

/// The thread that waits for the disk.
#[derive(Debug)]
pub(super) struct Flusher {
    parcels: SyncSender<Parcel>,
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
}

/// A batch that is done and committed, with what it is answered once that is durable.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) answered: Vec<Answered>,
    /// How many bytes it wrote; nothing if it only read.
    pub(super) bytes: usize,
    /// Since it was begun.
    pub(super) took: Stopwatch,
}

#[derive(Debug)]
struct Shared {
    log: Log,
    metrics: Arc<Metrics>,
    /// How many parcels were handed over and are not answered yet.
    under_way: AtomicUsize,
}

impl Flusher {
    /// Starts the thread.
    pub(super) fn start(log: Log, metrics: Arc<Metrics>) -> io::Result<Self> {
        let (parcels, arriving) = sync_channel(WAITING);
        let shared = Arc::new(Shared { log, metrics, under_way: AtomicUsize::new(0) });
        let serving = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("flush".to_owned()).spawn(move || serving.serve(&arriving))?;
        Ok(Self { parcels, thread, shared })
    }

    /// Answers a batch once all that was committed before is durable: also one that only read, for what it read may not
    /// be yet. Waits where the disk is far behind.
    pub(super) fn take(&self, parcel: Parcel) {
        if parcel.bytes == 0 && self.shared.under_way.load(Ordering::Acquire) == 0 {
            // All before it were answered, and if that was because a flush failed, it is known by now.
            return self.shared.answer(parcel, &self.shared.log.state());
        }
        self.shared.under_way.fetch_add(1, Ordering::AcqRel);
        if let Err(unsent) = self.parcels.send(parcel) {
            // It ends before this one only if it panicked: then nobody flushes any more.
            unsent.0.refuse(&self.shared.log.lose(Fault::Closed));
        }
    }

    /// Waits until all that was committed is durable.
    pub(super) fn flush(&self) -> Result<(), Fault> {
        self.shared.log.flush()
    }

    /// Whether what was committed can be trusted.
    pub(super) fn state(&self) -> Result<(), Fault> {
        self.shared.log.state()
    }

    /// Waits until every parcel is answered, and says whether all went well.
    pub(super) fn end(self) -> Result<(), Fault> {
        drop(self.parcels);
        // One that panicked told it.
        let _ended = self.thread.join();
        self.shared.log.state()
    }
}

impl Shared {
    fn serve(&self, arriving: &Receiver<Parcel>) {
        while let Ok(first) = arriving.recv() {
            let parcels: Vec<Parcel> = std::iter::once(first).chain(arriving.try_iter()).collect();
            let wrote = parcels.iter().any(|parcel| parcel.bytes > 0);
            let flushed = if wrote { self.log.flush() } else { self.log.state() };
            self.under_way.fetch_sub(parcels.len(), Ordering::AcqRel);
            for parcel in parcels {
                self.answer(parcel, &flushed);
            }
        }
    }

    fn answer(&self, parcel: Parcel, flushed: &Result<(), Fault>) {
        if let Err(fault) = flushed {
            return parcel.refuse(fault);
        }
        if parcel.bytes > 0 {
            self.metrics.batch(parcel.answered.len(), parcel.bytes, parcel.took.seconds());
        }
        parcel.answer();
    }
}

impl Parcel {
    /// Tells each job what it came to.
    pub(super) fn answer(self) {
        for (work, outcome) in self.answered {
            work.answer(outcome);
        }
    }

    /// Tells each job that nobody knows what it came to.
    pub(super) fn refuse(mut self, fault: &Fault) {
        for (_, outcome) in &mut self.answered {
            *outcome = mem::replace(outcome, Ok(())).and(Err(LedgerError::Refused(fault.clone())));
        }
        self.answer();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::millis,
        store::{
            Changes, Key, Kind,
            batch::Waiting,
            view::{Done, Stop, View},
        },
    };
    use jiff::Timestamp;
    use tokio::sync::oneshot;

    fn parcel(bytes: usize) -> (Parcel, oneshot::Receiver<Result<u8, LedgerError>>) {
        let job = |_: &View<'_>, _: Timestamp| -> Result<Done<u8>, Stop> { Ok(Changes::none().answer(7)) };
        let (mut work, answer) = Waiting::boxed(vec![Key::new(Kind::Slot, "a")], job);
        work.apply(&View { records: &std::collections::HashMap::default(), now: millis(0) }, millis(0))
            .unwrap();
        (Parcel { answered: vec![(work, Ok(()))], bytes, took: Stopwatch::start() }, answer)
    }

    fn flusher(log: Log) -> Flusher {
        Flusher::start(log, Arc::new(Metrics::new(millis(0)))).unwrap()
    }

    #[test]
    fn nobody_is_answered_before_the_flush_also_whoever_only_read() {
        let (log, words) = Log::held();
        let flusher = flusher(log);
        let (one, mut first) = parcel(5);
        flusher.take(one);
        let (two, mut second) = parcel(0);
        flusher.take(two);
        for answer in [&mut first, &mut second] {
            assert!(answer.try_recv().is_err(), "the flush is not done");
        }
        // The one that read goes with the first flush, or alone after it: it needs none of its own.
        words.send(true).unwrap();
        assert_eq!(first.blocking_recv().unwrap(), Ok(7));
        assert_eq!(second.blocking_recv().unwrap(), Ok(7));
        while flusher.shared.under_way.load(Ordering::Acquire) > 0 {
            thread::yield_now();
        }
        let (alone, mut third) = parcel(0);
        flusher.take(alone);
        assert_eq!(third.try_recv().unwrap(), Ok(7), "nothing is under way");
        let (last, fourth) = parcel(1);
        flusher.take(last);
        words.send(true).unwrap();
        assert_eq!(flusher.end(), Ok(()));
        assert_eq!(fourth.blocking_recv().unwrap(), Ok(7), "what was handed over is answered before the end");
    }

    #[test]
    fn after_a_flush_that_failed_nobody_is_told_that_anything_was_kept() {
        let (log, words) = Log::held();
        let flusher = flusher(log);
        words.send(false).unwrap();
        for bytes in [1, 0, 1] {
            let (parcel, answer) = parcel(bytes);
            flusher.take(parcel);
            let told = answer.blocking_recv().unwrap();
            assert!(matches!(&told, Err(LedgerError::Refused(Fault::Unflushed(_)))), "{told:?}");
        }
        assert!(flusher.flush().is_err() && flusher.state().is_err());
        assert!(matches!(flusher.end(), Err(Fault::Unflushed(_))));
    }

    #[test]
    fn what_fails_while_it_ends_is_told() {
        let (log, words) = Log::held();
        let flusher = flusher(log);
        let (last, answer) = parcel(1);
        flusher.take(last);
        words.send(false).unwrap();
        assert!(flusher.end().is_err());
        assert!(answer.blocking_recv().unwrap().is_err());
    }
}
