//! The key file: one line a key, readable by the server's own user only, made at the first start.

use super::{
    Chance,
    keys::{Master, hex},
};
use rustix::{fs::OFlags, io::Errno, process::geteuid};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The most bytes that are read: room for hundreds of keys.
pub(super) const LARGEST: u64 = 64 * 1024;

/// What is wrong with the key file. Nothing of its content is ever part of the words.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("cannot read the key file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is none and it cannot be made.
    #[error("cannot make the key file `{}`\nhint: its folder must exist and be writable", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others than its owner may read or write it.
    #[error("the key file `{0}` is open to others (mode {mode:04o})\nhint: chmod 600 {0}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another user than the server's own or root owns it, and so knows its keys or can change them.
    #[error(
        "the key file `{}` belongs to another user (uid {owner})\nhint: if its keys are yours: chown {own} {}",
        path.display(),
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The user who owns it.
        owner: u32,
        /// The user as whom the server runs.
        own: u32,
    },
    /// It is a symbolic link: whoever can change the link chooses the keys.
    #[error("the key file `{}` is a symbolic link\nhint: name the file that it points to", .0.display())]
    Link(PathBuf),
    /// A line is no key.
    #[error(
        "line {line} of the key file `{}` is no key: {what}\nhint: a key is `v1 ID` and 64 hexadecimal digits",
        path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There is none to add a key to.
    #[error("there is no key file `{}` yet\nhint: a server makes it, with its first key, when it starts first", .0.display())]
    Missing(PathBuf),
    /// It has no room for another key.
    #[error("the key file `{}` has no room for another key\nhint: take out lines that nothing needs any more", .0.display())]
    Full(PathBuf),
    /// It cannot be replaced; it is as it was.
    #[error("cannot replace the key file `{}`\nhint: its folder must be writable, and have room", path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It holds no key.
    #[error("the key file `{}` holds no key\nhint: restore it from a copy, or remove it to start with a new key", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the file; makes it first where there is none. Its keys, and the ids of those that it says are lost.
pub(super) fn read_or_create(
    path: &Path,
    chance: &Chance,
) -> Result<(Vec<Master>, Vec<String>), KeyFileError> {
    match open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(path, chance).map_err(|source| KeyFileError::Create { path: path.to_owned(), source })?;
            read(path, open(path).map_err(|source| refused(path, source))?)
        }
        Err(source) => Err(refused(path, source)),
    }
}

/// Opens the file itself, not what a link points to, and without waiting for the writer of a pipe.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

pub(super) fn refused(path: &Path, source: io::Error) -> KeyFileError {
    if source.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        return KeyFileError::Link(path.to_owned());
    }
    KeyFileError::Read { path: path.to_owned(), source }
}

fn read(path: &Path, file: File) -> Result<(Vec<Master>, Vec<String>), KeyFileError> {
    let text = private_text(path, file)?;
    Ok((masters(path, &text)?, lost(&text)))
}

/// What stands in a file that is its owner's alone.
pub(super) fn private_text(path: &Path, file: File) -> Result<Zeroizing<String>, KeyFileError> {
    let unreadable = |source| KeyFileError::Read { path: path.to_owned(), source };
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let (owner, own) = (metadata.uid(), geteuid().as_raw());
    if owner != own && owner != 0 {
        return Err(KeyFileError::Foreign { path: path.to_owned(), owner, own });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open { path: path.to_owned(), mode });
    }
    let mut text =
        Zeroizing::new(String::with_capacity(usize::try_from(metadata.len().min(LARGEST)).unwrap_or(0) + 1));
    file.take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// The keys that stand in a text, oldest first; at least one.
pub(super) fn masters(path: &Path, text: &str) -> Result<Vec<Master>, KeyFileError> {
    let masters =
        parse(text).map_err(|(line, what)| KeyFileError::Line { path: path.to_owned(), line, what })?;
    if masters.is_empty() { Err(KeyFileError::Empty { path: path.to_owned() }) } else { Ok(masters) }
}

/// The ids of keys that a text says are lost: nobody is to wait for them.
pub(super) fn lost(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| lost_id(line.trim())).map(str::to_owned).collect()
}

/// The id in a line that says that a key is lost.
fn lost_id(line: &str) -> Option<&str> {
    line.strip_prefix("lost ").map(str::trim).filter(|id| provider_api::is_word(id))
}

/// Reads the lines; an error is the line's number and what is wrong with it.
fn parse(text: &str) -> Result<Vec<Master>, (usize, &'static str)> {
    let mut masters: Vec<Master> = Vec::new();
    for (line, text) in text.lines().enumerate().map(|(index, text)| (index + 1, text.trim())) {
        if text.is_empty() || text.starts_with('#') || lost_id(text).is_some() {
            continue;
        }
        let master = parse_line(text).map_err(|what| (line, what))?;
        if masters.iter().any(|known| known.id == master.id) {
            return Err((line, "its id was used before"));
        }
        masters.push(master);
    }
    Ok(masters)
}

fn parse_line(text: &str) -> Result<Master, &'static str> {
    let mut words = text.split_ascii_whitespace();
    if words.next() != Some("v1") {
        return Err("it does not begin with `v1`");
    }
    let id = words.next().filter(|id| provider_api::is_word(id)).ok_or("its id is no lower-case word")?;
    let bytes = words.next().and_then(unhex).ok_or("its key is not 64 hexadecimal digits")?;
    if words.next().is_some() {
        return Err("something follows its key");
    }
    Ok(Master { id: id.to_owned(), bytes })
}

fn unhex(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let value = char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?;
        *byte = u8::try_from(value).ok()?;
    }
    Some(bytes)
}

