//! Where a limit is kept: a record whose name tells nothing of whom it counts.

use crate::{
    seal::Keys,
    store::{Key, Kind, Readable, Stop, View},
};

/// The record of a limit: its name under every key of the key file, newest first.
#[derive(Debug, Clone)]
pub(super) struct Place(Vec<Key>);

impl Place {
    /// The record of the limit of this name, for this application and whom it counts.
    pub(super) fn new(keys: &Keys, limit: &str, application: &str, whom: &str) -> Self {
        let name = |key: &crate::seal::Key| key.index(&["limit", limit, application, whom]);
        Self::named(keys.newest_first().map(name))
    }

    /// The record with these names, newest first.
    pub(super) fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| Key::new(Kind::Limit, name)).collect())
    }

    /// Every name, to be loaded.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.0.iter().cloned()
    }

    /// Every name.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(|key| key.id().to_owned()).collect()
    }

    /// What stands there, and under which name: where it was found, else where a new one goes.
    pub(super) fn read<T: Readable + Default>(&self, view: &View<'_>) -> Result<Option<(Key, T)>, Stop> {
        let mut read = view.read_all::<T>(&self.0)?.into_iter().zip(&self.0);
        let found = read.find_map(|(record, key)| Some((key.clone(), record?)));
        Ok(found.or_else(|| Some((self.0.first()?.clone(), T::default()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{seal::Chance, store::Changes};
    use std::{fs, time::Duration};

    /// What was counted under a key stays counted when a newer one is added to the file.
    #[tokio::test]
    async fn a_count_is_found_under_an_older_key_and_a_new_one_is_made_under_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let chance = Chance::seeded(1);
        let (file, other) = (folder.path().join("a.key"), folder.path().join("b.key"));
        let old = Keys::open_or_create(&file, &chance).unwrap();
        Keys::open_or_create(&other, &chance).unwrap();
        let newer = fs::read_to_string(&other).unwrap();
        fs::write(&file, fs::read_to_string(&file).unwrap() + &newer).unwrap();
        let both = Keys::open_or_create(&file, &chance).unwrap();
        assert_ne!(old.newest().id(), both.newest().id());

        let hand = crate::clock::ManualClock::at(crate::clock::millis(0));
        let ledger = crate::store::in_memory(hand.clock());
        let count = async |place: Place| {
            let job = move |view: &View<'_>, now| {
                let (key, counted) = place.read::<u32>(view)?.unwrap();
                let mut changes = Changes::none();
                let until = crate::clock::after(now, Duration::from_mins(1));
                changes.put(key.clone(), &(counted + 1), until)?;
                Ok(changes.answer((key, counted)))
            };
            ledger.run(Vec::new(), job).await.unwrap()
        };
        let place = |keys: &Keys, whom: &str| Place::new(keys, "limit", "web", whom);
        let (first, _) = count(place(&old, "ada")).await;
        assert_eq!(count(place(&both, "ada")).await, (first, 1));
        let (new, counted) = count(place(&both, "bob")).await;
        assert_eq!((new.id(), counted), (place(&both, "bob").names()[0].as_str(), 0));
        assert_eq!(place(&both, "bob").names().len(), 2);
    }
}
