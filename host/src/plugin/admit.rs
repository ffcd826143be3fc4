//! Reads a dropped-in file the careful way: nobody else may have written it, and what is read is what is checked.

use aws_lc_rs::digest::{SHA256, digest};
use rustix::fs::{Mode, OFlags, open, openat};
use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// The largest library that is read: 64 MiB.
const LARGEST: u64 = 64 << 20;

/// A file's bytes and their SHA-256.
pub(crate) struct Admitted {
    pub(crate) bytes: Vec<u8>,
    /// In lower-case hexadecimal digits.
    pub(crate) sha256: String,
}

/// Why a file is not even looked into.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// The operating system says no.
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    /// A symbolic link could be turned to another file after the check.
    #[error("a symbolic link, which is not followed")]
    Link,
    /// A folder, a pipe, a device.
    #[error("not a regular file")]
    NotRegular,
    /// Somebody else owns it.
    #[error("{what} belongs to user {user}, neither root nor the user that runs Passrelay")]
    Owner {
        /// The file, or a folder above it.
        what: String,
        /// Whose it is.
        user: u32,
    },
    /// Somebody else may write it.
    #[error("{what} may be written by others (mode {mode:03o})")]
    Writable {
        /// The file, or a folder above it.
        what: String,
        /// Its permission bits.
        mode: u32,
    },
    /// Too large to be a library.
    #[error("{0} bytes, and no library is larger than 64 MiB")]
    TooLarge(u64),
    /// It changed while it was read.
    #[error("still being written")]
    Changing,
    /// Not the file that the configuration pins.
    #[error("its SHA-256 is {found}, the configuration pins {pinned}")]
    Pin {
        /// The file's.
        found: String,
        /// The configuration's.
        pinned: String,
    },
}

impl AdmitError {
    /// What an operator can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) | Self::NotRegular => None,
            Self::Link => Some("put the file itself into the folder"),
            Self::Owner { .. } => Some("`chown root` it, or make it the user's own that runs Passrelay"),
            Self::Writable { .. } => Some("`chmod go-w` it"),
            Self::TooLarge(_) => Some("build it with `--profile provider`"),
            Self::Changing => Some("try again when the copy is complete"),
            Self::Pin { .. } => Some("check where the file came from before changing `sha256`"),
        }
    }
}

/// Reads `name` in `folder`, refusing links and whatever others may have written.
pub(crate) fn admit(folder: &Path, name: &std::ffi::OsStr) -> Result<Admitted, AdmitError> {
    let folder = folder.canonicalize().map_err(AdmitError::Read)?;
    check_folders(&folder)?;
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = open(&folder, flags, Mode::empty()).map_err(|cause| AdmitError::Read(cause.into()))?;
    // Non-blocking: opening a pipe would otherwise wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = openat(&directory, name, flags, Mode::empty());
    let mut file = File::from(opened.map_err(|cause| match cause {
        rustix::io::Errno::LOOP => AdmitError::Link,
        cause => AdmitError::Read(cause.into()),
    })?);
    let before = file.metadata().map_err(AdmitError::Read)?;
    if !before.is_file() {
        return Err(AdmitError::NotRegular);
    }
    check_owner("the file", &before, false)?;
    if before.len() > LARGEST {
        return Err(AdmitError::TooLarge(before.len()));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(AdmitError::Read)?;
    let after = file.metadata().map_err(AdmitError::Read)?;
    let changed = (before.mtime(), before.mtime_nsec()) != (after.mtime(), after.mtime_nsec());
    if changed || after.len() != bytes.len() as u64 {
        return Err(AdmitError::Changing);
    }
    let sha256 = sha256(&bytes);
    Ok(Admitted { bytes, sha256 })
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

fn check_owner(what: &str, metadata: &std::fs::Metadata, sticky_will_do: bool) -> Result<(), AdmitError> {
    let (user, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if user != 0 && user != rustix::process::geteuid().as_raw() {
        return Err(AdmitError::Owner { what: what.to_owned(), user });
    }
    if mode & 0o022 != 0 && !(sticky_will_do && mode & 0o1000 != 0) {
        return Err(AdmitError::Writable { what: what.to_owned(), mode });
    }
    Ok(())
}
