//! The database: one file that one host owns, written by one thread.

mod backup;
mod file;
mod flush;
mod hanging;
mod listing;
mod look;
mod migrate;
mod records;
mod renewal;

pub use backup::{BackupError, backup};
pub(super) use flush::Log;
pub use hanging::{Hanging, Need};
pub(super) use listing::listed;
pub use listing::{Filter, Listed};
pub use look::{Look, look};
pub(super) use records::{Found, Missed};
pub(super) use renewal::{Stale, Walked};

use super::fault::{Fault, OpenError};
use crate::seal::{Chance, KeyRing};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::{fs::File, path::Path, time::Duration};

/// How long a batch waits for a lock that another program holds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prepared statements that are kept.
const STATEMENTS: usize = 64;

/// An open database with what its records are sealed under.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    seals: Seals,
    /// What has to be flushed before a commit is durable; nothing for one in memory.
    log: Option<Log>,
    /// Held as long as the database is open.
    _owned: Option<File>,
}

/// What records are sealed and opened with.
#[derive(Debug, Clone)]
pub(super) struct Seals {
    pub(super) keys: KeyRing,
    pub(super) chance: Chance,
}

impl Database {
    /// Opens the file, makes it where there is none, and brings it to the newest schema.
    pub(super) fn open(path: &Path, seals: Seals, now: Timestamp) -> Result<Self, OpenError> {
        let owned = file::own(path)?;
        let refused = |fault| OpenError::Refused { path: path.to_owned(), fault };
        let mut connection = connect(path).map_err(refused)?;
        migrate::bring_up(&mut connection, path)?;
        let log = Log::of(path).map_err(|cause| OpenError::File { path: path.to_owned(), cause })?;
        let database = Self { connection, seals, log: Some(log), _owned: Some(owned) };
        database.try_keys(path)?;
        database.try_older_keys(path, now)?;
        Ok(database)
    }

    /// A database that is gone with the process.
    pub(super) fn in_memory(seals: Seals) -> Result<Self, OpenError> {
        let path = Path::new("memory:");
        let refused =
            |error: rusqlite::Error| OpenError::Refused { path: path.to_owned(), fault: error.into() };
        let mut connection = Connection::open_in_memory().map_err(refused)?;
        settle(&connection).map_err(refused)?;
        migrate::bring_up(&mut connection, path)?;
        Ok(Self { connection, seals, log: None, _owned: None })
    }

    /// A second connection to the same file, for questions beside the writer; none for one in memory.
    pub(super) fn reader(&self, path: &Path) -> Result<Self, OpenError> {
        let refused = |fault| OpenError::Refused { path: path.to_owned(), fault };
        let connection = connect(path).map_err(refused)?;
        connection.pragma_update(None, "query_only", true).map_err(|error| refused(error.into()))?;
        Ok(Self { connection, seals: self.seals.clone(), log: self.log.clone(), _owned: None })
    }

    /// Writes the log back into the file, which then is the whole store.
    pub(super) fn write_back(&self) -> Result<(), Fault> {
        let busy: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy == 0 { Ok(()) } else { Err(Fault::Locked("somebody still reads the store".to_owned())) }
    }

    /// Writes as much of the log back as nobody reads any more, beside whoever writes; says how many pages came to it
    /// meanwhile.
    pub(super) fn write_back_some(&self) -> Result<u32, Fault> {
        let pages = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (all, written_back) = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], pages)?;
        Ok(u32::try_from(all - written_back).unwrap_or_default())
    }

    /// What has to be flushed before a commit is durable; nothing for one in memory.
    pub(super) fn log(&self) -> Option<Log> {
        self.log.clone()
    }

    /// Waits until the disk has all that was committed, by whomever.
    pub(super) fn flush(&self) -> Result<(), Fault> {
        self.log.as_ref().map_or(Ok(()), Log::flush)
    }

    /// The same with this log to be flushed.
    #[cfg(test)]
    pub(super) fn with_log(self, log: Log) -> Self {
        Self { log: Some(log), ..self }
    }

    /// Lets the file grow to this many pages and no further, as a full disk would.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, most: u32) -> Result<(), Fault> {
        Ok(self.connection.pragma_update(None, "max_page_count", most)?)
    }

    /// Begins a transaction that will write: rolled back unless it is committed.
    pub(super) fn begin(&mut self) -> Result<Batch<'_>, Fault> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Batch { transaction, seals: &self.seals })
    }
}

/// A transaction: what it read is as the last one left it, what it writes is kept at once or not at all.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    transaction: Transaction<'a>,
    seals: &'a Seals,
}

impl Batch<'_> {
    /// Keeps everything: it survives the process from now on, and a loss of power once the log is flushed.
    pub(super) fn commit(self) -> Result<(), Fault> {
        Ok(self.transaction.commit()?)
    }
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // Every commit is flushed before it is acknowledged, by `ledger::flusher`; with `normal` SQLite itself flushes where the
    // order of writes matters, so the file is whole whenever the power goes. The log is written back by `ledger::upkeep`;
    // only where that does not come to it for 64 MiB, a commit does it.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "wal_autocheckpoint", 16_000)?;
    settle(&connection)?;
    Ok(connection)
}

fn settle(connection: &Connection) -> Result<(), rusqlite::Error> {
    // 8 MiB: what is read often, and no more than a commit looks through in a moment. The rest is in the system's cache.
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}