/// Makes the file whole or not at all, and never over one that another server made meanwhile.
fn create(path: &Path, chance: &Chance) -> io::Result<()> {
    let (_, line) = fresh_line(chance);
    let mut text = Zeroizing::new(String::with_capacity(512));
    text.push_str("# The keys of a Passrelay server, newest last. Whoever reads them can make every code.\n");
    text.push_str("# Without them pending codes are void; keep a copy apart from the database's backup.\n");
    text.push_str(&line);
    let (folder, draft) = draft_of(path, chance)?;
    let outcome = write_draft(&draft, &text).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    });
    let removed = fs::remove_file(&draft);
    outcome.and(removed)?;
    File::open(folder)?.sync_all()
}

/// The folder of the file, and a name beside it that nobody has.
pub(super) fn draft_of<'a>(path: &'a Path, chance: &Chance) -> io::Result<(&'a Path, PathBuf)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    Ok((folder, folder.join(format!(".{name}.{}", hex(&chance.bytes::<8>())))))
}

/// Writes a file that is its owner's alone, to the disk itself.
pub(super) fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A fresh key: its id, and its line.
pub(super) fn fresh_line(chance: &Chance) -> (String, Zeroizing<String>) {
    let id = format!("k{}", hex(&chance.bytes::<4>()));
    let bytes = Zeroizing::new(chance.bytes::<32>());
    let digits = Zeroizing::new(hex(bytes.as_ref()));
    let mut line = Zeroizing::new(String::with_capacity(128));
    for word in ["v1 ", &id, " ", &digits, "\n"] {
        line.push_str(word);
    }
    (id, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Keys;
    use proptest::prelude::*;

    const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn keys(path: &Path) -> Result<Keys, KeyFileError> {
        Keys::open_or_create(path, &Chance::seeded(1))
    }

    #[test]
    fn the_first_start_makes_a_private_file_and_the_second_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        let made = keys(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays behind");
        let read = Keys::open_or_create(&path, &Chance::seeded(2)).unwrap();
        assert_eq!(made.newest().id(), read.newest().id());
        assert_eq!(made.newest().index(&["x"]), read.newest().index(&["x"]));
    }

    #[test]
    fn many_servers_that_start_at_once_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        let names: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
            let start = || Keys::open_or_create(&path, &Chance::system()).unwrap().newest().index(&["x"]);
            let servers: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            servers.into_iter().map(|server| server.join().unwrap()).collect()
        });
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        keys(&path).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = keys(&path).unwrap_err().to_string();
            assert!(error.contains("open to others") && error.contains("hint: chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_key_file_of_another_user_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        keys(&path).unwrap();
        if std::os::unix::fs::chown(&path, Some(4321), None).is_err() {
            assert!(std::env::var_os("CI").is_none(), "CI runs as root");
            // Past the capture of the test runner: it has to be seen.
            io::Write::write_all(&mut io::stderr(), b"LEFT OUT: only root can give a file to another user\n")
                .unwrap();
            return;
        }
        let error = keys(&path).unwrap_err().to_string();
        assert!(error.contains("another user (uid 4321)") && error.contains("yours: chown 0 /"), "{error}");
    }

    #[test]
    fn only_a_regular_file_is_a_key_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("passrelay.key"), folder.path().join("link"));
        let dangling = folder.path().join("dangling");
        keys(&path).unwrap();
        for (to, link) in [(&path, &link), (&folder.path().join("gone"), &dangling)] {
            std::os::unix::fs::symlink(to, link).unwrap();
            let error = keys(link).unwrap_err();
            assert!(matches!(error, KeyFileError::Link(_)), "{error}");
        }
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        for other in [&pipe, folder.path()] {
            let error = keys(other).unwrap_err();
            assert!(
                matches!(&error, KeyFileError::Read { source, .. } if source.to_string() == "not a regular file")
            );
        }
    }

    #[test]
    fn a_line_that_is_no_key_is_named_and_not_shown() {
        for (text, line, what) in [
            ("v2 a 00", 1, "`v1`"),
            ("# fine\n\nv1 A 00", 3, "id"),
            ("v1 a 00", 1, "64"),
            (&format!("v1 a {ZEROS}\nv1 b {}zz", &ZEROS[2..]), 2, "64"),
            (&format!("v1 a {ZEROS}\nv1 a {ZEROS}"), 2, "before"),
            (&format!("v1 a {ZEROS} more"), 1, "follows"),
            (&format!("v1 a {ZEROS}00"), 1, "64"),
            (&format!("v1 a +{}", &ZEROS[1..]), 1, "64"),
        ] {
            let (at, why) = parse(text).err().unwrap();
            assert!(at == line && why.contains(what), "{text}: {at} {why}");
        }
    }

    #[test]
    fn a_file_without_a_key_or_in_a_missing_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.key");
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
        assert!(keys(&path).unwrap_err().to_string().contains("holds no key"));
        let missing = folder.path().join("missing/passrelay.key");
        assert!(matches!(keys(&missing), Err(KeyFileError::Create { .. })));
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_file_nothing_breaks(text in "(v1 |[a-f0-9]{0,64}|\\PC{0,8}|\n|#){0,12}") {
            let _read = parse(&text).map(|masters| masters.len());
        }

        #[test]
        fn what_is_written_is_read(bytes: [u8; 32], id in "[a-z][a-z0-9_]{0,31}") {
            let masters = parse(&format!("# c\n  v1 {id}\t{}\r\n", hex(&bytes))).unwrap();
            prop_assert_eq!(&masters[0].id, &id);
            prop_assert_eq!(*masters[0].bytes, bytes);
        }
    }
}
