//! Records in the database: found by their key, sealed, forgotten when their time is over.

use super::{Batch, Database, Seals};
use crate::{
    clock::millis,
    seal::{self, Sealed},
    store::{
        Key, Kind,
        fault::{Fault, OpenError},
        key::place,
        record::Record,
        view::Labels,
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use std::path::Path;

/// The most records that one sweep forgets, so that no batch waits long for it.
const SWEEP: i64 = 500;

/// A record that is found by the same as before.
const UPDATE: &str = "UPDATE records SET body = ?3, state = ?4, provider = ?5 WHERE kind = ?1 AND id = ?2";

/// The same, but for when it is due.
const UPDATE_DUE: &str =
    "UPDATE records SET body = ?3, state = ?4, provider = ?5, due_at = ?6 WHERE kind = ?1 AND id = ?2";

/// The same, but for when it is due and until when it is kept.
const UPDATE_TIMES: &str =
    "UPDATE records SET body = ?3, state = ?4, provider = ?5, due_at = ?6, keep_until = ?7
                            WHERE kind = ?1 AND id = ?2";

/// Why a record is not had.
#[derive(Debug)]
pub(in crate::store) enum Missed {
    /// The database does not give it.
    Fault(Fault),
    /// It was changed, or sealed under a key that is not there.
    Sealed(Key, seal::OpenError),
}

/// A record that was looked for without its key, or why it cannot be opened.
pub(in crate::store) type Found = (Key, Result<Record, Missed>);

impl From<Fault> for Missed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<rusqlite::Error> for Missed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Batch<'_> {
    /// The record of this key, as the last commit left it.
    pub(in crate::store) fn load(&self, key: &Key) -> Result<Option<Record>, Missed> {
        let mut select = self.transaction.prepare_cached(
            "SELECT body, keep_until, due_at, application, person FROM records WHERE kind = ?1 AND id = ?2",
        )?;
        let row = |row: &Row<'_>| {
            let (body, keep_until) = sealed(row)?;
            let due_at: Option<i64> = row.get(2)?;
            let (due_at, application, person) = (due_at.map(millis), row.get(3)?, row.get(4)?);
            Ok((body, Labels { due_at, application, person, ..Labels::until(keep_until) }))
        };
        let found = select.query_row(params![key.kind().number(), key.id()], row).optional()?;
        found.map(|(body, labels)| opened(self.seals, key, &body, labels)).transpose()
    }

    /// Writes a record, or removes it. `before` is what stands there, if that is known: then the indexes that the
    /// change does not concern are left alone.
    pub(in crate::store) fn write(
        &self,
        key: &Key,
        before: Option<&Record>,
        after: Option<&Record>,
    ) -> Result<(), Fault> {
        let Some(Record { json, labels, .. }) = after else {
            let mut delete =
                self.transaction.prepare_cached("DELETE FROM records WHERE kind = ?1 AND id = ?2")?;
            delete.execute(params![key.kind().number(), key.id()])?;
            return Ok(());
        };
        let body = self.seals.keys.glance().seal(&key.place(), json, &self.seals.chance);
        let Labels { keep_until, due_at, application, person, state, provider } = labels;
        let keep_until = (*keep_until != Timestamp::MAX).then(|| keep_until.as_millisecond());
        let due_at = due_at.map(Timestamp::as_millisecond);
        if let Some(Record { labels: known, .. }) = before
            && (&known.application, &known.person) == (application, person)
        {
            let (statement, columns) =
                match (known.keep_until == labels.keep_until, known.due_at == labels.due_at) {
                    (true, true) => (UPDATE, 5),
                    (true, false) => (UPDATE_DUE, 6),
                    (false, _) => (UPDATE_TIMES, 7),
                };
            let (kind, body) = (key.kind().number(), body.as_bytes());
            let all: [&dyn ToSql; 7] = [&kind, &key.id(), &body, state, provider, &due_at, &keep_until];
            let mut update = self.transaction.prepare_cached(statement)?;
            let written = update.execute(all.get(..columns).unwrap_or_default())?;
            // It may have been forgotten meanwhile, as its time was over.
            if written == 1 {
                return Ok(());
            }
        }
        let mut upsert = self.transaction.prepare_cached(
            "INSERT INTO records (kind, id, body, keep_until, due_at, application, person, state, provider)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (kind, id) DO UPDATE SET body = ?3, keep_until = ?4, due_at = ?5, application = ?6,
                 person = ?7, state = ?8, provider = ?9",
        )?;
        upsert.execute(params![
            key.kind().number(),
            key.id(),
            body.as_bytes(),
            keep_until,
            due_at,
            application,
            person,
            state,
            provider,
        ])?;
        Ok(())
    }

    /// Forgets records whose time is over, a bounded number; says how many.
    pub(in crate::store) fn sweep(&self, now: Timestamp) -> Result<usize, Fault> {
        let mut delete = self.transaction.prepare_cached(
            "DELETE FROM records WHERE record IN
                 (SELECT record FROM records WHERE keep_until <= ?1 ORDER BY keep_until LIMIT ?2)",
        )?;
        Ok(delete.execute(params![now.as_millisecond(), SWEEP])?)
    }

    /// Writes something that means nothing: whether the database takes writes.
    pub(in crate::store) fn probe(&self, now: Timestamp) -> Result<(), Fault> {
        let mut upsert =
            self.transaction.prepare_cached("INSERT OR REPLACE INTO probe (only, at) VALUES (1, ?1)")?;
        upsert.execute([now.as_millisecond()])?;
        Ok(())
    }
}

