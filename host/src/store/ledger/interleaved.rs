//! The ledger with its thread under a scheduler of the tests: whoever sends and whoever serves goes when it says.
//!
//! Explored is every point at which a caller or the ledger's thread waits or is about to look into the queue, so how
//! jobs fall into batches and in which order. Not explored is the inside of tokio's channels: each of their operations
//! is one step here.

use super::{Database, Desk, Ledger, QUEUE, Seals};
use crate::{
    clock::Clock,
    metrics::Metrics,
    seal::{Chance, Keys},
    store::recent::Recent,
};
use shuttle::{future::block_on, thread};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

impl Ledger {
    /// A ledger in memory whose thread is one of the scheduler's; only within a test of `shuttle`.
    pub(crate) fn interleaved(keys: Arc<Keys>, chance: Chance, clock: Clock) -> Self {
        let database = Database::in_memory(Seals { keys: keys.into(), chance }).unwrap();
        let (queue, items) = mpsc::channel(QUEUE);
        let (health, fault) = watch::channel(None);
        let metrics = Arc::new(Metrics::new(clock.now()));
        let (recent, flusher, upkeep) = (Recent::default(), None, None);
        let desk = Desk { database, recent, flusher, upkeep, clock, metrics, health };
        thread::spawn(move || {
            desk.serve(items, |items| {
                thread::yield_now();
                block_on(items.recv())
            });
        });
        Self { queue, questions: None, fault }
    }
}
