//! Records in memory: gone with the process, forgotten when their time is over.

use super::{Key, Kind, view::Record};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// The most records that one sweep forgets, so that no batch waits long for it.
const SWEEP: usize = 1024;

/// Records in memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    records: HashMap<Key, Record>,
    due: BTreeSet<(Timestamp, Key)>,
}

impl Memory {
    pub(super) fn load(&self, key: &Key) -> Option<Record> {
        self.records.get(key).cloned()
    }

    pub(super) fn all(&self, kind: Kind) -> Vec<(String, Record)> {
        let of_kind = self.records.iter().filter(|(key, _)| key.kind() == kind);
        of_kind.map(|(key, record)| (key.id().to_owned(), record.clone())).collect()
    }

    pub(super) fn commit(&mut self, changes: impl IntoIterator<Item = (Key, Option<Record>)>) {
        for (key, record) in changes {
            let before = match record {
                Some(record) => {
                    self.due.insert((record.keep_until, key.clone()));
                    let keep_until = record.keep_until;
                    self.records.insert(key.clone(), record).filter(|before| before.keep_until != keep_until)
                }
                None => self.records.remove(&key),
            };
            if let Some(before) = before {
                self.due.remove(&(before.keep_until, key));
            }
        }
    }

    /// Forgets records whose time is over.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        for _ in 0..SWEEP {
            match self.due.pop_first() {
                Some((due, key)) if due <= now => self.records.remove(&key),
                Some(later) => {
                    self.due.insert(later);
                    return;
                }
                None => return,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    fn key(id: &str) -> Key {
        Key::new(Kind::Slot, id)
    }

    fn record(until: i64) -> Option<Record> {
        Some(Record { json: b"1".as_slice().into(), keep_until: millis(until) })
    }

    #[test]
    fn a_record_is_forgotten_when_its_last_time_is_over() {
        let mut memory = Memory::default();
        memory.commit([(key("a"), record(10)), (key("b"), record(20)), (key("c"), record(5))]);
        memory.commit([(key("a"), record(30)), (key("b"), record(20)), (key("c"), None)]);
        memory.sweep(millis(19));
        assert!(memory.load(&key("a")).is_some() && memory.load(&key("b")).is_some());
        memory.sweep(millis(20));
        assert!(memory.load(&key("a")).is_some() && memory.load(&key("b")).is_none());
        memory.sweep(millis(30));
        assert!(memory.records.is_empty() && memory.due.is_empty());
    }

    #[test]
    fn a_sweep_is_bounded_and_goes_on_at_the_next_one() {
        let mut memory = Memory::default();
        memory.commit((0..=SWEEP).map(|n| (key(&n.to_string()), record(1))));
        memory.sweep(millis(2));
        assert_eq!((memory.records.len(), memory.due.len()), (1, 1));
        memory.sweep(millis(2));
        assert!(memory.records.is_empty());
    }
}
