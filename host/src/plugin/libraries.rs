//! The libraries in the configured folders: those that may be loaded, and those refused with the reason.

mod candidates;
mod landlock;
mod refusal;

pub use refusal::Refusal;
use refusal::is_named;

use super::{
    admit::{AdmitError, Admitted, Folder},
    copies::{Copies, Copy, Occupied, Scratch},
    elf,
    redact::one_line,
    sandbox::landlock_version,
    settings::LibrarySettings,
    signature::{KeyId, Unverified},
    trial,
};
use candidates::Candidate;
use landlock::may_load;
use provider_api::{Manifest, note::Note};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task::JoinSet;

/// What to do where there can be no private copies.
pub const NO_COPIES: &str =
    "name a folder in one of your own as `libraries.copies`, or run it in a folder of your own";

/// The most characters of a reason: what a file says of itself stands in some, and may be anything.
const LONGEST: usize = 300;

/// Why a library is kept whose file was removed.
pub(super) const FILE_GONE: &str = "its file is gone";

/// The libraries found in the configured folders.
#[derive(Debug, Default, Clone)]
pub struct Libraries {
    found: Vec<LibraryInfo>,
    /// Other files of the same libraries, each of which some provider tries as its canary.
    canaries: Vec<LibraryInfo>,
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
    /// The key that signed it, if signatures are asked for.
    pub signer: Option<KeyId>,
    /// What it says of itself, with the schema of its configuration.
    pub manifest: Manifest,
    /// Whether nothing guards the host from it: only a library in Rust has panics that are caught and a layout.
    pub is_unguarded: bool,
    /// The private copy that is loaded.
    pub(super) copy: Copy,
    /// Why this is no more what the file holds, where it is kept all the same: what runs goes on.
    pub kept_since: Option<String>,
    /// The folder of the copy, if it goes with the last of those that know the library.
    _scratch: Option<Arc<Scratch>>,
}

impl Libraries {
    /// Looks through the folders: reads, inspects, copies and tries every `.so` file.
    ///
    /// `program` is this program, which is started once for each file. A file that is refused is only that.
    pub async fn scan(settings: &LibrarySettings, program: &Path) -> Self {
        Self::scan_again(settings, program, &Self::default()).await
    }

    /// The same after an earlier look: bytes that passed their trial then are not tried a second time.
    pub async fn scan_again(settings: &LibrarySettings, program: &Path, before: &Self) -> Self {
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
        let landlock = landlock_version();
        if !may_load(landlock, settings.sandbox_required)
            && let Err(cause) = landlock
        {
            for folder in &settings.directories {
                let reason = format!("{cause}, and `libraries.sandbox` is `required`");
                libraries.refuse(folder.clone(), None, reason, Some(cause.hint()));
            }
            return libraries;
        }
        let mut trials = JoinSet::new();
        for Candidate { file, library, is_canary } in libraries.candidates(settings) {
            let (copies, program) = (copies.clone(), program.to_owned());
            let known = before.tried(&library).cloned();
            trials.spawn(async move { (is_canary, examine(&copies, &program, file, library, known).await) });
        }
        for outcome in trials.join_all().await {
            match outcome {
                (false, Ok(library)) => libraries.found.push(library),
                (true, Ok(library)) => libraries.canaries.push(library),
                (_, Err(refusal)) => libraries.refused.push(refusal),
            }
        }
        libraries.canaries.sort_by(|a, b| (&a.manifest.id, &a.sha256).cmp(&(&b.manifest.id, &b.sha256)));
        libraries.found.sort_by(|a, b| a.manifest.id.cmp(&b.manifest.id));
        libraries.refused.sort_by(|a, b| a.file.cmp(&b.file));
        libraries
    }

    /// This one library and no other.
    pub fn of(library: LibraryInfo) -> Self {
        Self { found: vec![library], ..Self::default() }
    }

    /// Examines one file, wherever it stands, as these settings have it but for their pins. Its copy lies beside the
    /// folder of their copies and goes with the last clone of what is answered.
    ///
    /// # Errors
    ///
    /// With the reason why it may not be loaded.
    pub async fn examine(
        file: &Path,
        settings: &LibrarySettings,
        program: &Path,
    ) -> Result<LibraryInfo, Refusal> {
        // It may well be the next file to be pinned.
        let settings = LibrarySettings { pins: Vec::new(), canaries: Vec::new(), ..settings.clone() };
        let library = inspect(file, &settings).map_err(|refusal| *refusal)?;
        let (scratch, copies) = Scratch::beside(&settings.copies).map_err(|cause| Refusal {
            file: settings.copies.clone(),
            id: None,
            sha256: None,
            reason: format!("no folder for private copies: {cause}"),
            hint: Some(NO_COPIES.to_owned()),
        })?;
        let library = examine(&copies, program, file.to_owned(), library, None).await?;
        Ok(LibraryInfo { _scratch: Some(Arc::new(scratch)), ..library })
    }

    /// What these bytes said of themselves in an earlier trial.
    fn tried(&self, library: &Inspected) -> Option<&Manifest> {
        let known = self.known().find(|known| known.sha256 == library.admitted.sha256);
        known.map(|known| &known.manifest)
    }

