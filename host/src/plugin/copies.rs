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
};

/// A copy of a copy, for one provider that runs in the host: its statics, its log among them, are then its own.
pub(crate) fn of_its_own(copy: &Path, hash: &str, provider: &str) -> io::Result<PathBuf> {
    let bytes = std::fs::read(copy)?;
    if sha256(&bytes) != hash {
        return Err(io::Error::other("the private copy was changed"));
    }
    let folder = copy.parent().map_or_else(PathBuf::new, Path::to_owned);
    Copies(folder).write(&format!("{hash}-{provider}"), &Admitted { sha256: hash.to_owned(), bytes })
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

    /// Where the copy of these bytes stands, written now if it is not there yet.
    pub(crate) fn keep(&self, admitted: &Admitted) -> io::Result<PathBuf> {
        self.write(&admitted.sha256, admitted)
    }

    fn write(&self, stem: &str, admitted: &Admitted) -> io::Result<PathBuf> {
        let path = self.0.join(format!("{stem}.so"));
        if std::fs::read(&path).is_ok_and(|bytes| sha256(&bytes) == admitted.sha256) {
            return Ok(path);
        }
        let draft = self.0.join(format!("{stem}.{}.draft", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&admitted.bytes)?;
        file.set_permissions(Permissions::from_mode(0o500))?;
        file.sync_all()?;
        std::fs::rename(&draft, &path)?;
        File::open(&self.0)?.sync_all()?;
        Ok(path)
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
