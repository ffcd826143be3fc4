//! Adds a fresh key to the key file: whole or not at all, and never without what stood there before.

use super::{
    Chance, KeyFileError, Keys,
    key_file::{LARGEST, draft_of, fresh_line, masters, open, private_text, refused, write_draft},
};
use jiff::Timestamp;
use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
};
use zeroize::Zeroizing;

/// What became of a key file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The id of the fresh key.
    pub newest: String,
    /// The ids of the others, oldest first.
    pub older: Vec<String>,
}

impl Keys {
    /// Adds a fresh key as the newest, with a comment that says when. Servers take it when they read the file next.
    ///
    /// Two who do so at once add a key each. The file is replaced by another of mode 0600; if that fails it is as it was.
    ///
    /// # Errors
    ///
    /// When there is no key file, a server would not read it, it has no room, or it cannot be replaced.
    pub fn rotate(path: &Path, chance: &Chance, now: Timestamp) -> Result<Rotated, KeyFileError> {
        let file = locked(path)?;
        let held = file.try_clone().map_err(|source| refused(path, source))?;
        let before = private_text(path, file)?;
        let older = masters(path, &before)?.into_iter().map(|master| master.id).collect();
        let (newest, line) = fresh_line(chance);
        let mut text = Zeroizing::new(String::with_capacity(before.len() + line.len() + 64));
        text.push_str(&before);
        if !before.ends_with('\n') {
            text.push('\n');
        }
        for words in ["# added ", &format!("{now:.0}"), "\n", &line] {
            text.push_str(words);
        }
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > LARGEST {
            return Err(KeyFileError::Full(path.to_owned()));
        }
        // As a server will read it.
        masters(path, &text)?;
        replace(path, &text, chance)
            .map_err(|source| KeyFileError::Replace { path: path.to_owned(), source })?;
        drop(held);
        Ok(Rotated { newest, older })
    }
}

/// The file, held against everybody else who would add a key. Whoever waited for it may hold one that was replaced.
fn locked(path: &Path) -> Result<File, KeyFileError> {
    loop {
        let file = open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
            _ => refused(path, source),
        })?;
        let unreadable = |source| refused(path, source);
        file.lock().map_err(unreadable)?;
        let held = file.metadata().map_err(unreadable)?;
        if fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (held.dev(), held.ino())) {
            return Ok(file);
        }
    }
}

fn replace(path: &Path, text: &str, chance: &Chance) -> io::Result<()> {
    let (folder, draft) = draft_of(path, chance)?;
    let outcome = write_draft(&draft, text).and_then(|()| fs::rename(&draft, path));
    if outcome.is_err() {
        // It may never have come to be.
        let _removed = fs::remove_file(&draft);
    }
    outcome?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, seal::Key};
    use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _};

    fn keys(path: &Path) -> Keys {
        Keys::open_or_create(path, &Chance::system()).unwrap()
    }

    fn rotate(path: &Path) -> Result<Rotated, KeyFileError> {
        Keys::rotate(path, &Chance::system(), millis(1_767_323_045_678))
    }

    #[test]
    fn a_fresh_key_is_the_newest_and_every_older_line_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        let first = keys(&path).newest().id().to_owned();
        // As an editor may leave it.
        let before = fs::read_to_string(&path).unwrap().trim_end().to_owned() + "\n# ours\n  ";
        fs::write(&path, &before).unwrap();
        let second = rotate(&path).unwrap();
        assert_eq!(second.older, [first.as_str()]);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&before) && text.contains("\n# added 2026-01-02T03:04:05Z\nv1 "), "{text}");
        let third = rotate(&path).unwrap();
        assert_eq!(third.older, [first.as_str(), &second.newest]);
        let read = keys(&path);
        let ids: Vec<&str> = read.newest_first().map(Key::id).collect();
        assert_eq!(ids, [&third.newest, &second.newest, first.as_str()]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays behind");
    }

    #[test]
    fn whoever_rotates_at_once_adds_a_key_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        let first = keys(&path).newest().id().to_owned();
        let added: BTreeSet<String> = std::thread::scope(|scope| {
            let rotating: Vec<_> = (0..16).map(|_| scope.spawn(|| rotate(&path).unwrap().newest)).collect();
            rotating.into_iter().map(|one| one.join().unwrap()).chain([first]).collect()
        });
        let read = keys(&path).newest_first().map(|key| key.id().to_owned()).collect::<BTreeSet<_>>();
        assert_eq!((read.len(), read), (17, added));
    }

    #[test]
    fn what_a_server_would_not_read_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        assert!(matches!(rotate(&path), Err(KeyFileError::Missing(_))));
        assert!(!path.exists());
        let link = folder.path().join("link");
        keys(&path);
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(rotate(&link), Err(KeyFileError::Link(_))));
        let fine = fs::read_to_string(&path).unwrap();
        let full = fine.clone() + &"#".repeat(64 * 1024 - fine.len());
        for (text, mode) in [(fine.as_str(), 0o640), ("v1 a 00", 0o600), ("", 0o600), (&full, 0o600)] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = rotate(&path).unwrap_err().to_string();
            assert!(error.contains("\nhint: ") && !error.contains(&fine[fine.len() - 20..]), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
