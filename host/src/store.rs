//! The ledger: jobs from many requests, applied in order, one batch a commit.

mod batch;
mod key;
mod ledger;
mod memory;
mod view;

pub use key::{Key, Kind};
pub use ledger::{Ledger, LedgerError};
pub use view::{Changes, Done, Stop, View};
