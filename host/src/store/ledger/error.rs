//! Why the ledger did not do a job.

use crate::{
    seal,
    store::{Key, fault::Fault, sqlite::Missed},
};

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Too many jobs wait; try again in a moment.
    #[error("too many requests wait for the store")]
    Busy,
    /// The ledger's thread is gone.
    #[error("the store is closed")]
    Closed,
    /// The job panicked; nothing was changed and no other job suffered.
    #[error("a job panicked")]
    Panicked,
    /// The job asked for more records without end.
    #[error("a job never had the records it asked for")]
    Restless,
    /// A record has not the form that the job expects, or was changed by somebody else.
    #[error("a record of kind `{:?}` is damaged", _0.kind())]
    Damaged(Key),
    /// A record is sealed under a key that is not in the key file.
    #[error("a record of kind `{:?}` is sealed under a key that is not there: {why}", key.kind())]
    LostKey {
        /// The record.
        key: Key,
        /// Which key.
        why: seal::OpenError,
    },
    /// The database refused; nothing was changed, but with [`Fault::Unflushed`] and [`Fault::Closed`]: then nobody knows.
    #[error(transparent)]
    Refused(#[from] Fault),
}

impl LedgerError {
    pub(in crate::store) fn sealed(key: Key, why: seal::OpenError) -> Self {
        match why {
            seal::OpenError::LostKey(_) => Self::LostKey { key, why },
            seal::OpenError::Damaged => Self::Damaged(key),
        }
    }
}

impl From<Missed> for LedgerError {
    fn from(missed: Missed) -> Self {
        match missed {
            Missed::Fault(fault) => Self::Refused(fault),
            Missed::Sealed(key, why) => Self::sealed(key, why),
        }
    }
}
