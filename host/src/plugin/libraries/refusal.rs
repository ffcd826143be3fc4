//! A file that may not be loaded, with the reason.

use std::path::{Path, PathBuf};

/// A file that may not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file.
    pub file: PathBuf,
    /// The id that its note gives, as far as it could be read.
    pub id: Option<String>,
    /// Its SHA-256 in lower-case hexadecimal digits, where it could be read.
    pub sha256: Option<String>,
    /// The reason, in one line.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Refusal {
    /// The same of the library with this id.
    pub(super) fn of(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Whether the file is, or by its name should be, the library with this id.
    pub(super) fn is_of(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id) || is_named(&self.file, id)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot use `{}`: {}", self.file.display(), self.reason)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " (hint: {hint})"))
    }
}

/// Whether a file has the name that cargo gives the library of this id.
pub(super) fn is_named(file: &Path, id: &str) -> bool {
    file.file_stem().is_some_and(|stem| stem == format!("lib{id}").as_str())
}
