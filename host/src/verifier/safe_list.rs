//! The safe list: numbers that are sent to although nobody knows a plan that has them.

use super::{Verifier, VerifyError};
use crate::store::{Changes, Done, Key, Kind, Stop, View};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The most numbers on it.
const MOST: usize = 1_000;

/// The record that holds them all: sealed, as every record is, and small enough to be read whole.
fn place() -> Key {
    Key::new(Kind::SafeList, "numbers")
}

/// What became of a number that was to be put on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// It is on the list now.
    Added,
    /// It was on it before.
    Before,
    /// The list is full.
    Full,
}

impl Verifier {
    /// Puts a number on the list.
    ///
    /// # Errors
    ///
    /// When the store does not do it.
    pub async fn put_on_safe_list(&self, number: String) -> Result<Listed, VerifyError> {
        let add = move |view: &View<'_>, _: Timestamp| -> Result<Done<Listed>, Stop> {
            let (mut numbers, mut changes) = (read(view)?, Changes::none());
            if numbers.contains(&number) {
                return Ok(changes.answer(Listed::Before));
            }
            if numbers.len() >= MOST {
                return Ok(changes.answer(Listed::Full));
            }
            numbers.insert(number.clone());
            changes.put(place(), &numbers, Timestamp::MAX)?;
            Ok(changes.answer(Listed::Added))
        };
        Ok(self.ledger.run(vec![place()], add).await?)
    }

    /// Whether a number is on the list.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn is_on_safe_list(&self, number: String) -> Result<bool, VerifyError> {
        let look = move |view: &View<'_>, _: Timestamp| -> Result<Done<bool>, Stop> {
            Ok(Changes::none().answer(read(view)?.contains(&number)))
        };
        Ok(self.ledger.run(vec![place()], look).await?)
    }

    /// Takes a number from the list; says whether it was on it.
    ///
    /// # Errors
    ///
    /// When the store does not do it.
    pub async fn take_from_safe_list(&self, number: String) -> Result<bool, VerifyError> {
        let take = move |view: &View<'_>, _: Timestamp| -> Result<Done<bool>, Stop> {
            let (mut numbers, mut changes) = (read(view)?, Changes::none());
            let was_there = numbers.remove(&number);
            if was_there {
                changes.put(place(), &numbers, Timestamp::MAX)?;
            }
            Ok(changes.answer(was_there))
        };
        Ok(self.ledger.run(vec![place()], take).await?)
    }
}

fn read(view: &View<'_>) -> Result<BTreeSet<String>, Stop> {
    Ok(view.read::<BTreeSet<String>>(&place())?.unwrap_or_default())
}
