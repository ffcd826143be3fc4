//! A loaded library as the conformance suite asks it: the same questions as in its author's own process.

use super::{
    Isolation, LibraryInfo, Sandbox, Settings, Workshop, lane::Lane, providers::open_lane,
    services::http::Http,
};
use provider_api::{
    DeliveryError, HttpResponse, Manifest, OpenAnswer,
    abi::{Reply, frame},
    testing::conformance::{Door, Session},
};
use serde_json::Value;
use std::{fmt, sync::Arc, time::Duration};
use tokio::runtime::Handle;

/// How long a question may stay unanswered.
const PATIENCE: Duration = Duration::from_secs(10);

/// A library on a thread or in a process of its own. Its methods block: use it outside of a runtime's own threads.
pub struct LibraryDoor {
    library: LibraryInfo,
    isolation: Isolation,
    sandbox: Sandbox,
    workshop: Workshop,
    runtime: Handle,
    http: Http,
}

impl LibraryDoor {
    /// Leads to a library in this isolation; its providers live on `runtime`, and no HTTP request of theirs is sent.
    pub fn new(library: LibraryInfo, isolation: Isolation, workshop: Workshop, runtime: Handle) -> Self {
        let (sandbox, http) = (Sandbox::Strict, Http::answering(None));
        Self { library, isolation, sandbox, workshop, runtime, http }
    }

    /// In another sandbox than the strict one.
    #[must_use]
    pub fn in_sandbox(self, sandbox: Sandbox) -> Self {
        Self { sandbox, ..self }
    }

    /// Answers every HTTP request of its providers with this, what a sample says, or by an error.
    #[must_use]
    pub fn answering(self, http: Option<impl Into<HttpResponse>>) -> Self {
        Self { http: Http::answering(http.map(Into::into)), ..self }
    }

    /// How many HTTP requests there were without an answer to them: what a sample is to say.
    pub fn unanswered(&self) -> usize {
        self.http.unanswered()
    }
}

impl fmt::Debug for LibraryDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LibraryDoor")
            .field("library", &self.library)
            .field("isolation", &self.isolation)
            .finish_non_exhaustive()
    }
}

impl Door for LibraryDoor {
    fn manifest(&self) -> Result<Manifest, String> {
        Ok(self.library.manifest.clone())
    }

    fn open(&self, config: &Value) -> Result<(OpenAnswer, Box<dyn Session>), DeliveryError> {
        let settings = Settings {
            id: self.library.manifest.id.clone(),
            enabled: true,
            library: self.library.manifest.id.clone(),
            isolation: self.isolation,
            sandbox: self.sandbox,
            timeout: PATIENCE,
            queue: 1024,
            sha256: None,
            allow_private_addresses: false,
            allow_hosts: None,
            config: config.clone(),
            canary: None,
        };
        let opening = open_lane(&settings, &self.library, &self.workshop, self.http.clone(), Arc::default());
        let lane = self.runtime.block_on(opening)?;
        let answer = OpenAnswer::new(lane.addresses().to_vec());
        Ok((answer, Box::new(Opened { lane, runtime: self.runtime.clone() })))
    }
}

/// An opened provider behind the door.
struct Opened {
    lane: Lane,
    runtime: Handle,
}

impl Session for Opened {
    fn call(&self, op: u32, request: Vec<u8>) -> Reply {
        let reply = self.runtime.block_on(self.lane.raw_call(op, request));
        reply.unwrap_or_else(|how| Reply::Panicked(frame::encode(&DeliveryError::broken(how), &[])))
    }

    fn call_and_drop(&self, op: u32, request: Vec<u8>) {
        self.runtime.block_on(async {
            let call = self.lane.raw_call(op, request);
            // Long enough to arrive, too short to be answered by anything that waits.
            drop(tokio::time::timeout(Duration::from_millis(20), call).await);
        });
    }
}
