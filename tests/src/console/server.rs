//! A server in a process of its own.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// Real time that is enough to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server in a process of its own; killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
    said: String,
    address: SocketAddr,
}

impl Server {
    /// Starts it and reads its log until it says where it serves.
    pub(super) fn start(mut command: Command) -> Self {
        let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut log = BufReader::new(child.stderr.take().expect("a log"));
        let mut said = String::new();
        let address = loop {
            let start = said.len();
            let read = log.read_line(&mut said).expect("a line of the log");
            assert!(read > 0, "it ended before it served: {said}");
            let line = said.get(start..).unwrap_or_default();
            if let Some(address) = serving(line) {
                break address;
            }
        };
        Self { child, log, said, address }
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// When it takes none.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).expect("a process takes a signal");
    }

    /// How much memory it has now, in KiB.
    ///
    /// # Panics
    ///
    /// When the system does not say.
    pub fn resident_kib(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Its number among the system's processes.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    fn id(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has an id")
    }

    /// Reads the log until a line holds these words.
    ///
    /// # Panics
    ///
    /// When it ends before.
    pub fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let read = self.log.read_line(&mut line).expect("a line of the log");
            assert!(read > 0, "it never said `{words}`: {}", self.said);
            self.said.push_str(&line);
        }
    }

    /// Tells it to end and waits until it has: its exit code and all that it logged.
    ///
    /// # Panics
    ///
    /// When its log cannot be read.
    pub fn stop(self) -> (Option<i32>, String) {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits until it has ended: its exit code and all that it logged. One that takes too long is killed and has none.
    ///
    /// # Panics
    ///
    /// When its log cannot be read.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let (ended, watching) = mpsc::channel::<()>();
        let id = self.id();
        let watch = thread::spawn(move || {
            if watching.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // It may have ended a moment ago.
                let _killed = kill_process(id, Signal::KILL);
            }
        });
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("a log in UTF-8");
        self.said.push_str(&rest);
        let code = self.child.wait().expect("it ends").code();
        drop(ended);
        watch.join().expect("the watch ends");
        (code, std::mem::take(&mut self.said))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The address that a line of the log names, if it says that the server serves.
pub(super) fn serving(line: &str) -> Option<SocketAddr> {
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && !['.', ':'].contains(&c));
    if line.contains("serving") { words.find_map(|word| word.parse().ok()) } else { None }
}
