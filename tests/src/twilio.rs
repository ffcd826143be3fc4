//! A Twilio on loopback, written from its published behaviour: it reads requests strictly and answers as told.
//!
//! What no provider should ever send, such as a form that is encoded otherwise or a parameter that is not known, is
//! remembered, and asserted not to have happened when it is dropped.

mod answer;
mod form;
mod magic;
mod play;
mod state;
mod wire;

pub use form::Form;
pub use play::Play;

use state::State;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};

/// Real time that is enough for anything: what takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Twilio with one account on loopback.
#[derive(Debug)]
pub struct Twilio {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The request line: method, path, version.
    pub line: String,
    /// The value of `Authorization`.
    pub authorization: String,
    /// The body, to the letter.
    pub body: String,
    /// What stands in it.
    pub form: Form,
}

impl Twilio {
    /// The account that it knows.
    pub const ACCOUNT: &str = "AC00112233445566778899aabbccddeeff";
    /// The account's token.
    pub const TOKEN: &str = "mock-token-f00dfeedcafe0123456789";
    /// An API key of the account.
    pub const KEY: &str = "SK00112233445566778899aabbccddeeff";
    /// The key's secret.
    pub const KEY_SECRET: &str = "mock-secret-0123456789abcdefdeadbeef";
    /// A sender that works (the magic number of Twilio's test credentials).
    pub const SENDER: &str = "+15005550006";

    /// Listens on a port of its own.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it has an address");
        let state = Arc::new(State::default());
        let serving = tokio::spawn(Arc::clone(&state).serve(listener));
        Self { address, state, serving }
    }

    /// Where it is, for `base_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Plays this at the next request that nothing is planned for.
    pub fn plays(&self, play: Play) {
        self.state.known().plays.push_back(play);
    }

    /// Plays this at every request that nothing else is planned for.
    pub fn always_plays(&self, play: Play) {
        self.state.known().always = Some(play);
    }

    /// Every request so far, in order.
    pub fn posted(&self) -> Vec<Posted> {
        self.state.known().posted.clone()
    }

    /// Waits until this many requests have arrived, answered or not.
    ///
    /// # Panics
    ///
    /// When they do not come.
    pub async fn arrived(&self, at_least: usize) {
        let mut arrived = self.state.arrived.subscribe();
        let enough = arrived.wait_for(|count| *count >= at_least);
        tokio::time::timeout(PATIENCE, enough).await.expect("the requests come").expect("it listens");
    }

    /// Lets every answer go that is held.
    pub fn release(&self) {
        self.state.released.send_replace(true);
    }

    /// The first word of the text that went to this number last: the code, in Passrelay's own texts.
    ///
    /// # Panics
    ///
    /// When nothing went there.
    pub fn code_for(&self, number: &str) -> String {
        let posted = self.posted();
        let last = posted.iter().rfind(|posted| posted.form.get("To") == Some(number));
        let text = last.and_then(|posted| posted.form.get("Body")).expect("a message to this number");
        text.split(' ').next().expect("a first word").to_owned()
    }
}

impl Drop for Twilio {
    fn drop(&mut self) {
        self.serving.abort();
        let faults = std::mem::take(&mut self.state.known().faults);
        assert!(faults.is_empty() || std::thread::panicking(), "what Twilio was sent: {faults:#?}");
    }
}
