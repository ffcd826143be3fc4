//! Why a database does not do what it is asked, sorted by what an operator can do.

use rusqlite::{Error, ErrorCode};
use std::{io, path::PathBuf};

/// Why the database took or gave nothing. Nothing was changed, but with `Unflushed`; the next try may succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no room for more.
    #[error("the store's disk is full ({0})\nhint: make room; writing goes on by itself")]
    Full(String),
    /// Another program holds it.
    #[error("another program keeps the store locked ({0})\nhint: end it; writing goes on by itself")]
    Locked(String),
    /// What stands in it is no longer what was written.
    #[error("the store is damaged ({0})\nhint: stop the server and put a backup in its place")]
    Corrupt(String),
    /// The disk does not do its work.
    #[error("the store's disk fails ({0})\nhint: see the system's log")]
    Failing(String),
    /// The disk said that it did not keep what it had been given: what it holds nobody knows until the next start.
    #[error(
        "the store's disk did not keep what was written ({0})\nhint: see the system's log, then start the server again"
    )]
    Unflushed(String),
    /// Nobody works on it any more.
    #[error("the store is closed\nhint: start the server again")]
    Closed,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let said = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(said),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(said),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(said),
            _ => Self::Failing(said),
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made or opened.
    #[error("cannot open the store `{}`: {cause}\nhint: its folder must exist and be writable", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Others than its owner may read or write it.
    #[error("the store `{0}` is open to others (mode {mode:04o})\nhint: chmod 600 {0}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another Passrelay works on it.
    #[error(
        "the store `{}` is in use by another passrelay\nhint: end that one; one store serves one host",
        .0.display()
    )]
    Taken(PathBuf),
    /// It lies on a file system over a network, where locks and flushes cannot be relied on.
    #[error(
        "the store `{}` lies on a network file system ({kind}), which may lose what was acknowledged\nhint: put it \
         on a disk of this machine",
        path.display()
    )]
    Network {
        /// The file.
        path: PathBuf,
        /// Which kind.
        kind: &'static str,
    },
    /// It is a database of something else.
    #[error("`{}` is no store of passrelay's\nhint: name another file in `store.url`", .0.display())]
    Foreign(PathBuf),
    /// A newer Passrelay wrote it.
    #[error(
        "the store `{}` is of a newer passrelay (schema {found}; this one knows {known})\nhint: update passrelay, or \
         put the backup from before the update in its place",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema that it has.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// The database refuses.
    #[error("cannot use the store `{}`: {fault}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        fault: Fault,
    },
    /// Its records are sealed under keys that the key file does not hold.
    #[error(
        "the store `{}` was sealed under key `{key}`, which is not in the key file\nhint: put the key file that \
         belongs to this store back",
        path.display()
    )]
    LostKey {
        /// The file.
        path: PathBuf,
        /// The key's id.
        key: String,
    },
    /// Records still need a key that was taken out of the key file.
    #[error(
        "key `{key}` is not in the key file, and the store `{}` still needs it ({records} records)\nhint: put its line \
         back; `passrelay doctor` says when it may go, and a line `lost {key}` in its place that it is lost for good",
        path.display()
    )]
    NeededKey {
        /// The file.
        path: PathBuf,
        /// The key's id.
        key: String,
        /// How many records need it, at least.
        records: u64,
    },
    /// The system gives no thread.
    #[error("cannot start the store's thread: {0}")]
    Thread(#[source] io::Error),
}
