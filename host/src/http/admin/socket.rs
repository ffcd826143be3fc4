//! The admin socket: a Unix socket that is its owner's alone from its first moment to its last.

use crate::http::serve::Listener;
use rustix::{
    fs::{CWD, Mode, RenameFlags, fchmod, renameat_with},
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with},
};
use std::{
    fs,
    io::{self, ErrorKind},
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
};
use tokio::net::{UnixListener, UnixStream};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// A socket in the file system with mode 0600; the file goes with it.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode: what another server puts there later is not ours to remove.
    made: (u64, u64),
}

/// Why there is no admin socket, sorted by what an operator can do.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another server lives there.
    #[error(
        "the admin socket `{}` belongs to a running server\nhint: end that server, or change `server.admin`",
        .0.display()
    )]
    Living(PathBuf),
    /// Something that is no socket stands there.
    #[error(
        "the admin socket cannot be `{}`: something else stands there\nhint: remove it, or change `server.admin`",
        .0.display()
    )]
    Taken(PathBuf),
    /// The system does not make it.
    #[error(
        "cannot make the admin socket `{}`: {cause}\nhint: change `server.admin`; \"off\" for none",
        .path.display()
    )]
    Refused {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}

impl AdminSocket {
    /// Makes the socket, within a tokio runtime. One that a dead server left behind is replaced.
    ///
    /// # Errors
    ///
    /// When a server lives there, something else stands there, or the system refuses.
    pub fn open(path: &Path) -> Result<Self, SocketError> {
        let refused = |cause: io::Error| SocketError::Refused { path: path.to_owned(), cause };
        // Asked for its own sake: a name that is too long could be given all the same, and nobody could call it.
        SocketAddrUnix::new(path).map_err(|cause| refused(cause.into()))?;
        // It gets its name only once it listens: who finds the name and is refused has found a dead server.
        let staged = path.with_file_name(format!(".{}", std::process::id()));
        let socket = listening(&staged).map_err(|cause| refused(cause.into()))?;
        let placed = place(&staged, path);
        if placed.is_err() {
            // What is left of it, if anything, is a dead name that the next start may take.
            let _removed = fs::remove_file(&staged);
        }
        placed?;
        let listener = UnixListener::from_std(socket.into()).map_err(refused)?;
        let made = identity(path).map_err(refused)?;
        Ok(Self { listener, path: path.to_owned(), made })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Listener for AdminSocket {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _peer)| stream)
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.made) {
            // A name that stays is one of a dead server: the next start replaces it.
            let _removed = fs::remove_file(&self.path);
        }
    }
}

/// A socket that listens under this name, which has mode 0600 from its birth.
fn listening(path: &Path) -> Result<OwnedFd, Errno> {
    let address = SocketAddrUnix::new(path)?;
    // Only a process of our number can have left it. What is no socket is nobody's to remove.
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        let _left_over = fs::remove_file(path);
    }
    let socket = stream()?;
    // Before there is a name: Linux makes it with the mode that the socket has.
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket)
}

fn stream() -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)
}

/// Gives the socket its name, which a dead server may still have.
fn place(staged: &Path, path: &Path) -> Result<(), SocketError> {
    let refused = |cause: io::Error| SocketError::Refused { path: path.to_owned(), cause };
    for _ in 0..3 {
        match renameat_with(CWD, staged, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => make_room(staged, path)?,
            Err(cause) => return Err(refused(cause.into())),
        }
    }
    // Whoever takes the name so quickly lives.
    Err(SocketError::Living(path.to_owned()))
}

/// Removes the name of a dead server.
fn make_room(staged: &Path, path: &Path) -> Result<(), SocketError> {
    let refused = |cause: io::Error| SocketError::Refused { path: path.to_owned(), cause };
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(SocketError::Taken(path.to_owned())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Ok(_) if lives(path) => return Err(SocketError::Living(path.to_owned())),
        Ok(_) => {}
        Err(cause) => return Err(refused(cause)),
    }
    // Taken aside and asked again: another server may have replaced it a moment ago, and gets it back.
    let aside = staged.with_extension("old");
    match fs::rename(path, &aside) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(refused(cause)),
        Ok(()) if lives(&aside) => {
            renameat_with(CWD, &aside, CWD, path, RenameFlags::NOREPLACE)
                .map_err(|cause| refused(cause.into()))?;
            Err(SocketError::Living(path.to_owned()))
        }
        Ok(()) => fs::remove_file(&aside).map_err(refused),
    }
}

