//! A server of its own for one test: real libraries, a real socket, a clock that stands still.
//!
//! When it is stopped it asserts what no test thinks of: that no code and no full recipient stands in the log or in an
//! answer, and that no delivery was left open. Every answer is held to the `OpenAPI` document of its face.

mod account;
mod answer;
mod caller;
mod contract;
mod operator;
mod secrets;

pub use account::{ACCOUNT, TOKEN};
pub use answer::Answer;
pub use caller::KEY;
pub use secrets::Recipients;

use crate::{Dropped, Processes, log, program};
use passrelay::{
    app::{self, App},
    clock::ManualClock,
    config::{Draft, Environment},
    plugin::{Libraries, Workshop},
    seal::Chance,
};
use secrets::Secrets;
use serde_json::Value;
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};

/// Real time that is enough for anything: what takes longer never ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server with its folder and its clock; to be ended with [`World::stop`].
#[derive(Debug)]
pub struct World {
    /// Moves the time of everything in this world.
    pub clock: ManualClock,
    folder: Dropped,
    address: SocketAddr,
    remote: Option<SocketAddr>,
    client: reqwest::Client,
    operator: reqwest::Client,
    secrets: Secrets,
    logged: usize,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl World {
    /// Starts a server with the library `dry_run` and this configuration, in which `@/` is the world's folder.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(configuration: &str) -> Self {
        Self::with(&["dry_run"], configuration).await
    }

    /// The same with these libraries.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn with(libraries: &[&str], configuration: &str) -> Self {
        // The part of the whole process's log that is not this world's.
        let logged = log::capture().text().len();
        let folder = Dropped::with(libraries);
        let socket = folder.path().join("passrelay-admin.sock");
        let here = format!("{}/", folder.path().display());
        let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n{}", configuration.replace("@/", &here));
        let nothing: [(&str, &str); 0] = [];
        let file = folder.path().join("passrelay.toml");
        let draft = Draft::parse(&text, &file, Environment::of(nothing));
        let libraries = Libraries::scan(draft.libraries(), &program()).await;
        let config = draft.finish(&libraries).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let clock = ManualClock::at("2026-01-02T03:04:05Z".parse().expect("a time"));
        let workshop = Workshop::of_program(program(), clock.clock());
        let world = app::World { clock: clock.clock(), chance: Chance::seeded(1), workshop };
        let app = App::start(config, &libraries, &world).await.expect("the server starts");
        let address = app.address().expect("it listens somewhere");
        let remote = app.remote().expect("it listens somewhere");
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(app.serve(async move { drop(stopped.await) }));
        Self {
            clock,
            folder,
            address,
            remote,
            client: client().build().expect("a client"),
            operator: client().unix_socket(socket).build().expect("a client"),
            secrets: Secrets::default(),
            logged,
            running: Some((stop, served)),
        }
    }

    /// The world's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The processes of its providers.
    pub fn processes(&self) -> Processes {
        Processes::of(self.folder())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers operators who have a key.
    ///
    /// # Panics
    ///
    /// When it does so nowhere.
    pub fn remote(&self) -> SocketAddr {
        self.remote.expect("an address in `server.admin`")
    }

    /// Keeps something secret to the end of this world: a code that a service received, a key of the configuration.
    pub fn keeps_secret(&self, secret: &str) {
        self.secrets.keep(secret);
    }

    /// What was logged in this process since this world began.
    pub fn log(&self) -> String {
        log::capture().text().split_off(self.logged)
    }

    /// The messages in `@/outbox.jsonl`, in the order of delivery.
    pub fn messages(&self) -> Vec<Value> {
        secrets::lines(&self.folder().join("outbox.jsonl"))
    }

    /// The code that was delivered last to this recipient.
    ///
    /// # Panics
    ///
    /// When none was.
    pub fn code_for(&self, recipient: &str) -> String {
        let messages = self.messages();
        let last = messages.iter().rfind(|message| message["recipient"] == recipient);
        let code = last.and_then(|message| message["code"].as_str());
        code.expect("a message to this recipient").to_owned()
    }

    /// Ends the server as a signal would and asserts what holds in every world.
    ///
    /// # Panics
    ///
    /// When a delivery is left open, or when a code or a full recipient stands where it must not.
    pub async fn stop(mut self) {
        let (stop, served) = self.running.take().expect("a world runs until it is stopped");
        drop(stop);
        // The clock stands still, so this ends only if every delivery came to an end by itself.
        let ended = tokio::time::timeout(PATIENCE, served).await.expect("no delivery is left open");
        ended.expect("the server does not panic");
        self.secrets.collect(self.folder.path());
        let log = self.log();
        assert!(log.contains("request answered"), "the log is captured: {log}");
        self.secrets.assert_unseen("the log", &log);
        self.secrets.assert_unanswered();
    }
}

fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE)
}

impl Drop for World {
    fn drop(&mut self) {
        let forgotten = self.running.is_some() && !std::thread::panicking();
        assert!(!forgotten, "a world must be stopped, or nothing of what holds in every world is asserted");
    }
}
