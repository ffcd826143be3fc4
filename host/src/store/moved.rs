//! Records that got another name, and how whoever knows the old one finds them.

use super::{Key, Readable, Stop, View, view::Changes};
use jiff::Timestamp;

impl Changes {
    /// Leaves word under the old name of a record where it went, until a time. The record itself is the caller's to move.
    ///
    /// # Errors
    ///
    /// As [`Changes::put`].
    pub fn leave_word(&mut self, old: &Key, new: &Key, until: Timestamp) -> Result<(), Stop> {
        self.put(word(old), &new.id(), until)
    }
}

impl View<'_> {
    /// The record with this key, or with the one that it has by now, and that key.
    ///
    /// # Errors
    ///
    /// As [`View::read`].
    pub fn read_moved<T: Readable>(&self, key: &Key) -> Result<Option<(Key, T)>, Stop> {
        if let Some(found) = self.read(key)? {
            return Ok(Some((key.clone(), found)));
        }
        let Some(new) = self.read::<String>(&word(key))? else { return Ok(None) };
        let new = Key::new(key.kind(), new);
        Ok(self.read(&new)?.map(|found| (new, found)))
    }
}

/// No name that is made under a key begins like this.
fn word(old: &Key) -> Key {
    Key::new(old.kind(), format!(">{}", old.id()))
}
