//! The schema's history: each step once, in order, all or none.

use crate::store::fault::{Fault, OpenError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// What tells our databases from others' (SQLite's `application_id`): "PRLY".
const OURS: i64 = 0x5052_4c59;

/// Every step, oldest first. A step that was released is never changed: another follows it.
const STEPS: [&str; 2] = [include_str!("../schema/1.sql"), include_str!("../schema/2.sql")];

/// Takes the steps that a database has not taken yet.
pub(super) fn bring_up(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let refused = |fault: Fault| OpenError::Refused { path: path.to_owned(), fault };
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found = version(connection).map_err(|error| refused(error.into()))?;
    let ours = mark(connection).map_err(|error| refused(error.into()))? == OURS;
    if found > 0 && !ours || found == 0 && !is_empty(connection).map_err(|error| refused(error.into()))? {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    if found < known {
        take(connection, usize::try_from(found).unwrap_or(0), known)
            .map_err(|error| refused(error.into()))?;
    }
    Ok(())
}

fn take(connection: &mut Connection, taken: usize, known: i64) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", OURS)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()
}

pub(super) fn version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether a database is a store of ours, of whichever schema.
pub(super) fn is_ours(connection: &Connection) -> Result<bool, rusqlite::Error> {
    Ok(version(connection)? > 0 && mark(connection)? == OURS)
}

fn mark(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

fn is_empty(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_gets_every_step_and_an_old_one_what_it_lacks() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        bring_up(&mut connection, path).unwrap();
        assert_eq!(usize::try_from(version(&connection).unwrap()), Ok(STEPS.len()));
        connection.execute("INSERT INTO probe VALUES (1, 7)", []).unwrap();
        bring_up(&mut connection, path).unwrap();
        let kept: i64 = connection.query_row("SELECT at FROM probe", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 7);
    }

    #[test]
    fn a_newer_or_a_foreign_database_is_left_alone() {
        let path = Path::new("x.db");
        let mut newer = Connection::open_in_memory().unwrap();
        bring_up(&mut newer, path).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        let told = bring_up(&mut newer, path).unwrap_err().to_string();
        assert!(
            told.starts_with("the store `x.db` is of a newer passrelay (schema 99; this one knows"),
            "{told}"
        );
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(bring_up(&mut foreign, path), Err(OpenError::Foreign(_))));
        foreign.pragma_update(None, "user_version", 1).unwrap();
        assert!(matches!(bring_up(&mut foreign, path), Err(OpenError::Foreign(_))));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_of_itself() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE probe (x)").unwrap();
        take(&mut connection, 0, 1).unwrap_err();
        assert_eq!(version(&connection).unwrap(), 0);
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 1);
    }
}
