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
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::UnixStream, process::Command};

mod conversation;
mod crowd;
mod said;

/// How long a process that is started again may take to open its provider.
const REOPEN: Duration = Duration::from_secs(10);

/// The process, started again when it has ended.
pub(crate) struct Process(Arc<Inner>);

struct Inner {
    blueprint: Blueprint,
    current: Mutex<Arc<Conversation>>,
    turns: Turns,
}

/// Sees to it that one starts the process at a time, and that nobody who waited for a start that failed tries it anew.
#[derive(Default)]
struct Turns {
    /// Held by whoever starts the process again: how the last start failed, if it did.
    starting: tokio::sync::Mutex<Option<DeliveryError>>,
    /// How many starts have come to an end.
    ended: AtomicU64,
}

impl Process {
    /// Starts the process and opens the provider in it.
    pub(super) async fn open(blueprint: Blueprint) -> Result<(Self, Vec<u8>), DeliveryError> {
        let (conversation, answer) = start(&blueprint).await?;
        let current = Mutex::new(conversation);
        let inner = Inner { blueprint, current, turns: Turns::default() };
        Ok((Self(Arc::new(inner)), answer))
    }

    pub(super) async fn call(&self, op: u32, request: Vec<u8>) -> Answer {
        if let (ops::CLOSE, Some(how)) = (op, self.0.current().how_it_ended()) {
            // Nobody is started to be told that nobody will call.
            return Answer::Ended(how.to_owned());
        }
        let ask = async || match self.conversation().await {
            Ok(conversation) => {
                let answer = conversation.ask(Kind::Call, &[&op.to_le_bytes(), &request]).await;
                (answer, conversation.how_it_ended().is_some())
            }
            Err(error) => (Answer::Reply(Reply::Err(frame::encode(&error, &[]))), false),
        };
        match ask().await {
            // It ended between the two: this call has nothing to do with that.
            (Answer::NotAsked(_), true) => ask().await.0,
            (answer, _) => answer,
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
        let resolver = self.0.blueprint.cell.resolver();
        if current.how_it_ended().is_none() && !current.ends_for_new_resolver(resolver) {
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
        let present = || Some(self.current()).filter(|current| current.how_it_ended().is_none());
        self.turns.take(present, || self.start_again()).await
    }

    async fn start_again(&self) -> Result<Arc<Conversation>, DeliveryError> {
        let started = tokio::time::timeout(REOPEN, start(&self.blueprint)).await;
        let late = || DeliveryError::unavailable("the provider's process did not open within 10 s");
        let (conversation, _) = started.map_err(|_| late())?.map_err(as_not_taken)?;
        tracing::info!(provider.id = self.blueprint.provider, "provider's process started again");
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&conversation);
        Ok(conversation)
    }
}

impl Turns {
    /// What is present once it is our turn; else what somebody's start came to while we waited; else starts.
    async fn take<T, F: Future<Output = Result<T, DeliveryError>>>(
        &self,
        present: impl FnOnce() -> Option<T>,
        start: impl FnOnce() -> F,
    ) -> Result<T, DeliveryError> {
        let ended = self.ended.load(Ordering::Acquire);
        let mut failure = self.starting.lock().await;
        if let Some(present) = present() {
            return Ok(present);
        }
        if let Some(failure) = failure.as_ref().filter(|_| self.ended.load(Ordering::Acquire) != ended) {
            return Err(failure.clone());
        }
        let started = start().await;
        *failure = started.as_ref().err().cloned();
        self.ended.fetch_add(1, Ordering::Release);
        started
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
        Answer::Ended(how) | Answer::NotAsked(how) => Err(ended_while_opening(&how)),
    }
}

fn spawn(blueprint: &Blueprint) -> std::io::Result<Arc<Conversation>> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    let child = Command::new(&blueprint.program)
        .arg0("passrelay")
        .arg(worker::ARGUMENT)
        .arg(blueprint.copy.path())
        .arg(blueprint.cell.to_argument())
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Each start that fails may take ten seconds: a thousand callers one after the other would wait for hours.
    #[tokio::test]
    async fn whoever_waited_for_a_start_that_failed_does_not_try_it_anew() {
        let (turns, starts) = (Turns::default(), Cell::new(0));
        let ask = async || {
            let start = || async {
                starts.set(starts.get() + 1);
                tokio::task::yield_now().await;
                Err::<(), _>(DeliveryError::unavailable("no"))
            };
            turns.take(|| None, start).await.unwrap_err().text
        };
        let (one, two, three, four) = tokio::join!(ask(), ask(), ask(), ask());
        assert_eq!(([one, two, three, four], starts.get()), (["no"; 4].map(str::to_owned), 1));
        ask().await;
        assert_eq!(starts.get(), 2, "whoever comes later does");
    }

    #[tokio::test]
    async fn whoever_waited_for_a_start_that_went_well_has_what_it_started() {
        let (turns, started) = (Turns::default(), Cell::new(0));
        let ask = async || {
            let start = || async {
                tokio::task::yield_now().await;
                started.set(started.get() + 1);
                Ok::<_, DeliveryError>(started.get())
            };
            turns.take(|| Some(started.get()).filter(|started| *started > 0), start).await.unwrap()
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (1, 1, 1));
    }
}
