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
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A copy of a copy, for one opening of a provider that runs in the host: its statics, its log among them, are then its
/// own, whatever was opened before it from the same bytes.
pub(crate) fn of_its_own(copy: &Copy, hash: &str, provider: &str, opening: u32) -> io::Result<Copy> {
    let bytes = std::fs::read(copy.path())?;
    if sha256(&bytes) != hash {
        return Err(io::Error::other("the private copy was changed"));
    }
    let stem = format!("{hash}-{provider}-{opening}");
    copy.folder().keep_as(&stem, &Admitted { sha256: hash.to_owned(), bytes })
}

/// How often a copy that somebody removes is written anew before giving up.
const TRIES: usize = 3;

/// A private copy. While somebody has it, no server removes the file.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    path: PathBuf,
    /// Locked as long as the last clone lives; a lock is let go by whoever closes the file, so the kernel sees to it.
    _held: Option<Arc<File>>,
}

impl Copy {
    /// Locks a file so that it is there as long as this.
    fn hold(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        flock(&file, FlockOperation::LockShared)?;
        // Removed between the two, the lock is that of a file without a name.
        let (held, named) = (file.metadata()?, std::fs::symlink_metadata(path)?);
        if (held.dev(), held.ino()) != (named.dev(), named.ino()) {
            return Err(io::Error::other("the private copy was replaced"));
        }
        Ok(Self { path: path.to_owned(), _held: Some(Arc::new(file)) })
    }

    /// A copy that nobody holds, where no file is.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self { path: "copy".into(), _held: None }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it lies in.
    pub(crate) fn folder(&self) -> Copies {
        Copies(self.path.parent().map_or_else(PathBuf::new, Path::to_owned))
    }
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
    pub(crate) fn keep(&self, admitted: &Admitted) -> io::Result<Copy> {
        self.keep_as(&admitted.sha256, admitted)
    }

    fn keep_as(&self, stem: &str, admitted: &Admitted) -> io::Result<Copy> {
        let mut kept = Err(io::Error::other("never tried"));
        for _ in 0..TRIES {
            kept = self.draft(stem, admitted).and_then(Draft::keep).and_then(|path| Copy::hold(&path));
            if kept.is_ok() {
                break;
            }
        }
        kept
    }

    /// Removes the copies that nobody holds, neither this server nor another one.
    pub(crate) fn tidy(&self) {
        let Ok(entries) = std::fs::read_dir(&self.0) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_copy = path.extension().is_some_and(|extension| extension == "so");
            let Some(file) = File::open(&path).ok().filter(|_| is_copy) else { continue };
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                && std::fs::remove_file(&path).is_ok()
            {
                tracing::debug!(file = %path.display(), "an old copy of a library is removed");
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(text: &str) -> Admitted {
        Admitted { sha256: sha256(text.as_bytes()), bytes: text.as_bytes().to_vec() }
    }

    fn left(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = names
            .map(|entry| entry.file_name().into_string().unwrap().split('.').next().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Whoever holds it, be it another server: each opens a file of its own, as another process would.
    #[test]
    fn a_copy_is_removed_once_nobody_holds_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::open(&folder.path().join("copies")).unwrap();
        let (one, other) = (copies.keep(&admitted("one")).unwrap(), copies.keep(&admitted("other")).unwrap());
        let again = copies.keep(&admitted("one")).unwrap();
        let own = of_its_own(&one, &sha256(b"one"), "sms", 3).unwrap();
        drop((one, other));
        copies.tidy();
        let (stem, own_stem) = (sha256(b"one"), format!("{}-sms-3", sha256(b"one")));
        assert_eq!(left(&copies.0), [stem, own_stem.clone()]);
        drop(again);
        copies.tidy();
        assert_eq!(left(&copies.0), [own_stem]);
        drop(own);
        copies.tidy();
        assert!(left(&copies.0).is_empty());
        assert!(copies.keep(&admitted("one")).is_ok(), "what was removed can come back");
    }
}