impl Database {
    /// Whether records wait to be forgotten.
    pub(in crate::store) fn has_over(&self, now: Timestamp) -> Result<bool, Fault> {
        let mut select =
            self.connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM records WHERE keep_until <= ?1)")?;
        Ok(select.query_row([now.as_millisecond()], |row| row.get(0))?)
    }

    /// What is due at a time, the longest overdue first.
    pub(in crate::store) fn due(&self, kind: Kind, by: Timestamp, most: usize) -> Result<Vec<Key>, Fault> {
        let mut select = self.connection.prepare_cached(
            "SELECT id FROM records WHERE due_at <= ?1 AND kind = ?2 ORDER BY due_at LIMIT ?3",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let found = select
            .query_map(params![by.as_millisecond(), kind.number(), most], |row| row.get::<_, String>(0))?;
        found.map(|id| Ok(Key::new(kind, id?))).collect()
    }

    /// Every record of a kind whose time is not over, with its id, in the order of ids.
    pub(in crate::store) fn all(&self, kind: Kind, now: Timestamp) -> Result<Vec<Found>, Fault> {
        let mut select = self
            .connection
            .prepare_cached("SELECT body, keep_until, id FROM records WHERE kind = ?1 ORDER BY id")?;
        let mut rows = select.query([kind.number()])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let key = Key::new(kind, row.get::<_, String>(2)?);
            let (body, keep_until) = sealed(row)?;
            if keep_until > now {
                let record = opened(&self.seals, &key, &body, Labels::until(keep_until));
                all.push((key, record));
            }
        }
        Ok(all)
    }

    /// Opens the newest record, so that the wrong key file is told at the start and not by every request.
    pub(super) fn try_keys(&self, path: &Path) -> Result<(), OpenError> {
        let newest = newest(&self.connection)
            .map_err(|error| OpenError::Refused { path: path.to_owned(), fault: error.into() })?;
        let Some((key, body)) = newest else { return Ok(()) };
        match self.seals.keys.glance().open(&key, &body) {
            Err(seal::OpenError::LostKey(key)) if !self.seals.keys.glance().is_lost(&key) => {
                Err(OpenError::LostKey { path: path.to_owned(), key })
            }
            // One record that was changed spoils no other; whoever asks for it is told.
            Ok(_) | Err(seal::OpenError::LostKey(_) | seal::OpenError::Damaged) => Ok(()),
        }
    }
}

fn newest(connection: &Connection) -> Result<Option<(String, Sealed)>, rusqlite::Error> {
    let row =
        |row: &Row<'_>| Ok((place(row.get(0)?, &row.get::<_, String>(1)?), Sealed::from_bytes(row.get(2)?)));
    connection
        .query_row("SELECT kind, id, body FROM records ORDER BY record DESC LIMIT 1", [], row)
        .optional()
}

/// A record as it is kept; one without an end is kept for ever.
pub(super) fn sealed(row: &Row<'_>) -> Result<(Sealed, Timestamp), rusqlite::Error> {
    let keep_until: Option<i64> = row.get(1)?;
    Ok((Sealed::from_bytes(row.get(0)?), keep_until.map_or(Timestamp::MAX, millis)))
}

pub(super) fn opened(seals: &Seals, key: &Key, body: &Sealed, labels: Labels) -> Result<Record, Missed> {
    let json =
        seals.keys.glance().open(&key.place(), body).map_err(|why| Missed::Sealed(key.clone(), why))?;
    Ok(Record::kept(&json, labels))
}
