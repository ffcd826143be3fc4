//! Where a limit is kept: a record whose name tells nothing of whom it counts.

use crate::{
    seal::Keys,
    store::{Changes, Key, Kind, Readable, Stop, View},
};
use jiff::Timestamp;
use serde::Serialize;

/// The record of a limit: its name under every key of the key file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    newest: Key,
    older: Vec<Key>,
}

/// Where a record is to be written: under the newest name, wherever it was found.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    key: Key,
    /// The name that it was found under and has no more.
    left: Option<Key>,
}

impl Place {
    /// The record of the limit of this name, for this application and whom it counts.
    pub(super) fn new(keys: &Keys, limit: &str, application: &str, whom: &str) -> Self {
        let name =
            |key: &crate::seal::Key| Key::new(Kind::Limit, key.name(&["limit", limit, application, whom]));
        Self { newest: name(keys.newest()), older: keys.older().map(name).collect() }
    }

    /// Every name, newest first, to be loaded.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        std::iter::once(&self.newest).chain(&self.older).cloned()
    }

    /// Its name from now on.
    pub(super) fn newest(&self) -> &Key {
        &self.newest
    }

    /// What stands there, if anything, and where it is written from now on.
    pub(super) fn read<T: Readable>(&self, view: &View<'_>) -> Result<(Spot, Option<T>), Stop> {
        let keys: Vec<Key> = self.keys().collect();
        let found = view.read_all::<T>(&keys)?.into_iter().zip(keys);
        let found = found.into_iter().find_map(|(record, key)| Some((key, record?)));
        let (under, record) = found.unzip();
        let left = under.filter(|under| *under != self.newest);
        Ok((Spot { key: self.newest.clone(), left }, record))
    }
}

impl Spot {
    /// The name from now on.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Writes the record under its newest name, and takes it from under an older one. It is kept until then or up to ten
    /// minutes longer, which no limit minds: so most counts change nothing that an index holds.
    pub(super) fn put<T: Serialize>(
        &self,
        changes: &mut Changes,
        record: &T,
        until: Timestamp,
    ) -> Result<(), Stop> {
        if let Some(left) = &self.left {
            changes.remove(left.clone());
        }
        changes.put(self.key.clone(), record, rounded_up(until))
    }

    /// Says under the older name where the record went, if it does: for those who wrote its name down.
    pub(super) fn leave_word(&self, changes: &mut Changes, until: Timestamp) -> Result<(), Stop> {
        self.left.as_ref().map_or(Ok(()), |left| changes.leave_word(left, &self.key, until))
    }

    /// Removes the record under whichever name.
    pub(super) fn remove(&self, changes: &mut Changes) {
        changes.remove(self.key.clone());
        self.left.iter().for_each(|left| changes.remove(left.clone()));
    }
}

/// The next time that is whole tens of minutes.
fn rounded_up(time: Timestamp) -> Timestamp {
    let parts = time.as_millisecond().saturating_add(GRAIN - 1).div_euclid(GRAIN);
    Timestamp::from_millisecond(parts.saturating_mul(GRAIN)).unwrap_or(Timestamp::MAX)
}

/// Ten minutes in milliseconds.
const GRAIN: i64 = 600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::keys_of;
    use std::time::Duration;

    #[test]
    fn a_time_is_rounded_up_and_never_down() {
        for (time, rounded) in [(0, 0), (1, 600_000), (600_000, 600_000), (-1, 0)] {
            assert_eq!(rounded_up(crate::clock::millis(time)), crate::clock::millis(rounded));
        }
        assert_eq!(rounded_up(Timestamp::MAX), Timestamp::MAX);
    }

    /// What was counted under a key stays counted when a newer one is added to the file, and does not stay there.
    #[tokio::test]
    async fn a_count_goes_on_under_the_newest_key_and_is_found_by_its_old_name() {
        let (old, both) = (keys_of(&[("a", 1)]), keys_of(&[("a", 1), ("b", 2)]));
        assert_ne!(old.newest().id(), both.newest().id());

        let hand = crate::clock::ManualClock::at(crate::clock::millis(0));
        let ledger = crate::store::in_memory(hand.clock());
        let count = async |place: Place| {
            let job = move |view: &View<'_>, now| {
                let (spot, counted) = place.read::<u32>(view)?;
                let mut changes = Changes::none();
                let until = crate::clock::after(now, Duration::from_mins(1));
                spot.put(&mut changes, &(counted.unwrap_or(0) + 1), until)?;
                spot.leave_word(&mut changes, until)?;
                Ok(changes.answer((spot.key().clone(), counted.unwrap_or(0))))
            };
            ledger.run(Vec::new(), job).await.unwrap()
        };
        let place = |keys: &Keys| Place::new(keys, "limit", "web", "ada");
        let (first, _) = count(place(&old)).await;
        let (second, counted) = count(place(&both)).await;
        assert_eq!((second.id(), counted), (place(&both).newest.id(), 1));
        assert_eq!(place(&both).keys().count(), 2);
        let both_read = move |view: &View<'_>, _| {
            let read = (view.read::<u32>(&first)?, view.read_moved::<u32>(&first)?);
            Ok(Changes::none().answer(read))
        };
        let (under_old, moved) = ledger.run(Vec::new(), both_read).await.unwrap();
        assert_eq!((under_old, moved), (None, Some((second, 2))), "one count, under one name");
        assert_eq!(count(place(&both)).await.1, 2);
    }
}