    /// Keeps what was there before and is not any more, as far as it is in use: what runs goes on from its private copy,
    /// whatever became of the file. What the configuration pins to other bytes is not kept.
    #[must_use]
    pub fn keeping(mut self, before: &Self, in_use: &BTreeSet<String>, pins: &[(String, String)]) -> Self {
        for old in &before.found {
            let id = &old.manifest.id;
            let allowed = pins.iter().all(|(pinned, sha256)| pinned != id || *sha256 == old.sha256);
            if self.by_id(id).is_none() && in_use.contains(id) && allowed {
                self.keep(old.clone(), None);
            }
        }
        self
    }

    /// The ids of libraries that are new, or other bytes than before.
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        let is_new = |library: &&LibraryInfo| {
            before.by_id(&library.manifest.id).is_none_or(|old| old.sha256 != library.sha256)
        };
        self.found.iter().filter(is_new).map(|library| library.manifest.id.clone()).collect()
    }

    /// Whether both looks came to the same.
    pub fn is_as(&self, before: &Self) -> bool {
        let told = |library: &LibraryInfo| {
            (library.file.clone(), library.sha256.clone(), library.signer, library.kept_since.clone())
        };
        self.refused == before.refused && self.known().map(told).eq(before.known().map(told))
    }

    /// Takes this library back out, for it does not fit: what was there before stays.
    #[must_use]
    pub fn without(mut self, id: &str, before: &Self, reason: &str, hint: Option<&str>) -> Self {
        let Some(at) = self.found.iter().position(|library| library.manifest.id == id) else { return self };
        let file = self.found.remove(at).file;
        self.refuse(file, Some(id.to_owned()), reason.to_owned(), hint);
        if let Some(old) = before.by_id(id) {
            self.keep(old.clone(), Some(reason));
        }
        self
    }

    fn keep(&mut self, old: LibraryInfo, reason: Option<&str>) {
        let refusal = self.refused.iter().find(|refusal| refusal.is_of(&old.manifest.id));
        let why = match (reason, refusal) {
            (Some(reason), _) => format!("its new file is not taken: {reason}"),
            (None, Some(refusal)) => format!("its new file is not taken: {}", refusal.reason),
            (None, None) => FILE_GONE.to_owned(),
        };
        self.found.push(LibraryInfo { kept_since: Some(why), ..old });
        self.found.sort_by(|a, b| a.manifest.id.cmp(&b.manifest.id));
    }

    /// The library with this id.
    pub fn by_id(&self, id: &str) -> Option<&LibraryInfo> {
        self.found.iter().find(|library| library.manifest.id == id)
    }

    /// Every library that may be loaded, by id.
    pub fn found(&self) -> &[LibraryInfo] {
        &self.found
    }

    /// Another file of the library with this id: a canary with this hash.
    pub fn canary(&self, id: &str, sha256: &str) -> Option<&LibraryInfo> {
        self.canaries.iter().find(|library| library.manifest.id == id && library.sha256 == sha256)
    }

    /// Every canary that may be loaded, by id.
    pub fn canaries(&self) -> &[LibraryInfo] {
        &self.canaries
    }

    fn known(&self) -> impl Iterator<Item = &LibraryInfo> {
        self.found.iter().chain(&self.canaries)
    }

    /// Every file that may not, with the reason.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// Why there is no library of this id: its file was refused, or there is none.
    pub fn why_missing(&self, id: &str) -> String {
        let refusal = self.refused.iter().find(|refusal| refusal.is_of(id));
        let is_canary = self.canaries.iter().any(|library| library.manifest.id == id);
        let nowhere = || {
            if is_canary { only_canaries(id) } else { format!("no library `{id}` in the configured folders") }
        };
        refusal.map_or_else(nowhere, ToString::to_string)
    }

    /// Why there is no canary with this hash: its file was refused, or there is none.
    pub(super) fn why_no_canary(&self, sha256: &str) -> String {
        let refusal = self.refused.iter().find(|refusal| refusal.sha256.as_deref() == Some(sha256));
        refusal.map_or_else(
            || "no file in the configured folders has its SHA-256".to_owned(),
            ToString::to_string,
        )
    }

    /// Says that a server lives from the private copies, and removes those that nobody needs any more.
    ///
    /// Nothing is removed while another server lives from the same folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used.
    pub fn occupy(&self, settings: &LibrarySettings) -> std::io::Result<Occupied> {
        let kept: Vec<PathBuf> = self.known().map(|library| library.copy.path().to_owned()).collect();
        Copies::open(&settings.copies)?.occupy(&kept)
    }

    /// Removes the private copies that neither this server nor another one holds.
    pub fn tidy(&self, settings: &LibrarySettings) {
        if let Ok(copies) = Copies::open(&settings.copies) {
            copies.tidy();
        }
    }

    fn refuse(&mut self, file: PathBuf, id: Option<String>, reason: String, hint: Option<&str>) {
        self.refused.push(Refusal { file, id, sha256: None, reason, hint: hint.map(str::to_owned) });
    }
}

