//! A mail server on loopback that takes everything, but for what a test has written down.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// What the server does when a command comes.
#[derive(Clone)]
pub(super) enum Turn {
    Say(&'static str),
    HangUp,
    /// Says nothing until the other side gives up.
    Silence,
}

#[derive(Default)]
struct State {
    script: VecDeque<(&'static str, Turn)>,
    commands: Vec<String>,
    mails: Vec<String>,
    at_once: usize,
    connections: usize,
    over: bool,
}

/// A server; its clones are one and the same.
pub(super) struct Sink {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Sink {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&shared).over {
                    break;
                }
                lock(&shared).connections += 1;
                let shared = Arc::clone(&shared);
                // A client that is gone is no mistake of this server's.
                thread::spawn(move || drop(serve(&stream.unwrap(), &shared)));
            }
        });
        Self { port, state }
    }

    /// Does this when a command that begins so comes next, once. `""` is the greeting, `.` the end of a mail.
    pub(super) fn then(self, command: &'static str, turn: Turn) -> Self {
        lock(&self.state).script.push_back((command, turn));
        self
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Every command so far, with the verb in upper case.
    pub(super) fn commands(&self) -> Vec<String> {
        lock(&self.state).commands.clone()
    }

    /// Every mail that was taken, as it came but for the dots.
    pub(super) fn mails(&self) -> Vec<String> {
        lock(&self.state).mails.clone()
    }

    /// How many mails came with their end in one piece.
    pub(super) fn at_once(&self) -> usize {
        lock(&self.state).at_once
    }

    pub(super) fn connections(&self) -> usize {
        lock(&self.state).connections
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        lock(&self.state).over = true;
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one connection until it ends.
fn serve(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut input = BufReader::new(stream);
    let mut verb = String::new();
    loop {
        let turn = next(state, &verb);
        match turn {
            Turn::HangUp => return Ok(()),
            Turn::Silence => return std::io::copy(&mut input, &mut std::io::sink()).map(drop),
            Turn::Say(reply) => (&*stream).write_all(format!("{reply}\r\n").as_bytes())?,
        }
        if verb == "QUIT" {
            return Ok(());
        }
        if verb == "DATA" && matches!(turn, Turn::Say(reply) if reply.starts_with("354")) {
            let at_once = input.fill_buf()?.ends_with(b"\r\n.\r\n");
            let mail = mail(&mut input)?;
            let mut state = lock(state);
            state.at_once += usize::from(at_once);
            state.mails.push(mail);
            drop(state);
            ".".clone_into(&mut verb);
            continue;
        }
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        verb = line.split([' ', '\r']).next().unwrap_or_default().to_owned();
        lock(state).commands.push(line.trim_end().to_owned());
    }
}

fn next(state: &Mutex<State>, verb: &str) -> Turn {
    let mut state = lock(state);
    if state.script.front().is_some_and(|(expected, _)| *expected == verb) {
        let turn = state.script.pop_front().unwrap().1;
        if verb == "." && !matches!(&turn, Turn::Say(reply) if reply.starts_with("250")) {
            state.mails.pop();
        }
        return turn;
    }
    Turn::Say(match verb {
        "" => "220 sink ESMTP",
        "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN XOAUTH2",
        "AUTH" => "235 2.7.0 welcome",
        "DATA" => "354 go on",
        "." => "250 2.0.0 Ok: queued as 4F2C1A",
        "QUIT" => "221 bye",
        _ => "250 OK",
    })
}

fn mail(input: &mut impl BufRead) -> std::io::Result<String> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(String::from_utf8(mail).unwrap());
        }
        mail.extend(line.strip_prefix(b".").unwrap_or(&line));
    }
}
