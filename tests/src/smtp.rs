//! A mail server on loopback for one test: TLS, logins, every reply that a test asks for, and every mail it took.
//!
//! The protocol is spoken by the crate `mailin`. It knows neither XOAUTH2 nor TLS: the thin layer around it adds both. It
//! takes lines of any form: those that no client should send are remembered, and asserted not to have come when the
//! server is dropped.

mod certificates;
mod conversation;
mod handler;
mod line;

pub use certificates::{Authority, Identity};

use conversation::Conversation;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

/// How a server encrypts.
#[derive(Debug, Clone)]
pub enum Tls {
    /// From the first byte.
    Implicit(Identity),
    /// By STARTTLS; a login is only offered after it.
    StartTls(Identity),
    /// Not at all.
    None,
}

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// SASL PLAIN.
    Plain,
    /// LOGIN.
    Login,
    /// An OAuth 2.0 token.
    Xoauth2,
}

/// A moment of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Somebody connected.
    Greeting,
    /// STARTTLS: what is said here comes after the usual answer and before the encryption, as if somebody between had
    /// put it there.
    StartTls,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// The whole mail is there.
    End,
}

/// What the server does at a step in place of what is usual.
#[derive(Debug, Clone)]
pub enum Turn {
    /// Answers this: code and text.
    Say(u16, &'static str),
    /// Closes the connection without an answer.
    HangUp,
    /// Says nothing until the other side gives up.
    Hold,
}

/// A mail that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The mail itself, as it came but for the dots.
    pub content: String,
    /// Which connection it came by, from 1.
    pub connection: usize,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// By which way and as whom somebody logged in.
    pub login: Option<(Mechanism, String)>,
}

/// What every connection of a server shares.
#[derive(Debug)]
struct Shared {
    tls: Tls,
    mechanisms: Vec<Mechanism>,
    /// The name and the secrets that are good.
    username: String,
    secrets: Vec<String>,
    state: Mutex<State>,
    held: Notify,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<(Step, Turn)>,
    mails: Vec<Mail>,
    connections: usize,
    faults: Vec<&'static str>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was asked for at this step, once.
    fn turn(&self, step: Step) -> Option<Turn> {
        self.turn_if(step, |_| true)
    }

    /// The same, if it is of this kind.
    fn turn_if(&self, step: Step, kind: impl Fn(&Turn) -> bool) -> Option<Turn> {
        let script = &mut self.state().script;
        let (_, turn) = script.pop_front_if(|(expected, turn)| *expected == step && kind(turn))?;
        Some(turn)
    }
}

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct Smtp {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Smtp {
    /// A server without a login.
    pub async fn start(tls: Tls) -> Self {
        Self::with_login(tls, &[], "", &[]).await
    }

    /// A server that wants a login in one of these ways, with this name and any of these secrets.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub async fn with_login(tls: Tls, mechanisms: &[Mechanism], username: &str, secrets: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            tls,
            mechanisms: mechanisms.to_vec(),
            username: username.to_owned(),
            secrets: secrets.iter().map(|secret| (*secret).to_owned()).collect(),
            state: Mutex::default(),
            held: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    /// Asks for something unusual: what comes first in this order is done first.
    pub fn then(&self, step: Step, turn: Turn) {
        self.shared.state().script.push_back((step, turn));
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every mail it took, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.state().mails.clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Waits until the server holds somebody.
    pub async fn holds(&self) {
        self.shared.held.notified().await;
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.accepting.abort();
        let faults = std::mem::take(&mut self.shared.state().faults);
        assert!(faults.is_empty() || std::thread::panicking(), "what the mail server was sent: {faults:?}");
    }
}

/// Serves every connection until the server ends; the connections end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut running = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let connection = {
            let mut state = shared.state();
            state.connections += 1;
            state.connections
        };
        running.spawn(Conversation::serve(stream, Arc::clone(&shared), connection));
    }
}