/// Whether somebody listens there, or at least it cannot be said that nobody does.
fn lives(path: &Path) -> bool {
    let asked = stream().and_then(|socket| connect(&socket, &SocketAddrUnix::new(path)?));
    !matches!(asked, Err(Errno::CONNREFUSED | Errno::NOENT))
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener as Plain, UnixStream as Caller},
    };

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        (folder, path)
    }

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test]
    async fn it_is_its_owners_alone_answers_and_goes_with_its_server() {
        let (folder, path) = folder();
        let socket = AdminSocket::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let _caller = Caller::connect(&path).unwrap();
        socket.accept().await.unwrap();
        drop(socket);
        assert_eq!(entries(folder.path()), 0);
    }

    /// It has its mode before it has its name, so there is nothing to see in between.
    #[tokio::test]
    async fn the_name_is_born_with_its_mode() {
        let (_folder, path) = folder();
        let _socket = listening(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn the_name_of_a_dead_server_is_taken_over() {
        let (folder, path) = folder();
        drop(Plain::bind(&path).unwrap());
        let socket = AdminSocket::open(&path).unwrap();
        let _caller = Caller::connect(&path).unwrap();
        assert_eq!(entries(folder.path()), 1);
        drop(socket);
        assert_eq!(entries(folder.path()), 0);
    }

    #[tokio::test]
    async fn a_living_server_keeps_its_name() {
        let (folder, path) = folder();
        let first = AdminSocket::open(&path).unwrap();
        let told = AdminSocket::open(&path).unwrap_err().to_string();
        assert!(told.starts_with(&format!("the admin socket `{}` belongs to", path.display())), "{told}");
        let _caller = Caller::connect(&path).unwrap();
        first.accept().await.unwrap();
        assert_eq!(entries(folder.path()), 1);
    }

    #[tokio::test]
    async fn whatever_else_stands_there_is_left_alone() {
        let (folder, path) = folder();
        fs::write(&path, "dear").unwrap();
        assert!(matches!(AdminSocket::open(&path), Err(SocketError::Taken(_))));
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), entries(folder.path())), ("dear", 1));
        let link = folder.path().join("link.sock");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(AdminSocket::open(&link), Err(SocketError::Taken(_))));
    }

    #[tokio::test]
    async fn what_a_killed_start_left_is_in_nobodys_way_and_a_file_of_that_name_is_kept() {
        let (folder, path) = folder();
        let staged = folder.path().join(format!(".{}", std::process::id()));
        drop(Plain::bind(&staged).unwrap());
        drop(AdminSocket::open(&path).unwrap());
        assert_eq!(entries(folder.path()), 0);
        fs::write(&staged, "dear").unwrap();
        assert!(matches!(AdminSocket::open(&path), Err(SocketError::Refused { .. })));
        assert_eq!((fs::read_to_string(&staged).unwrap().as_str(), entries(folder.path())), ("dear", 1));
    }

    #[tokio::test]
    async fn the_name_of_a_later_server_is_not_removed() {
        let (_folder, path) = folder();
        let first = AdminSocket::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _second = AdminSocket::open(&path).unwrap();
        drop(first);
        assert!(path.exists());
    }

    #[tokio::test]
    async fn what_the_system_refuses_is_told() {
        for path in ["/nowhere/admin.sock".to_owned(), format!("/tmp/{}", "x".repeat(108))] {
            let told = AdminSocket::open(Path::new(&path)).unwrap_err().to_string();
            assert!(told.starts_with("cannot make the admin socket `/"), "{told}");
        }
    }
}
