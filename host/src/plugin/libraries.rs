//! The libraries in the configured folders: those that may be loaded, and those refused with the reason.

use super::{
    admit::{self, AdmitError, Admitted},
    copies::{Copies, Occupied, Scratch},
    elf,
    sandbox::landlock_version,
    settings::LibrarySettings,
    trial,
};
use provider_api::{Manifest, note::Note};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task::JoinSet;

/// What to do where there can be no private copies.
pub const NO_COPIES: &str =
    "name a folder in one of your own as `libraries.copies`, or run it in a folder of your own";

const NO_LANDLOCK: &str = "this kernel has no Landlock, and `libraries.sandbox` is `required`";
const WITHOUT: &str =
    "boot a kernel of 5.13 or later with `lsm=landlock,…`, or write `sandbox = \"best-effort\"`";

/// Whether libraries may be loaded: they can be kept from files, or need not. That they cannot is told once.
fn may_load(landlock: Option<u32>, is_required: bool) -> bool {
    static TOLD: std::sync::Once = std::sync::Once::new();
    if landlock.is_none() {
        TOLD.call_once(|| {
            let hint = "boot a kernel of 5.13 or later with `lsm=landlock,…`";
            tracing::warn!(
                hint,
                "this kernel has no Landlock: libraries are kept from files by seccomp alone"
            );
        });
    }
    landlock.is_some() || !is_required
}

/// The libraries found in the configured folders.
#[derive(Debug, Default, Clone)]
pub struct Libraries {
    found: Vec<LibraryInfo>,
    refused: Vec<Refusal>,
}

/// A library that was inspected and tried.
#[derive(Debug, Clone)]
pub struct LibraryInfo {
    /// The file it was dropped in as.
    pub file: PathBuf,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: usize,
    /// What it says of itself, with the schema of its configuration.
    pub manifest: Manifest,
    /// The private copy that is loaded.
    pub(super) copy: PathBuf,
    /// The folder of the copy, if it goes with the last of those that know the library.
    _scratch: Option<Arc<Scratch>>,
}

/// A file that may not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file.
    pub file: PathBuf,
    /// The id that its note gives, as far as it could be read.
    pub id: Option<String>,
    /// The reason, in one line.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot use `{}`: {}", self.file.display(), self.reason)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " (hint: {hint})"))
    }
}

impl Libraries {
    /// Looks through the folders: reads, inspects, copies and tries every `.so` file.
    ///
    /// `program` is this program, which is started once for each file. A file that is refused is only that.
    pub async fn scan(settings: &LibrarySettings, program: &Path) -> Self {
        let mut libraries = Self::default();
        let copies = match Copies::open(&settings.copies) {
            Ok(copies) => copies,
            Err(cause) => {
                libraries.refuse(
                    settings.copies.clone(),
                    None,
                    format!("no folder for private copies: {cause}"),
                    Some(NO_COPIES),
                );
                return libraries;
            }
        };
        if !may_load(landlock_version(), settings.sandbox_required) {
            for folder in &settings.directories {
                libraries.refuse(folder.clone(), None, NO_LANDLOCK.to_owned(), Some(WITHOUT));
            }
            return libraries;
        }
        let mut trials = JoinSet::new();
        for (file, library) in libraries.candidates(settings) {
            let (copies, program) = (copies.clone(), program.to_owned());
            trials.spawn(async move { examine(&copies, &program, file, library).await });
        }
        for outcome in trials.join_all().await {
            match outcome {
                Ok(library) => libraries.found.push(library),
                Err(refusal) => libraries.refused.push(refusal),
            }
        }
        libraries.found.sort_by(|a, b| a.manifest.id.cmp(&b.manifest.id));
        libraries.refused.sort_by(|a, b| a.file.cmp(&b.file));
        libraries
    }

    /// This one library and no other.
    pub fn of(library: LibraryInfo) -> Self {
        Self { found: vec![library], refused: Vec::new() }
    }

    /// Examines one file, wherever it stands. Its copy lies beside the folder `copies` and goes with the last clone of
    /// what is answered.
    ///
    /// # Errors
    ///
    /// With the reason why it may not be loaded.
    pub async fn examine(file: &Path, copies: &Path, program: &Path) -> Result<LibraryInfo, Refusal> {
        let library = inspect(file, &[]).map_err(|refusal| *refusal)?;
        let (scratch, copies) = Scratch::beside(copies).map_err(|cause| Refusal {
            file: copies.to_owned(),
            id: None,
            reason: format!("no folder for private copies: {cause}"),
            hint: Some(NO_COPIES.to_owned()),
        })?;
        let library = examine(&copies, program, file.to_owned(), library).await?;
        Ok(LibraryInfo { _scratch: Some(Arc::new(scratch)), ..library })
    }

    /// The library with this id.
    pub fn by_id(&self, id: &str) -> Option<&LibraryInfo> {
        self.found.iter().find(|library| library.manifest.id == id)
    }

