//! How many of something an application has stored: counted in the job that stores or forgets one, so it is exact and costs no
//! look through them.

use crate::store::{Changes, Key, Kind, Stop, View};
use jiff::Timestamp;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Members,
    Entities,
}

/// The record of an application's count.
pub(super) fn key(counted: Counted, application: &str) -> Key {
    // These stand in databases.
    let what = match counted {
        Counted::Members => "members",
        Counted::Entities => "entities",
    };
    Key::new(Kind::Count, format!("{what} {application}"))
}

/// How many it has.
pub(super) fn read(view: &View<'_>, counted: Counted, application: &str) -> Result<u32, Stop> {
    Ok(view.read(&key(counted, application))?.unwrap_or(0))
}

/// Keeps how many it has from now on.
pub(super) fn keep(
    changes: &mut Changes,
    counted: Counted,
    application: &str,
    count: u32,
) -> Result<(), Stop> {
    let key = key(counted, application);
    if count == 0 {
        changes.remove(key);
        return Ok(());
    }
    changes.put(key, &count, Timestamp::MAX)
}
