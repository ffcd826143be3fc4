//! What a face wants to find again with a verification: a few texts that no rule looks at.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// The most notes of one verification.
const MOST: usize = 16;

/// The most bytes of all their names and texts.
const LARGEST: usize = 8 * 1024;

/// A few texts by name that a face keeps with a verification, such as tags of the caller's. `Debug` says how many.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notes(BTreeMap<String, String>);

/// There is no room for this note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a verification has room for {MOST} notes and {LARGEST} bytes")]
pub struct NoRoom;

impl Notes {
    /// Keeps a text under a name, in the place of the one that it had.
    ///
    /// # Errors
    ///
    /// When there is no room; then nothing is changed.
    pub fn keep(&mut self, name: &str, text: impl Into<String>) -> Result<(), NoRoom> {
        let text = text.into();
        let others = self.0.iter().filter(|(other, _)| *other != name);
        let (count, bytes) = others
            .fold((0, 0), |(count, bytes), (other, text)| (count + 1, bytes + other.len() + text.len()));
        if count >= MOST || bytes + name.len() + text.len() > LARGEST {
            return Err(NoRoom);
        }
        self.0.insert(name.to_owned(), text);
        Ok(())
    }

    /// The text of this name.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes what a later request noted, in the place of what had the same name; what has no room is left out.
    pub fn take_over(&mut self, later: &Self) {
        for (name, text) in &later.0 {
            let _room = self.keep(name, text.as_str());
        }
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notes({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_found_by_its_name_and_a_later_one_takes_its_place() {
        let (mut notes, mut later) = (Notes::default(), Notes::default());
        notes.keep("channel", "sms").unwrap();
        later.keep("channel", "call").unwrap();
        later.keep("tags", "{}").unwrap();
        notes.take_over(&later);
        let found = ["channel", "tags", "other"].map(|name| notes.find(name));
        assert_eq!(found, [Some("call"), Some("{}"), None]);
        assert_eq!(format!("{notes:?}"), "Notes(2)");
        let kept = serde_json::to_string(&notes).unwrap();
        assert_eq!(serde_json::from_str::<Notes>(&kept).unwrap(), notes);
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let mut notes = Notes::default();
        for name in 0..MOST {
            notes.keep(&name.to_string(), "x").unwrap();
        }
        assert_eq!(notes.keep("another", "x"), Err(NoRoom));
        assert_eq!(notes.keep("1", "y"), Ok(()), "one that is there may change");
        assert_eq!(notes.keep("1", "y".repeat(LARGEST)), Err(NoRoom));
        assert_eq!(notes.find("1"), Some("y"));
    }
}
