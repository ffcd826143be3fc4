//! A provider in a process of its own, seen from the host: whatever it does to itself, one delivery is lost.

use super::{
    confine,
    engine::{Answer, Blueprint, ended_while_opening},
    wire::Kind,
    worker,
};
use conversation::Conversation;
use provider_api::{
    DeliveryError,
    abi::{Reply, frame, ops},
};
use std::{
    os::fd::OwnedFd,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::UnixStream, process::Command};

mod conversation;

/// How long a process that is started again may take to open its provider.
const REOPEN: Duration = Duration::from_secs(10);

/// The process, started again when it has ended.
pub(crate) struct Process(Arc<Inner>);

struct Inner {
    blueprint: Blueprint,
    current: Mutex<Arc<Conversation>>,
    /// Held by whoever starts the process again.
    starting: tokio::sync::Mutex<()>,
}

impl Process {
    /// Starts the process and opens the provider in it.
    pub(super) async fn open(blueprint: Blueprint) -> Result<(Self, Vec<u8>), DeliveryError> {
        let (conversation, answer) = start(&blueprint).await?;
        let current = Mutex::new(conversation);
        let inner = Inner { blueprint, current, starting: tokio::sync::Mutex::default() };
        Ok((Self(Arc::new(inner)), answer))
    }

    pub(super) async fn call(&self, op: u32, request: Vec<u8>) -> Answer {
        if let (ops::CLOSE, Some(how)) = (op, self.0.current().how_it_ended()) {
            // Nobody is started to be told that nobody will call.
            return Answer::Ended(how.to_owned());
        }
        match self.conversation().await {
            Ok(conversation) => conversation.ask(Kind::Call, &[&op.to_le_bytes(), &request]).await,
            Err(error) => Answer::Reply(Reply::Err(frame::encode(&error, &[]))),
        }
    }

    /// Ends the process if it is there and stays silent this long; whether it had to be.
    pub(super) async fn end_if_silent(&self, patience: Duration) -> bool {
        // The one that is asked is the one that is ended: another call may start a new one meanwhile.
        let current = self.0.current();
        let silent = tokio::time::timeout(patience, current.ask(Kind::Ping, &[])).await.is_err();
        if silent {
            current.end("it blocked its thread and was ended");
        }
        silent
    }

    /// The conversation with the process; with a new one if the last has ended.
    async fn conversation(&self) -> Result<Arc<Conversation>, DeliveryError> {
        let current = self.0.current();
        if current.how_it_ended().is_none() {
            return Ok(current);
        }
        // In a task of its own: a caller with little patience must not take back what the next one needs.
        let inner = Arc::clone(&self.0);
        let restart = tokio::spawn(async move { inner.restart().await });
        restart.await.unwrap_or_else(|_| Err(DeliveryError::unavailable("the host is going away")))
    }
}

impl Inner {
    fn current(&self) -> Arc<Conversation> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn restart(&self) -> Result<Arc<Conversation>, DeliveryError> {
        let _one_at_a_time = self.starting.lock().await;
        let current = self.current();
        if current.how_it_ended().is_none() {
            return Ok(current);
        }
        let started = tokio::time::timeout(REOPEN, start(&self.blueprint)).await;
        let late = || DeliveryError::unavailable("the provider's process did not open within 10 s");
        let (conversation, _) = started.map_err(|_| late())?.map_err(as_not_taken)?;
        tracing::info!(provider.id = self.blueprint.provider, "provider's process started again");
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&conversation);
        Ok(conversation)
    }
}

/// A provider that could not be opened again surely took no message.
fn as_not_taken(mut error: DeliveryError) -> DeliveryError {
    error.text = format!("the provider's process could not be started again: {}", error.text);
    error.failure = provider_api::Failure::Unavailable;
    error
}

async fn start(blueprint: &Blueprint) -> Result<(Arc<Conversation>, Vec<u8>), DeliveryError> {
    let task = blueprint.clone();
    // A process ends with the thread that started it: one of the runtime's lives as long as the host.
    let spawned = tokio::spawn(async move { spawn(&task) }).await;
    let conversation = spawned
        .unwrap_or_else(|_| Err(std::io::Error::other("the host is going away")))
        .map_err(|cause| DeliveryError::broken(format!("no process for the provider: {cause}")))?;
    let level = u32::from(super::log::max_level()).to_le_bytes();
    match conversation.ask(Kind::Open, &[&level, &blueprint.config]).await {
        Answer::Reply(Reply::Ok(answer)) => Ok((conversation, answer.into())),
        Answer::Reply(Reply::Err(bytes) | Reply::Panicked(bytes)) => Err(frame::decode(&bytes).map_or_else(
            |cause| DeliveryError::broken(format!("the provider's answer is unreadable: {cause}")),
            |(error, _)| error,
        )),
        Answer::Reply(Reply::UnknownOp) => {
            Err(DeliveryError::broken("the provider's process answers nothing"))
        }
        Answer::Ended(how) => Err(ended_while_opening(&how)),
    }
}

fn spawn(blueprint: &Blueprint) -> std::io::Result<Arc<Conversation>> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    let child = Command::new(&blueprint.program)
        .arg0("passrelay")
        .arg(worker::ARGUMENT)
        .arg(&blueprint.copy)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .env_clear()
        .envs([confine::ALLOCATOR])
        // What a terminal sends to its foreground is meant for the host, which then lets its deliveries finish.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    ours.set_nonblocking(true)?;
    let (input, output) = UnixStream::from_std(ours)?.into_split();
    Ok(Conversation::begin(blueprint, child, input, output))
}
