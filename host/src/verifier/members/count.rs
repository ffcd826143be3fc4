//! How many members an application has stored: counted in the job that stores or forgets one, so it is exact and costs no look
//! through them.

use crate::store::{Changes, Key, Kind, Stop, View};
use jiff::Timestamp;

/// The record of an application's count.
pub(in crate::verifier) fn key(application: &str) -> Key {
    Key::new(Kind::Count, format!("members {application}"))
}

/// How many it has.
pub(in crate::verifier) fn read(view: &View<'_>, application: &str) -> Result<u32, Stop> {
    Ok(view.read(&key(application))?.unwrap_or(0))
}

/// Keeps how many it has from now on.
pub(in crate::verifier) fn keep(changes: &mut Changes, application: &str, count: u32) -> Result<(), Stop> {
    if count == 0 {
        changes.remove(key(application));
        return Ok(());
    }
    changes.put(key(application), &count, Timestamp::MAX)
}
