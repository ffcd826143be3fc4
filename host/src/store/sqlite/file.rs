//! The store's file: private, on a disk of this machine, and one host's alone.

use super::connect;
use crate::store::fault::{Fault, OpenError};
use rustix::{
    fs::{FlockOperation, flock, statfs},
    io::Errno,
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// File systems whose locks and flushes cannot be relied on, by their number (statfs(2)).
const NETWORK: [(u64, &str); 5] =
    [(0x6969, "NFS"), (0x517b, "SMB"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB2"), (0x0102_1997, "9P")];

/// Makes the file, mode 0600, where there is none, and takes it for this process. It is given back when the answer is
/// dropped, or the process ends, however it ends.
pub(super) fn own(path: &Path) -> Result<File, OpenError> {
    let failed = |cause: io::Error| OpenError::File { path: path.to_owned(), cause };
    let opened =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = opened.map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("not a regular file")));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(OpenError::Open { path: path.to_owned(), mode });
    }
    let system = statfs(path).map_err(|cause| failed(cause.into()))?;
    let number = u64::try_from(system.f_type).unwrap_or_default() & 0xffff_ffff;
    if let Some((_, kind)) = NETWORK.iter().find(|(known, _)| *known == number) {
        return Err(OpenError::Network { path: path.to_owned(), kind });
    }
    // Not the file itself: SQLite has locks of its own on it, and closing any handle of it would drop them.
    let beside = beside(path, "-lock");
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside);
    let lock = lock.map_err(|cause| OpenError::File { path: beside, cause })?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(Errno::WOULDBLOCK) => Err(OpenError::Taken(path.to_owned())),
        Err(cause) => Err(failed(cause.into())),
    }
}

/// Copies a store into a new file, whole and as of one moment, also while a server works on it. The copy gets its name
/// only once it is complete and flushed.
///
/// # Errors
///
/// When there is no store, the copy's name is taken, or the disk does not take it.
pub fn backup(store: &Path, copy: &Path) -> Result<(), BackupError> {
    if !store.is_file() {
        return Err(BackupError::Missing(store.to_owned()));
    }
    if fs::symlink_metadata(copy).is_ok() {
        return Err(BackupError::Taken(copy.to_owned()));
    }
    let staged = beside(copy, ".part");
    let failed = |cause: io::Error| BackupError::Disk { path: copy.to_owned(), cause };
    // Made by us, so that it is ours alone from its birth; SQLite takes an empty file as none.
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&staged);
    let file = opened.map_err(failed)?;
    let copied = (|| {
        let connection = connect(store)?;
        connection.execute("VACUUM INTO ?1", [staged.as_os_str().to_string_lossy()])?;
        Ok::<_, Fault>(())
    })();
    let finished = copied.map_err(BackupError::Store).and_then(|()| {
        file.sync_all().map_err(failed)?;
        fs::rename(&staged, copy).map_err(failed)?;
        let folder = copy.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed)
    });
    if finished.is_err() {
        // What is left of it, if anything, is no backup and says so by its name.
        let _removed = fs::remove_file(&staged);
    }
    finished
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no store of that name.
    #[error("there is no store `{}` yet", .0.display())]
    Missing(PathBuf),
    /// Something has that name already.
    #[error("`{}` exists already\nhint: name a new file", .0.display())]
    Taken(PathBuf),
    /// The store cannot be read, or the copy not be written.
    #[error(transparent)]
    Store(Fault),
    /// The copy cannot be written.
    #[error("cannot write `{}`: {cause}", path.display())]
    Disk {
        /// The copy.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}

/// A file beside another: its name with something after it.
fn beside(path: &Path, with: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(with);
    name.into()
}
