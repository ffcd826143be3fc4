//! What a job sees of the store and what it asks to be changed.

use super::{
    Key,
    record::{Readable, Record},
};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};

/// What a job sees: the records that were loaded, as the earlier jobs of its batch left them.
#[derive(Debug)]
pub struct View<'a> {
    pub(super) records: &'a Records,
    pub(super) now: Timestamp,
}

/// Loaded records; `None` says that there is none. Ids are made here, by chance or under a key: a quick hash will do.
pub(super) type Records = HashMap<Key, Option<Arc<Record>>, RandomState>;

/// What stands on the outside of a record: it is searched by this, and the store keeps it in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// When it is to be forgotten; `Timestamp::MAX`: never.
    pub keep_until: Timestamp,
    /// When something is to be done about it, if anything: until then whoever wrote it sees to that.
    pub due_at: Option<Timestamp>,
    /// The application that it belongs to.
    pub application: Option<String>,
    /// Whom it is about, as a name that tells nothing: [`crate::seal::Key::index`].
    pub person: Option<String>,
    /// Where it stands, in a word of ours.
    pub state: Option<&'static str>,
    /// The provider that it is about.
    pub provider: Option<String>,
}

impl Labels {
    /// Nothing but the time until which it is kept.
    pub fn until(keep_until: Timestamp) -> Self {
        Self { keep_until, due_at: None, application: None, person: None, state: None, provider: None }
    }
}

/// Why a job did not come to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It needs these records; once they are loaded it runs again from the start.
    Need(Vec<Key>),
    /// This record cannot be read or written in the form the job expects.
    Damaged(Key),
}

/// What a job came to: what is to be changed, and the answer once that is durable.
#[derive(Debug)]
pub struct Done<T> {
    /// What is to be changed.
    pub changes: Changes,
    /// What the caller is answered.
    pub answer: T,
}

/// Records to be written or removed, all or none.
#[derive(Debug, Default)]
pub struct Changes(pub(super) Vec<(Key, Option<Arc<Record>>)>);

impl View<'_> {
    /// The record with this key, if there is one whose time is not over.
    ///
    /// # Errors
    ///
    /// When it is not loaded yet: pass the error on with `?`, the ledger loads it and runs the job again.
    pub fn read<T: Readable>(&self, key: &Key) -> Result<Option<T>, Stop> {
        let record = self.records.get(key).ok_or_else(|| Stop::Need(vec![key.clone()]))?;
        let Some(record) = record.as_ref().filter(|record| record.labels.keep_until > self.now) else {
            return Ok(None);
        };
        record.read().map(Some).map_err(|_| Stop::Damaged(key.clone()))
    }

    /// Until when a record is kept that was read.
    pub fn keep_until(&self, key: &Key) -> Option<Timestamp> {
        self.records.get(key)?.as_ref().map(|record| record.labels.keep_until)
    }

    /// The records with these keys; what is missing is loaded at once.
    ///
    /// # Errors
    ///
    /// As [`View::read`].
    pub fn read_all<T: Readable>(&self, keys: &[Key]) -> Result<Vec<Option<T>>, Stop> {
        let missing: Vec<Key> = keys.iter().filter(|key| !self.records.contains_key(key)).cloned().collect();
        if missing.is_empty() {
            keys.iter().map(|key| self.read(key)).collect()
        } else {
            Err(Stop::Need(missing))
        }
    }
}

impl Changes {
    /// Nothing is to be changed.
    pub fn none() -> Self {
        Self::default()
    }

    /// Writes a record, to be forgotten at a time; `Timestamp::MAX`: never.
    ///
    /// # Errors
    ///
    /// When the record has no JSON form.
    pub fn put<T: Serialize>(&mut self, key: Key, record: &T, keep_until: Timestamp) -> Result<(), Stop> {
        self.put_labeled(key, record, Labels::until(keep_until))
    }

    /// Writes a record that is to be found by its labels too.
    ///
    /// # Errors
    ///
    /// When the record has no JSON form.
    pub fn put_labeled<T: Serialize>(&mut self, key: Key, record: &T, labels: Labels) -> Result<(), Stop> {
        let record = Record::written(record, labels).map_err(|_| Stop::Damaged(key.clone()))?;
        self.0.push((key, Some(Arc::new(record))));
        Ok(())
    }

    /// The same for a record of which nothing is lost in its JSON form: whoever reads it soon gets this very one.
    ///
    /// # Errors
    ///
    /// As [`Changes::put`].
    pub(super) fn put_whole<T: Serialize + Readable>(
        &mut self,
        key: Key,
        record: &T,
        labels: Labels,
    ) -> Result<(), Stop> {
        let record = Record::written_whole(record, labels).map_err(|_| Stop::Damaged(key.clone()))?;
        self.0.push((key, Some(Arc::new(record))));
        Ok(())
    }

    /// Removes a record.
    pub fn remove(&mut self, key: Key) {
        self.0.push((key, None));
    }

    /// Answers this once the changes are durable.
    pub fn answer<T>(self, answer: T) -> Done<T> {
        Done { changes: self, answer }
    }

    /// How many bytes they write.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().filter_map(|(_, change)| change.as_ref()).map(|change| change.json.len()).sum()
    }
}
