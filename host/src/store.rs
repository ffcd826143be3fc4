//! The ledger: jobs from many requests, applied in order, one batch a commit, durable in SQLite.

mod batch;
mod fault;
mod kept;
mod key;
mod ledger;
#[cfg(test)]
mod model;
mod moved;
mod recent;
mod record;
mod sqlite;
mod view;

pub use fault::{Fault, OpenError};
pub use key::{Key, Kind};
#[cfg(test)]
pub(crate) use ledger::tests::{all_at_once, in_memory, parts};
pub use ledger::{Ledger, LedgerError, LedgerParts, Tended};
pub use record::Readable;
pub use sqlite::{BackupError, Filter, Hanging, Listed, Look, Need, backup, look};
pub use view::{Changes, Done, Labels, Stop, View};
