//! The keys of a server that runs: a line that is added to the key file is taken while requests go on.

use super::{Keys, keys::is_same};
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The keys as they are now. Cheap to clone; all clones are one ring.
#[derive(Debug, Clone)]
pub struct KeyRing(Arc<ArcSwap<Keys>>);

/// Why the keys of a file are not taken while the server runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// A key that the server works with is not in the file, or is another there.
    #[error(
        "key `{0}` is gone from the key file, or is another there: the server goes on with the one it has until its end"
    )]
    Gone(String),
    /// The newest key of the server is not the last but one of the file's that it knows.
    #[error(
        "the last line of the key file is key `{0}`, which the server has as an older one: it is taken at the next start"
    )]
    Older(String),
}

/// How a server comes to work with a new newest key, so that nobody who works with what was before misses what somebody
/// writes who works with what comes next.
#[derive(Debug)]
pub struct Taking {
    /// First: new keys are searched under, and nothing is made under them.
    pub searched: Keys,
    /// Then, once nobody works with what was before: as the file says.
    pub taken: Keys,
}

impl KeyRing {
    /// The keys at this moment, to be held by a use case from its first name to its last: as long as somebody holds them,
    /// what comes after the next does not begin.
    pub fn now(&self) -> Arc<Keys> {
        self.0.load_full()
    }

    /// The keys at this moment, for one look at them: not to be held.
    pub fn glance(&self) -> impl std::ops::Deref<Target = Arc<Keys>> {
        self.0.load()
    }

    /// Puts others in their place; hands out those that were there.
    pub fn swap(&self, keys: Keys) -> Arc<Keys> {
        self.0.swap(Arc::new(keys))
    }
}

impl From<Arc<Keys>> for KeyRing {
    fn from(keys: Arc<Keys>) -> Self {
        Self(Arc::new(ArcSwap::new(keys)))
    }
}

impl Keys {
    /// How these, with which a server works, become those of the file; `None` if they are the same already.
    ///
    /// # Errors
    ///
    /// When the file has not what the server works with: that is for the next start.
    pub fn becomes(&self, file: &Self) -> Result<Option<Taking>, NotTaken> {
        if let Some(gone) =
            self.newest_first().find(|key| !file.by_id(key.id()).is_some_and(|other| is_same(key, other)))
        {
            return Err(NotTaken::Gone(gone.id().to_owned()));
        }
        if file.newest().id() == self.newest().id() {
            return Ok(None);
        }
        if self.by_id(file.newest().id()).is_some() {
            return Err(NotTaken::Older(file.newest().id().to_owned()));
        }
        Ok(Some(Taking { searched: file.led_by(self.newest().id()), taken: file.led_by(file.newest().id()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{Key, keys_of};

    #[test]
    fn a_line_that_is_added_is_searched_first_and_then_taken() {
        let taking =
            keys_of(&[("a", 1)]).becomes(&keys_of(&[("a", 1), ("b", 2), ("c", 3)])).unwrap().unwrap();
        let ids = |keys: &Keys| keys.newest_first().map(Key::id).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            (ids(&taking.searched), ids(&taking.taken)),
            (
                vec!["a".to_owned(), "c".to_owned(), "b".to_owned()],
                vec!["c".to_owned(), "b".to_owned(), "a".to_owned()]
            )
        );
        assert!(keys_of(&[("a", 1)]).becomes(&keys_of(&[("a", 1)])).unwrap().is_none());
    }

    #[test]
    fn what_a_server_works_with_is_not_taken_from_it() {
        let works = keys_of(&[("a", 1), ("b", 2)]);
        for (file, told) in [
            (keys_of(&[("b", 2), ("c", 3)]), NotTaken::Gone("a".to_owned())),
            (keys_of(&[("a", 1), ("b", 9), ("c", 3)]), NotTaken::Gone("b".to_owned())),
            (keys_of(&[("b", 2), ("a", 1)]), NotTaken::Older("a".to_owned())),
        ] {
            assert_eq!(works.becomes(&file).unwrap_err(), told);
        }
    }
}
