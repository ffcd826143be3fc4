//! The store's file: private, on a disk of this machine, and one host's alone.

use crate::store::fault::OpenError;
use rustix::{
    fs::{FlockOperation, flock, statfs},
    io::Errno,
};
use std::{
    fs::{File, OpenOptions},
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

/// A file beside another: its name with something after it.
pub(super) fn beside(path: &Path, with: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(with);
    name.into()
}
