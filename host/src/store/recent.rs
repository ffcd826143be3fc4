//! The records that were read or written a moment ago: what a start wrote, its delivery and its checks read.

use super::{Key, record::Record};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use std::{collections::HashMap, mem, sync::Arc};

/// How many records at least are remembered, and half of how many at most.
const ROOM: usize = 8192;

/// The same of the bytes that they say.
const BYTES: usize = 16 * 1024 * 1024;

/// What the database holds of some of its keys, so that it need not be asked, nor the record be opened and read again.
///
/// Nothing is in here that was not committed, and nothing for longer than the database has it. Whoever is told of it waits for
/// the flush; where that fails, nobody is told of anything any more.
#[derive(Debug, Default)]
pub(super) struct Recent {
    young: HashMap<Key, Arc<Record>, RandomState>,
    old: HashMap<Key, Arc<Record>, RandomState>,
    /// What the young ones say.
    bytes: usize,
}

impl Recent {
    /// The record of this key, if it is remembered.
    pub(super) fn get(&mut self, key: &Key) -> Option<Arc<Record>> {
        if let Some(record) = self.young.get(key) {
            return Some(Arc::clone(record));
        }
        let (key, record) = self.old.remove_entry(key)?;
        self.keep(key, Arc::clone(&record));
        Some(record)
    }

    /// Remembers a record as it stands in the database now; forgets those that nobody asked for in a while.
    pub(super) fn keep(&mut self, key: Key, record: Arc<Record>) {
        if self.young.len() >= ROOM || self.bytes >= BYTES {
            self.old = mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += record.json.len();
        self.young.insert(key, record);
    }

    /// The record is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets what is over at a time, as a sweep of the database does.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.young.retain(|_, record| record.labels.keep_until > now);
        self.old.retain(|_, record| record.labels.keep_until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::millis,
        store::{Kind, Labels},
    };

    fn record(text: &str, until: i64) -> Arc<Record> {
        Arc::new(Record::written(&text, Labels::until(millis(until))).unwrap())
    }

    #[test]
    fn as_much_is_remembered_as_there_is_room_for_and_nothing_beyond_its_time() {
        let (mut recent, key) = (Recent::default(), |n: usize| Key::new(Kind::Slot, n.to_string()));
        for n in 0..5 * ROOM {
            recent.keep(key(n), record("short", 1_000));
        }
        assert!(recent.young.len() + recent.old.len() <= 2 * ROOM);
        assert!(recent.get(&key(5 * ROOM - 1)).is_some() && recent.get(&key(0)).is_none());
        let long = "x".repeat(1 << 20);
        for n in 0..100 {
            recent.keep(key(n), record(&long, 2_000));
        }
        let held = recent.young.values().chain(recent.old.values()).map(|record| record.json.len());
        assert!(held.sum::<usize>() <= 3 * BYTES);
        recent.sweep(millis(1_000));
        assert!(recent.get(&key(5 * ROOM - 1)).is_none() && recent.get(&key(99)).is_some());
        recent.sweep(millis(2_000));
        assert!(recent.young.is_empty() && recent.old.is_empty());
    }
}
