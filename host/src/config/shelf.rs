//! The libraries as the configuration sees them: which there are, and why others are not.

use super::suggestion;
use crate::plugin::{Libraries, Refusal, only_canaries};
use provider_api::{Channel, Manifest};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// The libraries that were found, and the files that were refused.
pub(super) struct Shelf<'a> {
    found: BTreeMap<&'a str, &'a Manifest>,
    /// By the hashes of their files.
    canaries: BTreeMap<&'a str, &'a Manifest>,
    /// Those that are not in Rust.
    in_c: BTreeSet<&'a str>,
    refused: &'a [Refusal],
    directories: &'a [PathBuf],
}

impl<'a> Shelf<'a> {
    /// What was found and refused in these folders.
    pub(super) fn new(
        found: impl IntoIterator<Item = &'a Manifest>,
        refused: &'a [Refusal],
        directories: &'a [PathBuf],
    ) -> Self {
        let found = found.into_iter().map(|manifest| (manifest.id.as_str(), manifest)).collect();
        Self { found, canaries: BTreeMap::new(), in_c: BTreeSet::new(), refused, directories }
    }

    /// The same with another file of a library, which has this hash.
    #[must_use]
    pub(super) fn with_canary(mut self, sha256: &'a str, manifest: &'a Manifest) -> Self {
        self.canaries.insert(sha256, manifest);
        self
    }

    /// What the host found in these folders.
    pub(super) fn of(libraries: &'a Libraries, directories: &'a [PathBuf]) -> Self {
        let found = libraries.found().iter().map(|library| &library.manifest);
        let in_c = libraries.found().iter().filter(|library| library.is_unguarded);
        let in_c = in_c.map(|library| library.manifest.id.as_str());
        let shelf = Self::new(found, libraries.refused(), directories).with_c(in_c);
        let canaries = libraries.canaries().iter();
        canaries.fold(shelf, |shelf, library| shelf.with_canary(&library.sha256, &library.manifest))
    }

    /// What a library's canary with this hash says of itself.
    pub(super) fn canary(&self, library: &str, sha256: &str) -> Option<&'a Manifest> {
        self.canaries.get(sha256).copied().filter(|manifest| manifest.id == library)
    }

    /// The same, where these libraries are not in Rust.
    #[must_use]
    pub(super) fn with_c(self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self { in_c: ids.into_iter().collect(), ..self }
    }

    /// Whether a library is not in Rust, so that it runs in a process of its own only.
    pub(super) fn is_in_c(&self, library: &str) -> bool {
        self.in_c.contains(library)
    }

    /// What a library says of itself.
    pub(super) fn manifest(&self, library: &str) -> Option<&'a Manifest> {
        self.found.get(library).copied()
    }

    /// Whether a library delivers on a channel; `None` if the library is not there to be asked.
    pub(super) fn serves(&self, library: &str, channel: &Channel) -> Option<bool> {
        self.manifest(library).map(|manifest| manifest.serves(channel))
    }

    /// Why a library is not there, and what to do about it.
    pub(super) fn absence(&self, library: &str) -> (String, Option<String>) {
        let names = [format!("lib{library}"), library.to_owned()];
        let is_it = |refusal: &&Refusal| match (&refusal.id, refusal.file.file_stem()) {
            (Some(id), _) => id == library,
            // What cannot be read as far as its id is known by the file's name alone.
            (None, stem) => stem.is_some_and(|stem| names.iter().any(|name| stem == name.as_str())),
        };
        if let Some(refusal) = self.refused.iter().find(is_it) {
            let file = refusal.file.display();
            return (format!("its library `{file}` was refused: {}", refusal.reason), refusal.hint.clone());
        }
        if self.canaries.values().any(|manifest| manifest.id == library) {
            let hint = "put its own file back, or change the `sha256` that pins it";
            return (only_canaries(library), Some(hint.to_owned()));
        }
        let meant = suggestion::nearest(library, self.found.keys().copied());
        let hint = match (meant, self.directories.first()) {
            (Some(meant), _) => Some(format!("did you mean `library = \"{meant}\"`?")),
            (None, Some(folder)) => Some(format!("put `lib{library}.so` into `{}`", folder.display())),
            (None, None) => None,
        };
        (format!("there is no library `{library}`"), hint)
    }
}
