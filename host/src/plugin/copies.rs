//! The private copies that are loaded instead of the dropped-in files.
//!
//! A copy's name is the hash of its bytes: replacing a dropped-in file in place cannot touch what runs, equal bytes
//! are one library, and other bytes are never taken for a loaded one (glibc tells libraries apart by name and inode).

use super::admit::{Admitted, check_folders, sha256};
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// A copy of a copy, for one provider that runs in the host: its statics, its log among them, are then its own.
pub(crate) fn of_its_own(copy: &Path, hash: &str, provider: &str) -> io::Result<PathBuf> {
    let bytes = std::fs::read(copy)?;
    if sha256(&bytes) != hash {
        return Err(io::Error::other("the private copy was changed"));
    }
    let folder = copy.parent().map_or_else(PathBuf::new, Path::to_owned);
    Copies(folder).draft(&format!("{hash}-{provider}"), &Admitted { sha256: hash.to_owned(), bytes })?.keep()
}

/// The folder of the copies.
#[derive(Debug, Clone)]
pub(crate) struct Copies(PathBuf);

impl Copies {
    /// Opens the folder; made with mode 0700 if it is missing.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let folder = folder.canonicalize()?;
        let metadata = folder.metadata()?;
        if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o077 != 0 {
            let text = format!("`{}` has to be this user's own, with mode 0700", folder.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        check_folders(&folder)
            .map_err(|cause| io::Error::new(io::ErrorKind::PermissionDenied, cause.to_string()))?;
        Ok(Self(folder))
    }

    /// A copy of these bytes to be tried, or the one that was kept before.
    pub(crate) fn on_trial(&self, admitted: &Admitted) -> io::Result<Draft> {
        self.draft(&admitted.sha256, admitted)
    }

    fn draft(&self, stem: &str, admitted: &Admitted) -> io::Result<Draft> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let kept = self.0.join(format!("{stem}.so"));
        if std::fs::read(&kept).is_ok_and(|bytes| sha256(&bytes) == admitted.sha256) {
            return Ok(Draft { path: kept.clone(), kept });
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.0.join(format!("{stem}.{}-{number}.draft", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        // Removed also where it cannot be written to its end.
        let draft = Draft { path, kept };
        file.write_all(&admitted.bytes)?;
        file.set_permissions(Permissions::from_mode(0o500))?;
        file.sync_all()?;
        Ok(draft)
    }

    /// Takes a share in the folder; whoever has the only one removes the copies that are not among these.
    pub(crate) fn occupy(&self, kept: &[PathBuf]) -> io::Result<Occupied> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.0.join("lock"))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            self.sweep(kept);
        }
        flock(&lock, FlockOperation::LockShared)?;
        Ok(Occupied { _lock: lock })
    }

    fn sweep(&self, kept: &[PathBuf]) {
        let Ok(entries) = std::fs::read_dir(&self.0) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let ours = path.extension().is_some_and(|extension| extension == "so" || extension == "draft");
            if ours && !is_kept(&path, kept) && std::fs::remove_file(&path).is_err() {
                tracing::debug!(file = %path.display(), "an old copy of a library could not be removed");
            }
        }
    }
}

/// A copy that is removed with this, unless it is kept: a library that fails its trial leaves nothing.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    /// Where it stands once it is kept; already, if it was kept before.
    kept: PathBuf,
}

impl Draft {
    /// Where it stands until it is kept.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps it under the name of its bytes, and says where it stands.
    pub(crate) fn keep(mut self) -> io::Result<PathBuf> {
        if self.path != self.kept {
            std::fs::rename(&self.path, &self.kept)?;
            self.path.clone_from(&self.kept);
            let folder = self.kept.parent().unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()?;
        }
        Ok(self.kept.clone())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.path != self.kept && std::fs::remove_file(&self.path).is_err() {
            tracing::debug!(file = %self.path.display(), "a copy that is not kept could not be removed");
        }
    }
}

/// A folder of copies for a command that only looks at a file; it is removed with this.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes it beside the folder of the copies that a server loads: what may be loaded there may be loaded here.
    pub(crate) fn beside(folder: &Path) -> io::Result<(Self, Copies)> {
        let mut name = folder.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        // Removed also where it turns out to be unusable.
        let scratch = Self(folder.with_file_name(name));
        Copies::open(&scratch.0).map(|copies| (scratch, copies))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(cause) = std::fs::remove_dir_all(&self.0)
            && cause.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(folder = %self.0.display(), %cause, "a folder of copies could not be removed");
        }
    }
}

/// A server's share in the folder: while it is held, no other server removes copies.
#[derive(Debug)]
pub struct Occupied {
    _lock: File,
}

/// Whether a file is one of these copies, or a provider's own copy of one.
fn is_kept(path: &Path, kept: &[PathBuf]) -> bool {
    let stem = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let hash = stem(path).map(|stem| stem.split('-').next().unwrap_or_default().to_owned());
    path.extension().is_some_and(|extension| extension == "so") && kept.iter().any(|copy| stem(copy) == hash)
}