    /// Every library that may be loaded, by id.
    pub fn found(&self) -> &[LibraryInfo] {
        &self.found
    }

    /// Every file that may not, with the reason.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// Why there is no library of this id: its file was refused, or there is none.
    pub fn why_missing(&self, id: &str) -> String {
        let of_file = |file: &Path| file.file_stem().is_some_and(|stem| stem == format!("lib{id}").as_str());
        let refusal =
            self.refused.iter().find(|refusal| refusal.id.as_deref() == Some(id) || of_file(&refusal.file));
        refusal.map_or_else(|| format!("no library `{id}` in the configured folders"), ToString::to_string)
    }

    /// Says that a server lives from the private copies, and removes those that nobody needs any more.
    ///
    /// Nothing is removed while another server lives from the same folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used.
    pub fn occupy(&self, settings: &LibrarySettings) -> std::io::Result<Occupied> {
        let kept: Vec<PathBuf> = self.found.iter().map(|library| library.copy.clone()).collect();
        Copies::open(&settings.copies)?.occupy(&kept)
    }

    /// The files that passed the inspection; of two with one id neither is taken, for nobody knows which was meant.
    fn candidates(&mut self, settings: &LibrarySettings) -> Vec<(PathBuf, Inspected)> {
        let mut by_id: BTreeMap<String, Vec<(PathBuf, Inspected)>> = BTreeMap::new();
        for folder in &settings.directories {
            for file in self.files(folder, &settings.copies) {
                match inspect(&file, &settings.pins) {
                    Ok(library) => by_id.entry(library.note.id.clone()).or_default().push((file, library)),
                    Err(refusal) => self.refused.push(*refusal),
                }
            }
        }
        let mut candidates = Vec::new();
        for (id, mut files) in by_id {
            if files.len() == 1 {
                candidates.append(&mut files);
                continue;
            }
            let names: Vec<String> = files.iter().map(|(file, _)| format!("`{}`", file.display())).collect();
            for (file, _) in files {
                let reason = format!("more than one library has the id `{id}`: {}", names.join(" and "));
                self.refuse(file, Some(id.clone()), reason, Some("remove all but one"));
            }
        }
        candidates
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

    fn refuse(&mut self, file: PathBuf, id: Option<String>, reason: String, hint: Option<&str>) {
        self.refused.push(Refusal { file, id, reason, hint: hint.map(str::to_owned) });
    }
}

/// A file that was read and inspected.
struct Inspected {
    admitted: Admitted,
    note: Note,
}

fn inspect(file: &Path, pins: &[(String, String)]) -> Result<Inspected, Box<Refusal>> {
    let refuse = |reason: String, hint: Option<&str>| {
        Box::new(Refusal { file: file.to_owned(), id: None, reason, hint: hint.map(str::to_owned) })
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name: OsString = file.file_name().ok_or_else(|| refuse("it names no file".into(), None))?.to_owned();
    let admitted = admit::admit(folder, &name).map_err(|cause| refuse(cause.to_string(), cause.hint()))?;
    let note =
        elf::inspect(&admitted.bytes).map_err(|cause| refuse(cause.to_string(), Some(cause.hint())))?;
    // Before anything of it runs, be it a constructor in its trial.
    let pinned = |(id, pinned): &&(String, String)| *id == note.id && *pinned != admitted.sha256;
    if let Some((_, pinned)) = pins.iter().find(pinned) {
        let cause = AdmitError::Pin { found: admitted.sha256, pinned: pinned.clone() };
        let mut refusal = refuse(cause.to_string(), cause.hint());
        refusal.id = Some(note.id);
        return Err(refusal);
    }
    Ok(Inspected { admitted, note })
}

async fn examine(
    copies: &Copies,
    program: &Path,
    file: PathBuf,
    library: Inspected,
) -> Result<LibraryInfo, Refusal> {
    let Inspected { admitted, note } = library;
    let refuse = |reason: String, hint: Option<&str>| Refusal {
        file: file.clone(),
        id: Some(note.id.clone()),
        reason,
        hint: hint.map(str::to_owned),
    };
    let copy =
        copies.keep(&admitted).map_err(|cause| refuse(format!("it cannot be copied: {cause}"), None))?;
    let manifest =
        trial::run(program, &copy).await.map_err(|cause| refuse(cause.to_string(), Some(cause.hint())))?;
    if manifest.id != note.id {
        let said: String = manifest.id.chars().take(40).collect();
        let reason = format!("its note says `{}`, the library itself `{said}`", note.id);
        return Err(refuse(reason, Some("get the file from its author again")));
    }
    let (sha256, bytes) = (admitted.sha256, admitted.bytes.len());
    Ok(LibraryInfo { sha256, bytes, manifest, copy, file, _scratch: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_landlock_libraries_are_loaded_unless_it_is_required() {
        let may = [(Some(1), true), (Some(7), false), (None, false), (None, true)]
            .map(|(landlock, is_required)| may_load(landlock, is_required));
        assert_eq!(may, [true, true, true, false]);
    }
}
