//! Reads a dropped-in file the careful way: nobody else may have written it, and what is read is what is checked.

mod error;

use aws_lc_rs::digest::{SHA256, digest};
pub use error::AdmitError;
use rustix::fs::{Mode, OFlags, open, openat};
use std::{
    ffi::OsStr,
    fs::{File, Metadata},
    io::Read,
    os::{fd::OwnedFd, unix::fs::MetadataExt},
    path::Path,
};

/// A file's bytes and their SHA-256.
pub(crate) struct Admitted {
    pub(crate) bytes: Vec<u8>,
    /// In lower-case hexadecimal digits.
    pub(crate) sha256: String,
}

/// What a file should be: how large one may be, and the words for one that is larger.
#[derive(Clone, Copy)]
pub(crate) struct Kind(u64, &'static str);

/// A library.
pub(crate) const LIBRARY: Kind = Kind(64 << 20, "library is larger than 64 MiB");

/// The signature beside it.
pub(crate) const SIGNATURE: Kind = Kind(4 << 10, "signature is larger than 4 KiB");

/// A folder that files are read from.
pub(crate) struct Folder(OwnedFd);

/// A file of it that is neither a link nor anything but a file; whose it is was not asked yet.
pub(crate) struct Opened {
    file: File,
    metadata: Metadata,
}

impl Folder {
    /// Opens the folder of a file, if nobody else could change it, with its whole path.
    pub(crate) fn trusted(folder: &Path) -> Result<Self, AdmitError> {
        let folder = folder.canonicalize().map_err(AdmitError::Read)?;
        check_folders(&folder)?;
        Self::untrusted(&folder)
    }

    /// Opens it whoever could change it: for those who only look.
    pub(crate) fn untrusted(folder: &Path) -> Result<Self, AdmitError> {
        let folder = folder.canonicalize().map_err(AdmitError::Read)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        open(&folder, flags, Mode::empty()).map(Self).map_err(|cause| AdmitError::Read(cause.into()))
    }

    /// Opens one of its files.
    pub(crate) fn open(&self, name: &OsStr) -> Result<Opened, AdmitError> {
        // Non-blocking: opening a pipe would otherwise wait for its writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name, flags, Mode::empty()).map_err(|cause| match cause {
            rustix::io::Errno::LOOP => AdmitError::Link,
            cause => AdmitError::Read(cause.into()),
        })?);
        let metadata = file.metadata().map_err(AdmitError::Read)?;
        if metadata.is_file() { Ok(Opened { file, metadata }) } else { Err(AdmitError::NotRegular) }
    }

    /// The bytes of a file that nobody else may have written.
    pub(crate) fn read(&self, name: &OsStr, kind: Kind) -> Result<Vec<u8>, AdmitError> {
        let opened = self.open(name)?;
        check_owner("the file", &opened.metadata, false)?;
        opened.read(kind)
    }

    /// A library, read and hashed.
    pub(crate) fn admit(&self, name: &OsStr) -> Result<Admitted, AdmitError> {
        self.read(name, LIBRARY).map(Admitted::of)
    }
}

impl Admitted {
    /// Hashes what was read.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { sha256: sha256(&bytes), bytes }
    }
}

impl Opened {
    /// Whose it is, and its permission bits.
    pub(crate) fn owner(&self) -> (u32, u32) {
        (self.metadata.uid(), self.metadata.mode() & 0o7777)
    }

    /// Its size.
    pub(crate) fn size(&self) -> u64 {
        self.metadata.len()
    }

    /// Its bytes, unless they are too many or change meanwhile.
    pub(crate) fn read(mut self, Kind(most, what): Kind) -> Result<Vec<u8>, AdmitError> {
        if self.size() > most {
            return Err(AdmitError::TooLarge { bytes: self.size(), what });
        }
        let mut bytes = Vec::new();
        self.file.by_ref().take(most + 1).read_to_end(&mut bytes).map_err(AdmitError::Read)?;
        let after = self.file.metadata().map_err(AdmitError::Read)?;
        let times = |metadata: &Metadata| (metadata.mtime(), metadata.mtime_nsec());
        if times(&self.metadata) != times(&after) || after.len() != bytes.len() as u64 {
            return Err(AdmitError::Changing);
        }
        Ok(bytes)
    }
}

/// The SHA-256 in lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digit = |number: u8| char::from_digit(u32::from(number), 16).unwrap_or('?');
    digest(&SHA256, bytes).as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Refuses a folder, with its whole path, that others could change: the folder itself strictly; those above it may be writable by others where the sticky bit keeps ours in place.
pub(crate) fn check_folders(folder: &Path) -> Result<(), AdmitError> {
    for (height, folder) in folder.ancestors().enumerate() {
        let metadata = folder.metadata().map_err(AdmitError::Read)?;
        check_owner(&format!("the folder `{}`", folder.display()), &metadata, height > 0)?;
    }
    Ok(())
}

fn check_owner(what: &str, metadata: &Metadata, sticky_will_do: bool) -> Result<(), AdmitError> {
    let (user, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if user != 0 && user != rustix::process::geteuid().as_raw() {
        return Err(AdmitError::Owner { what: what.to_owned(), user });
    }
    if mode & 0o022 != 0 && !(sticky_will_do && mode & 0o1000 != 0) {
        return Err(AdmitError::Writable { what: what.to_owned(), mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Write};

    /// A copy that is on its way is told from one that is complete and no good.
    #[test]
    fn a_file_that_changes_while_it_is_read_is_still_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("libx.so");
        fs::write(&file, b"begun").unwrap();
        let opened = || Folder::untrusted(folder.path()).unwrap().open(OsStr::new("libx.so")).unwrap();
        assert_eq!(opened().read(LIBRARY).unwrap(), b"begun");

        let before = opened();
        fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b" and gone on").unwrap();
        assert!(matches!(before.read(LIBRARY), Err(AdmitError::Changing)), "it has grown");

        let before = opened();
        let long_ago = std::time::UNIX_EPOCH;
        fs::OpenOptions::new().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
        assert!(matches!(before.read(LIBRARY), Err(AdmitError::Changing)), "its bytes are others, or may be");
    }
}