/// What is wrong where all files of a library are canaries: there are several, or the providers are pinned to another.
pub(crate) fn only_canaries(id: &str) -> String {
    format!("every file of library `{id}` is a canary, and none is what its providers themselves run")
}

/// A file that was read and inspected.
pub(super) struct Inspected {
    admitted: Admitted,
    signer: Option<KeyId>,
    note: Note,
}

impl Inspected {
    fn id(&self) -> &str {
        &self.note.id
    }

    fn sha256(&self) -> &str {
        &self.admitted.sha256
    }

    fn is_canary(&self, settings: &LibrarySettings) -> bool {
        settings.is_canary(self.id(), self.sha256())
    }
}

/// What of a file is known before anything of it runs, be it a constructor in its trial.
pub(super) fn inspect(file: &Path, settings: &LibrarySettings) -> Result<Inspected, Box<Refusal>> {
    let refuse = |reason: String, hint: Option<&str>| {
        let reason = one_line(&reason, LONGEST);
        let (file, hint) = (file.to_owned(), hint.map(str::to_owned));
        Box::new(Refusal { file, id: None, sha256: None, reason, hint })
    };
    let name = file.file_name().ok_or_else(|| refuse("it names no file".into(), None))?;
    let refuse_as = |cause: AdmitError| refuse(cause.to_string(), cause.hint());
    let folder = Folder::trusted(folder_of(file)).map_err(refuse_as)?;
    let admitted = folder.admit(name).map_err(refuse_as)?;
    let refuse = |reason: String, hint: Option<&str>| {
        let sha256 = Some(admitted.sha256.clone());
        Box::new(Refusal { sha256, ..*refuse(reason, hint) })
    };
    let refuse_as = |cause: AdmitError| refuse(cause.to_string(), cause.hint());
    // A file that is named like a pinned library is not even looked into.
    if let Some((id, _)) = settings.pins.iter().find(|(id, _)| is_named(file, id)) {
        check_pin(id, &admitted, settings).map_err(|cause| Box::new(refuse_as(cause).of(id)))?;
    }
    let signer = match &settings.signers {
        Some(signers) => {
            let verified = Unverified::beside(&folder, name)
                .and_then(|signature| signature.verify(&admitted.bytes, signers));
            Some(verified.map_err(|cause| refuse(cause.to_string(), Some(cause.hint())))?)
        }
        None => None,
    };
    let note =
        elf::inspect(&admitted.bytes).map_err(|cause| refuse(cause.to_string(), Some(cause.hint())))?;
    check_pin(&note.id, &admitted, settings).map_err(|cause| Box::new(refuse_as(cause).of(&note.id)))?;
    Ok(Inspected { admitted, signer, note })
}

/// The folder that a file lies in.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn check_pin(id: &str, admitted: &Admitted, settings: &LibrarySettings) -> Result<(), AdmitError> {
    match settings.pinned_to_another(id, &admitted.sha256) {
        // A canary's hash is a pin of its own.
        Some(pinned) if !settings.is_canary(id, &admitted.sha256) => {
            Err(AdmitError::Pin { found: admitted.sha256.clone(), pinned: pinned.to_owned() })
        }
        _ => Ok(()),
    }
}

async fn examine(
    copies: &Copies,
    program: &Path,
    file: PathBuf,
    library: Inspected,
    known: Option<Manifest>,
) -> Result<LibraryInfo, Refusal> {
    let Inspected { admitted, signer, note } = library;
    let refuse = |reason: String, hint: Option<&str>| Refusal {
        file: file.clone(),
        id: Some(note.id.clone()),
        sha256: Some(admitted.sha256.clone()),
        reason: one_line(&reason, LONGEST),
        hint: hint.map(str::to_owned),
    };
    let not_copied = |cause: std::io::Error| refuse(format!("it cannot be copied: {cause}"), None);
    let manifest = if let Some(manifest) = known {
        manifest
    } else {
        let draft = copies.on_trial(&admitted).map_err(not_copied)?;
        let tried = trial::run(program, draft.path()).await;
        let manifest = tried.map_err(|cause| refuse(cause.to_string(), Some(cause.hint())))?;
        draft.keep().map_err(not_copied)?;
        manifest
    };
    if manifest.id != note.id {
        let said: String = manifest.id.chars().take(40).collect();
        let reason = format!("its note says `{}`, the library itself `{said}`", note.id);
        return Err(refuse(reason, Some("get the file from its author again")));
    }
    if manifest.hosts != note.hosts {
        let reason = "its note and the library itself do not declare the same hosts".to_owned();
        return Err(refuse(reason, Some("get the file from its author again")));
    }
    let copy = copies.keep(&admitted).map_err(not_copied)?;
    let is_unguarded = !elf::exports(&admitted.bytes).is_some_and(|exports| exports.rust);
    let (sha256, bytes) = (admitted.sha256, admitted.bytes.len());
    let kept_since = None;
    Ok(LibraryInfo { file, sha256, bytes, signer, manifest, is_unguarded, copy, kept_since, _scratch: None })
}
