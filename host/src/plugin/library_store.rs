//! STUB, being written elsewhere: do not edit; code against these signatures.

use provider_api::Manifest;
use std::path::PathBuf;

/// The libraries found in the configured folders: those that may be loaded, and those refused with the reason.
#[derive(Debug, Default)]
pub struct Libraries {
    found: Vec<LibraryInfo>,
    refused: Vec<Refusal>,
}

impl Libraries {
    /// The library with this id.
    pub fn by_id(&self, id: &str) -> Option<&LibraryInfo> {
        self.found.iter().find(|library| library.manifest.id == id)
    }

    /// Every library that may be loaded.
    pub fn found(&self) -> &[LibraryInfo] {
        &self.found
    }

    /// Every file that may not, with the reason.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }
}

/// A library that was inspected and tried.
#[derive(Debug, Clone)]
pub struct LibraryInfo {
    /// The file it was dropped in as.
    pub file: PathBuf,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// What it says of itself, with the schema of its configuration.
    pub manifest: Manifest,
}

/// A file that may not be loaded.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The file.
    pub file: PathBuf,
    /// The reason, in one line.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
}
