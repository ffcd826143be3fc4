//! Copies of a store: whole, as of one moment, and nobody else's to read.

use super::{connect, file::beside, migrate};
use crate::store::fault::Fault;
use rusqlite::{Connection, OpenFlags};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Copies a store into a new file, whole and as of one moment, also while a server works on it. The copy gets its name
/// only once it is complete and flushed.
///
/// # Errors
///
/// When there is no store, it is a database of something else, the copy's name is taken or cannot be given to SQLite, or the
/// disk does not take it.
pub fn backup(store: &Path, copy: &Path) -> Result<(), BackupError> {
    if !store.is_file() {
        return Err(BackupError::Missing(store.to_owned()));
    }
    if !is_ours(store).map_err(BackupError::Store)? {
        return Err(BackupError::Foreign(store.to_owned()));
    }
    if fs::symlink_metadata(copy).is_ok() {
        return Err(BackupError::Taken(copy.to_owned()));
    }
    let staged = beside(copy, ".part");
    let name = staged.to_str().ok_or_else(|| BackupError::Name(copy.to_owned()))?;
    let failed = |cause: io::Error| BackupError::Disk { path: copy.to_owned(), cause };
    // Made by us and by nobody before us, a link neither; SQLite takes an empty file as none.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged);
    let file = made.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Begun(staged.clone()),
        _ => failed(cause),
    })?;
    let copied = (|| {
        let connection = connect(store)?;
        connection.execute("VACUUM INTO ?1", [name])?;
        Ok::<_, Fault>(())
    })();
    let finished = copied.map_err(BackupError::Store).and_then(|()| {
        if !is_same(&file, &staged).map_err(failed)? {
            return Err(failed(io::Error::other("somebody else put another file in its place")));
        }
        file.sync_all().map_err(failed)?;
        fs::rename(&staged, copy).map_err(failed)?;
        let folder = copy.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed)
    });
    if finished.is_err() {
        // What is left of it, if anything, is no backup and says so by its name.
        let _removed = fs::remove_file(&staged);
    }
    finished
}

/// Whether it is a store of ours; asked before anything about it is changed.
fn is_ours(store: &Path) -> Result<bool, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store, flags)?;
    connection.busy_timeout(super::PATIENCE)?;
    match migrate::is_ours(&connection) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => Ok(false),
        found => Ok(found?),
    }
}

/// Whether what has this name is this file.
fn is_same(file: &File, name: &Path) -> io::Result<bool> {
    let (file, named) = (file.metadata()?, fs::symlink_metadata(name)?);
    Ok((file.dev(), file.ino()) == (named.dev(), named.ino()))
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no store of that name.
    #[error("there is no store `{}` yet", .0.display())]
    Missing(PathBuf),
    /// Something has that name already.
    #[error("`{}` exists already\nhint: name a new file", .0.display())]
    Taken(PathBuf),
    /// It is a database of something else.
    #[error("`{}` is no store of passrelay's\nhint: name another file in `store.url`", .0.display())]
    Foreign(PathBuf),
    /// Another backup of this name was begun and not finished.
    #[error("`{}` exists already\nhint: if no other backup is being made, remove it", .0.display())]
    Begun(PathBuf),
    /// SQLite takes names in UTF-8 only.
    #[error("`{}` is no name in UTF-8\nhint: name the copy otherwise; it may be renamed afterwards", .0.display())]
    Name(PathBuf),
    /// The store cannot be read, or the copy not be written.
    #[error(transparent)]
    Store(Fault),
    /// The copy cannot be written.
    #[error("cannot write `{}`: {cause}", path.display())]
    Disk {
        /// The copy.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    #[test]
    fn what_lies_in_the_way_is_neither_followed_nor_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let [store, copy, victim] = ["s.db", "copy.db", "victim"].map(|name| folder.path().join(name));
        let mut connection = Connection::open(&store).unwrap();
        migrate::bring_up(&mut connection, &store).unwrap();
        fs::write(&victim, "theirs").unwrap();
        let part = beside(&copy, ".part");
        for link in [&part, &copy] {
            std::os::unix::fs::symlink(&victim, link).unwrap();
            let told = backup(&store, &copy).unwrap_err().to_string();
            assert!(told.contains(&format!("`{}` exists already\nhint: ", link.display())), "{told}");
            assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs");
            assert!(fs::symlink_metadata(link).unwrap().is_symlink());
            fs::remove_file(link).unwrap();
        }
        let strange = folder.path().join(OsStr::from_bytes(b"co\xffpy"));
        let told = backup(&store, &strange).unwrap_err().to_string();
        assert!(told.contains("is no name in UTF-8\nhint: "), "{told}");
        backup(&store, &copy).unwrap();
        assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o7777, 0o600);
        assert!(!part.exists() && is_ours(&copy).unwrap());
    }

    #[test]
    fn a_file_of_something_else_is_told_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let [foreign, text, copy] = ["f.db", "text", "copy.db"].map(|name| folder.path().join(name));
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        fs::write(&text, "This is no database at all, however long one looks at it.".repeat(40)).unwrap();
        for store in [&foreign, &text] {
            let before = fs::read(store).unwrap();
            let told = backup(store, &copy).unwrap_err().to_string();
            assert!(
                told.ends_with("is no store of passrelay's\nhint: name another file in `store.url`"),
                "{told}"
            );
            assert!(fs::read(store).unwrap() == before && !copy.exists());
        }
    }
}
