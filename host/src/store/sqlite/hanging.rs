//! What hangs on each key of the server: what is sealed under it, and what is named or derived under it.

use super::Database;
use crate::{
    clock::millis,
    seal::Key,
    store::{
        Kind,
        fault::{Fault, OpenError},
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::path::Path;

/// The id of the key in a sealed body: after one byte that is its length.
const SEALED: &str = "CAST(substr(body, 2, unicode(CAST(substr(body, 1, 1) AS TEXT))) AS TEXT)";

/// The name that says which key a record hangs on besides its seal: that of the person whom a verification or a delivery is
/// about (its code is derived under the same key), its own with others. Applications and counts have none.
const NAME: &str = "CASE WHEN kind IN (1, 2) THEN person WHEN kind NOT IN (6, 9) THEN id END";

/// Records that need a key of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hanging {
    /// The key's id.
    pub key: String,
    /// What they need it for.
    pub by: Need,
    /// How many they are.
    pub records: u64,
    /// When the last of them is forgotten; `None`: they stay.
    pub until: Option<Timestamp>,
}

/// What a record needs a key of the server for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To be opened, whatever it is.
    Seal,
    /// To be found, or because something is derived or proved under it.
    Name(Kind),
}

/// Everything that hangs on any key and is not over.
pub(super) fn hanging(connection: &Connection, now: Timestamp) -> Result<Vec<Hanging>, rusqlite::Error> {
    let alive = "(keep_until IS NULL OR keep_until > ?1)";
    let counted = "count(*), iif(count(*) = count(keep_until), max(keep_until), NULL)";
    let sealed = format!("SELECT NULL, {SEALED} AS key, {counted} FROM records WHERE {alive} GROUP BY key");
    let named = format!(
        "SELECT kind, substr(name, 1, instr(name, '.') - 1) AS key, {counted}
         FROM (SELECT kind, keep_until, {NAME} AS name FROM records WHERE {alive})
         WHERE instr(name, '.') > 1 AND name NOT LIKE '>%' GROUP BY kind, key"
    );
    let mut all = Vec::new();
    for select in [sealed, named] {
        let mut select = connection.prepare(&select)?;
        let mut rows = select.query(params![now.as_millisecond()])?;
        while let Some(row) = rows.next()? {
            let by = match row.get::<_, Option<u8>>(0)? {
                None => Need::Seal,
                Some(number) => match Kind::numbered(number) {
                    Some(kind) => Need::Name(kind),
                    None => continue,
                },
            };
            let (records, until): (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
            let (records, until) = (u64::try_from(records).unwrap_or_default(), until.map(millis));
            all.push(Hanging { key: row.get(1)?, by, records, until });
        }
    }
    Ok(all)
}

impl Database {
    /// Notes the keys that records may hang on from now on.
    pub(in crate::store) fn note_keys<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
        let mut insert = self.connection.prepare("INSERT OR IGNORE INTO server_keys (id) VALUES (?1)")?;
        for id in ids {
            insert.execute([id])?;
        }
        Ok(())
    }

    /// Says if records need a key that is not in the key file; of one that nothing needs any more nothing is kept. Looks
    /// through the records only if a key has left the file since.
    pub(super) fn try_older_keys(&self, path: &Path, now: Timestamp) -> Result<(), OpenError> {
        let keys = &self.seals.keys.now();
        let refused = |fault: Fault| OpenError::Refused { path: path.to_owned(), fault };
        let gone = self.noted().map_err(|error| refused(error.into()))?;
        let gone: Vec<String> = gone.into_iter().filter(|id| keys.by_id(id).is_none()).collect();
        if !gone.is_empty() {
            let hanging = hanging(&self.connection, now).map_err(|error| refused(error.into()))?;
            for id in gone.iter().filter(|id| !keys.is_lost(id)) {
                let needs: Vec<&Hanging> = hanging.iter().filter(|hanging| hanging.key == **id).collect();
                if let Some(most) = needs.iter().map(|hanging| hanging.records).max() {
                    let (path, key) = (path.to_owned(), id.clone());
                    return Err(OpenError::NeededKey { path, key, records: most });
                }
                self.connection
                    .execute("DELETE FROM server_keys WHERE id = ?1", [id])
                    .map_err(|error| refused(error.into()))?;
            }
        }
        self.note_keys(keys.newest_first().map(Key::id)).map_err(refused)
    }

    fn noted(&self) -> Result<Vec<String>, rusqlite::Error> {
        let mut select = self.connection.prepare("SELECT id FROM server_keys")?;
        let ids = select.query_map([], |row| row.get(0))?;
        ids.collect()
    }
}
