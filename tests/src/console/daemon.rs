//! A server in a process of its own whose log goes to a file: one that nobody reads all the time, and that may be killed.

use super::server::serving;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Real time that is enough to start, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server whose log goes to `serve.log` of its folder; killed when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
    address: SocketAddr,
}

impl Daemon {
    /// Starts it and waits until it serves; or how it ended instead, and what it logged.
    pub(super) fn start(mut command: Command, log: &Path) -> Result<Self, (Option<i32>, String)> {
        let file = opened(log);
        let before = file.metadata().expect("a file has a length").len();
        let child = command.stdout(Stdio::null()).stderr(file).spawn().expect("the program starts");
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Self { child, log: log.to_owned(), address: nowhere };
        let told = until(PATIENCE, || {
            // Asked first: what it said before it ended is then in the file.
            let ended = server.child.try_wait().expect("a child can be asked");
            let said = read(log, before);
            match (said.lines().find_map(serving), ended) {
                (Some(address), _) => Some(Ok(address)),
                (None, Some(status)) => Some(Err((status.code(), said))),
                (None, None) => None,
            }
        });
        let told = told.unwrap_or_else(|| panic!("it neither serves nor ends: {}", read(log, before)));
        match told {
            Ok(address) => {
                server.address = address;
                Ok(server)
            }
            Err(ended) => Err(ended),
        }
    }

    /// Starts one that logs to a file which keeps nothing, and waits until it answers at this address.
    pub(super) fn unheard(mut command: Command, nowhere: File, address: SocketAddr, log: PathBuf) -> Self {
        let child = command.stdout(Stdio::null()).stderr(nowhere).spawn().expect("the program starts");
        let server = Self { child, log, address };
        until(PATIENCE, || TcpStream::connect(address).ok()).expect("it answers in time");
        server
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    ///
    /// # Panics
    ///
    /// When the system gave it no id.
    pub fn id(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has an id")
    }

    /// What every server of this folder logged so far.
    pub fn log(&self) -> String {
        read(&self.log, 0)
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// When it takes none.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).expect("a process takes a signal");
    }

    /// Ends it as a power cut ends it.
    ///
    /// # Panics
    ///
    /// When it lives on.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        self.child.wait().expect("it ends");
    }

    /// Tells it to end and waits until it has.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn stop(self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn ended(mut self) -> ExitStatus {
        until(PATIENCE, || self.child.try_wait().expect("a child can be asked")).expect("it ends in time")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn opened(log: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(log).expect("a log can be written")
}

/// The log from there on; a line that is just being written may break off within a character.
fn read(log: &Path, from: u64) -> String {
    let mut bytes = Vec::new();
    let mut file = File::open(log).expect("a log can be read");
    file.seek(SeekFrom::Start(from)).and_then(|_| file.read_to_end(&mut bytes)).expect("a log can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Asks again and again until there is an answer, at most this long.
#[expect(clippy::disallowed_methods, reason = "another process tells nobody when it is ready")]
pub(super) fn until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(Duration::from_millis(1));
    }
}
