//! The records that were read or written a moment ago: what a start wrote, its delivery and its checks read.

use super::{Key, record::Record};
use foldhash::fast::RandomState;
use std::{collections::HashMap, mem, sync::Arc};

/// How many records at least are remembered, and half of how many at most.
const ROOM: usize = 8192;

/// What the database holds of some of its keys, so that it need not be asked, nor the record be opened and read again.
///
/// Nothing is in here that is not durable. What is swept from the database may still be in here: its time is over, so no
/// job sees it.
#[derive(Debug, Default)]
pub(super) struct Recent {
    young: HashMap<Key, Arc<Record>, RandomState>,
    old: HashMap<Key, Arc<Record>, RandomState>,
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
        if self.young.len() >= ROOM {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, record);
    }

    /// The record is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.young.remove(key);
        self.old.remove(key);
    }
}
