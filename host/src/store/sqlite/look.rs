//! A look into a store from beside: whether it is whole, while a server may work on it.

use super::{
    hanging::{Hanging, hanging},
    migrate,
};
use crate::store::fault::Fault;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// What a look into a store's file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Its schema.
    pub schema: i64,
    /// How many records it holds.
    pub records: i64,
    /// What hangs on each key of the server.
    pub hanging: Vec<Hanging>,
    /// What SQLite's check of the whole file found wrong, if anything.
    pub wrong: Option<String>,
}

/// Looks into a store without changing anything in it.
///
/// # Errors
///
/// When it cannot be read, or is no store of ours.
pub fn look(path: &Path, now: Timestamp) -> Result<Look, Fault> {
    // Not read-only: beside a server that is gone its log has to be read as well, which writes its index.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(super::PATIENCE)?;
    let schema = migrate::version(&connection)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let records = connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))?;
    let hanging = hanging(&connection, now)?;
    Ok(Look { schema, records, hanging, wrong: (found != "ok").then_some(found) })
}
