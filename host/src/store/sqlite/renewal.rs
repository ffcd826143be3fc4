//! Records that are sealed or named under an older key of the server: found in bounded pieces, and sealed anew.

use super::{Batch, Database};
use crate::{
    seal::Sealed,
    store::{Key, Kind, fault::Fault},
};
use rusqlite::{OptionalExtension as _, Row, params};

/// The bytes of a sealed body that say under which key: one for the length of its id, and at most 32.
const PREFIX: usize = 33;

/// Where a look through all records has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store) struct Walked(i64);

/// Records, by their place in the table, whose body is not sealed under the newest key.
#[derive(Debug, Default)]
pub(in crate::store) struct Stale(Vec<i64>);

impl Stale {
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Database {
    /// Looks at this many records and says which of them are sealed under an older key, and where to go on if there may be
    /// more. What is written meanwhile is sealed under the newest.
    pub(in crate::store) fn stale(
        &self,
        Walked(from): Walked,
        most: usize,
    ) -> Result<(Stale, Option<Walked>), Fault> {
        let mut select = self.connection.prepare_cached(
            "SELECT record, substr(body, 1, ?3) FROM records WHERE record > ?1 ORDER BY record LIMIT ?2",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let prefix = i64::try_from(PREFIX).unwrap_or(i64::MAX);
        let mut rows = select.query(params![from, most, prefix])?;
        let (mut stale, mut looked, mut last) = (Stale::default(), 0, from);
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            looked += 1;
            if !self.seals.keys.glance().is_newest(&Sealed::from_bytes(row.get(1)?)) {
                stale.0.push(last);
            }
        }
        Ok((stale, (looked == most).then_some(Walked(last))))
    }

    /// The records of a kind that are named under another key than the newest, after this name; at most this many.
    pub(in crate::store) fn named_under_older(
        &self,
        kind: Kind,
        after: &str,
        most: usize,
    ) -> Result<Vec<Key>, Fault> {
        let newest = self.seals.keys.glance().newest().id().to_owned();
        let mut select = self.connection.prepare_cached(
            "SELECT id FROM records WHERE kind = ?1 AND id > ?2 AND (id < ?3 OR id >= ?4) ORDER BY id LIMIT ?5",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        // `/` is what follows the dot; names under one key stand together.
        let (first, end) = (format!("{newest}."), format!("{newest}/"));
        let found = select
            .query_map(params![kind.number(), after, first, end, most], |row| row.get::<_, String>(0))?;
        found.map(|id| Ok(Key::new(kind, id?))).collect()
    }

    /// Seals these anew in one transaction; says how many. One that cannot be opened is left as it is.
    pub(in crate::store) fn renew(&mut self, stale: &Stale) -> Result<usize, Fault> {
        let transaction = self.begin()?;
        let renewed = transaction.renew(stale)?;
        if renewed > 0 {
            transaction.commit()?;
        }
        Ok(renewed)
    }
}

impl Batch<'_> {
    fn renew(&self, stale: &Stale) -> Result<usize, Fault> {
        let mut select =
            self.transaction.prepare_cached("SELECT kind, id, body FROM records WHERE record = ?1")?;
        let mut update = self.transaction.prepare_cached("UPDATE records SET body = ?2 WHERE record = ?1")?;
        let read = |row: &Row<'_>| {
            let place = format!("record {}/{}", row.get::<_, i64>(0)?, row.get::<_, String>(1)?);
            Ok((place, Sealed::from_bytes(row.get(2)?)))
        };
        let mut renewed = 0;
        for record in &stale.0 {
            // It may be gone, or written anew, since it was found.
            let Some((place, body)) = select.query_row([record], read).optional()? else { continue };
            if self.seals.keys.glance().is_newest(&body) {
                continue;
            }
            // Whoever asks for it is told.
            let Ok(text) = self.seals.keys.glance().open(&place, &body) else { continue };
            let body = self.seals.keys.glance().seal(&place, &text, &self.seals.chance);
            update.execute(params![record, body.as_bytes()])?;
            renewed += 1;
        }
        Ok(renewed)
    }
}
