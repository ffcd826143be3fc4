//! Which files of the folders are to be tried, and as what: a library's own, or a provider's canary.

use super::{Inspected, Libraries, LibrarySettings, Refusal, inspect};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A file that passed its inspection, and what it is to be.
pub(super) struct Candidate {
    pub(super) file: PathBuf,
    pub(super) library: Inspected,
    pub(super) is_canary: bool,
}

impl Libraries {
    /// The files that passed the inspection; of two with one id neither is taken, for nobody knows which was meant.
    ///
    /// But for those whose hash says that they are canaries. A canary is what its providers run once it is the only file
    /// of its library, unless they are pinned to another: a new version is taken for good by removing the old one. A
    /// file that is no good is a file all the same.
    pub(super) fn candidates(&mut self, settings: &LibrarySettings) -> Vec<Candidate> {
        let mut by_id: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for folder in &settings.directories {
            for file in self.files(folder, &settings.copies) {
                match inspect(&file, settings) {
                    Ok(library) => {
                        let (id, is_canary) = (library.id().to_owned(), library.is_canary(settings));
                        by_id.entry(id).or_default().push(Candidate { file, library, is_canary });
                    }
                    Err(refusal) => self.refused.push(*refusal),
                }
            }
        }
        let mut candidates = Vec::new();
        for (id, files) in by_id {
            let (mut canaries, mut others): (Vec<Candidate>, Vec<Candidate>) =
                files.into_iter().partition(|file| file.is_canary);
            // The same bytes twice are one file.
            canaries.sort_by(|a, b| a.library.sha256().cmp(b.library.sha256()));
            canaries.dedup_by(|a, b| a.library.sha256() == b.library.sha256());
            let is_free =
                |canary: &Candidate| settings.pinned_to_another(&id, canary.library.sha256()).is_none();
            if let [canary] = &mut canaries[..]
                && others.is_empty()
                && !self.refused.iter().any(|refusal| refusal.is_of(&id))
            {
                canary.is_canary = !is_free(canary);
            }
            if others.len() > 1 {
                self.refuse_all(&id, std::mem::take(&mut others));
            }
            candidates.extend(others.into_iter().chain(canaries));
        }
        candidates
    }

    fn refuse_all(&mut self, id: &str, files: Vec<Candidate>) {
        let names: Vec<String> = files.iter().map(|one| format!("`{}`", one.file.display())).collect();
        let reason = format!("more than one library has the id `{id}`: {}", names.join(" and "));
        for Candidate { file, library, .. } in files {
            let hint = "remove all but one, or name the SHA-256 of the newer one as a provider's `canary`";
            let (id, sha256) = (Some(id.to_owned()), Some(library.sha256().to_owned()));
            self.refused.push(Refusal {
                file,
                id,
                sha256,
                reason: reason.clone(),
                hint: Some(hint.to_owned()),
            });
        }
    }

    fn files(&mut self, folder: &Path, copies: &Path) -> Vec<PathBuf> {
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                let library = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "so");
                let mut files: Vec<PathBuf> =
                    entries.flatten().map(|entry| entry.path()).filter(library).collect();
                files.retain(|file| file.parent() != Some(copies));
                files.sort();
                files
            }
            Err(cause) => {
                let hint = "make the folder, or correct `libraries.directories`";
                self.refuse(
                    folder.to_owned(),
                    None,
                    format!("the folder cannot be read: {cause}"),
                    Some(hint),
                );
                Vec::new()
            }
        }
    }
}
