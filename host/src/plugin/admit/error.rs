//! Why a dropped-in file is not even looked into.

use std::io;

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
    /// Too large to be what it should be.
    #[error("{bytes} bytes, and no {what}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// What none is: `library is larger than 64 MiB`.
        what: &'static str,
    },
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
            Self::Read(_) | Self::NotRegular | Self::TooLarge { .. } => None,
            Self::Link => Some("put the file itself into the folder"),
            Self::Owner { .. } => Some("`chown root` it, or make it the user's own that runs Passrelay"),
            Self::Writable { .. } => Some("`chmod go-w` it"),
            Self::Changing => Some("try again when the copy is complete"),
            Self::Pin { .. } => Some("copy it again, and check where it came from before changing `sha256`"),
        }
    }
}
