//! Where a provider runs: on a thread of the host or in a process of its own, with the same calls for both.

use super::{
    copies::Copy, crash::Mark, log::Log, process::Process, sandbox::Cell, services::Services,
    settings::Isolation, thread::Thread,
};
use crate::clock::Clock;
use provider_api::{DeliveryError, abi::Reply};
use std::{path::PathBuf, time::Duration};

/// How long a provider may take to say that it is there.
const PING: Duration = Duration::from_secs(1);

/// What is needed to open a provider, once and again.
#[derive(Clone)]
pub(crate) struct Blueprint {
    pub(crate) provider: String,
    /// The program to start for a process of its own.
    pub(crate) program: PathBuf,
    /// The private copy of the library.
    pub(crate) copy: Copy,
    /// What a process of its own may do.
    pub(crate) cell: Cell,
    /// What a thread of the host's bears.
    pub(crate) mark: Option<Mark>,
    /// The frame of the provider's configuration.
    pub(crate) config: Vec<u8>,
    pub(crate) services: Services,
    pub(crate) log: Log,
    pub(crate) clock: Clock,
}

/// A running provider.
pub(crate) enum Engine {
    Thread(Thread),
    Process(Process),
}

/// What became of a call.
pub(crate) enum Answer {
    /// The provider replied.
    Reply(Reply),
    /// Its thread or process ended before it did, with how.
    Ended(String),
    /// Nothing was sent to it, with why: asking again does no harm.
    NotAsked(String),
}

impl Engine {
    /// Starts and opens a provider; also gives the frame of its `OpenAnswer`.
    pub(crate) async fn open(
        isolation: Isolation,
        blueprint: Blueprint,
    ) -> Result<(Self, Vec<u8>), DeliveryError> {
        match isolation {
            Isolation::Thread => {
                Thread::open(blueprint).await.map(|(thread, answer)| (Self::Thread(thread), answer))
            }
            Isolation::Process => {
                Process::open(blueprint).await.map(|(process, answer)| (Self::Process(process), answer))
            }
        }
    }

    /// Calls the provider; dropping the future cancels the call. A process that ended is started again.
    pub(crate) async fn call(&self, op: u32, request: Vec<u8>) -> Answer {
        match self {
            Self::Thread(thread) => thread.call(op, request).await,
            Self::Process(process) => process.call(op, request).await,
        }
    }

    /// Whether the provider keeps its thread to itself, which takes a second to tell. A process that does is ended; a
    /// thread cannot be.
    pub(crate) async fn is_stuck(&self) -> bool {
        // Real time, not the clock's: whether a thread is blocked is a fact of the machine.
        match self {
            Self::Thread(thread) => tokio::time::timeout(PING, thread.ping()).await.is_err(),
            Self::Process(process) => process.end_if_silent(PING).await,
        }
    }
}

/// The error of an opening that ended with its thread or process.
pub(crate) fn ended_while_opening(how: &str) -> DeliveryError {
    DeliveryError::broken(format!("the provider's process ended while it was opened: {how}"))
}
