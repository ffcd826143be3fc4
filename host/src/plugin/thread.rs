//! A provider on a thread of its own in the host: one that blocks starves only itself.

use super::{
    engine::{Answer, Blueprint, ended_while_opening},
    library::Library,
    log::Session,
    services::{MOST_CALLS, Services, too_many_calls},
};
use abi_stable::{
    sabi_trait::TD_Opaque,
    std_types::{RArc, RSlice, RVec},
};
use async_ffi::{FfiFuture, FutureExt};
use provider_api::{
    DeliveryError,
    abi::{FfiHost, FfiHost_TO, InstanceBox, OpenReply, Opened, Reply, frame, ops},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::{
    runtime::Handle,
    sync::{
        Semaphore,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::JoinHandle,
};

/// The thread's end of the conversation is gone when the provider is.
pub(crate) struct Thread {
    jobs: mpsc::Sender<Job>,
}

/// How many calls may wait for a thread that is blocked. Those that were given up wait as well.
const MOST_WAITING: usize = 2048;

const ENDED: &str = "its thread ended";

enum Job {
    Call { op: u32, request: Vec<u8>, answer: oneshot::Sender<Reply> },
    Ping(oneshot::Sender<()>),
}

impl Thread {
    /// Starts the thread, loads the library on it and opens the provider.
    pub(super) async fn open(blueprint: Blueprint) -> Result<(Self, Vec<u8>), DeliveryError> {
        let (jobs, waiting) = mpsc::channel(MOST_WAITING);
        let (opened, opening) = oneshot::channel();
        let host = Handle::current();
        // The kernel keeps 15 bytes of a thread's name.
        let name: String = format!("prov-{}", blueprint.provider).chars().take(15).collect();
        std::thread::Builder::new()
            .name(name)
            .spawn(move || run(blueprint, host, waiting, opened))
            .map_err(|cause| DeliveryError::broken(format!("no thread for the provider: {cause}")))?;
        let answer = opening.await.map_err(|_| ended_while_opening("its thread panicked"))??;
        Ok((Self { jobs }, answer))
    }

    pub(super) async fn call(&self, op: u32, request: Vec<u8>) -> Answer {
        let (answer, reply) = oneshot::channel();
        let why = match self.jobs.try_send(Job::Call { op, request, answer }) {
            Ok(()) => return reply.await.map_or_else(|_| Answer::Ended(ENDED.into()), Answer::Reply),
            Err(TrySendError::Closed(_)) => ENDED,
            Err(TrySendError::Full(_)) => "too many calls wait for its thread",
        };
        Answer::NotAsked(why.into())
    }

    /// Waits until the thread is free for a moment, or has ended.
    pub(super) async fn ping(&self) {
        let (pong, answer) = oneshot::channel();
        match self.jobs.try_send(Job::Ping(pong)) {
            Ok(()) => drop(answer.await),
            // Where so much waits it is not free, and whoever asks has little patience.
            Err(TrySendError::Full(_)) => std::future::pending().await,
            Err(TrySendError::Closed(_)) => {}
        }
    }
}

type Opening = oneshot::Sender<Result<Vec<u8>, DeliveryError>>;

fn run(blueprint: Blueprint, host: Handle, jobs: mpsc::Receiver<Job>, opened: Opening) {
    if let Some(mark) = blueprint.mark {
        mark.bear();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            return runtime.block_on(async {
                match open(blueprint, host).await {
                    Ok(Opened { instance, answer }) => {
                        // Where nobody waits any more, `jobs` is closed too and the provider goes at once.
                        drop(opened.send(Ok(answer.into())));
                        work(Arc::new(instance), jobs).await;
                    }
                    Err(error) => drop(opened.send(Err(error))),
                }
            });
        }
        Err(cause) => Err(DeliveryError::broken(format!("no runtime for the provider: {cause}"))),
    };
    drop(opened.send(outcome));
}

async fn open(blueprint: Blueprint, host: Handle) -> Result<Opened, DeliveryError> {
    let library =
        Library::load(blueprint.copy.path()).map_err(|cause| DeliveryError::broken(cause.to_string()))?;
    let session = Arc::new(Session::new(blueprint.log, blueprint.clock));
    let (next, calls) = (Arc::new(AtomicU64::new(1)), Arc::new(Semaphore::new(MOST_CALLS)));
    let local = Local { services: blueprint.services, host, session, next, calls };
    let object = FfiHost_TO::from_ptr(RArc::new(local), TD_Opaque);
    match library.module.open()(object, blueprint.config.into()).await {
        OpenReply::Ok(opened) => Ok(opened),
        OpenReply::Err(bytes) => Err(frame::decode(&bytes).map_or_else(
            |cause| DeliveryError::broken(format!("the provider's answer is unreadable: {cause}")),
            |(error, _)| error,
        )),
    }
}

async fn work(instance: Arc<InstanceBox>, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.recv().await {
        match job {
            Job::Ping(pong) => drop(pong.send(())),
            // Given up while the thread was blocked: handing it over now would be once too often.
            Job::Call { answer, .. } if answer.is_closed() => {}
            Job::Call { op, request, mut answer } => {
                let call = instance.call(op, request.into());
                tokio::spawn(async move {
                    tokio::select! {
                        reply = call => drop(answer.send(reply)),
                        () = answer.closed() => {}
                    }
                });
            }
        }
    }
}

/// The host's object for a provider in this process.
#[derive(Clone)]
struct Local {
    services: Services,
    /// Services run on the host's runtime, whatever thread the provider waits on.
    host: Handle,
    session: Arc<Session>,
    next: Arc<AtomicU64>,
    /// The calls that may still be under way.
    calls: Arc<Semaphore>,
}

impl FfiHost for Local {
    fn call(&self, op: u32, request: RVec<u8>) -> FfiFuture<Reply> {
        let services = self.services.clone();
        let (host, calls, session) = (self.host.clone(), Arc::clone(&self.calls), Arc::clone(&self.session));
        async move {
            let Ok(_place) = calls.try_acquire() else {
                session.floods();
                return Reply::Err(frame::encode(&too_many_calls(), &[]));
            };
            let task = Task(host.spawn(async move { services.call(op, &request).await }));
            task.await.unwrap_or_else(|_| {
                Reply::Err(frame::encode(&DeliveryError::unavailable("the host is going away"), &[]))
            })
        }
        .into_ffi()
    }

    fn query(&self, question: u32, _: u64) -> u64 {
        self.services.query(question)
    }

    fn callsite(&self, description: RSlice<'_, u8>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        if self.session.callsite(id, description.as_slice()) { id } else { 0 }
    }

    fn trace(&self, op: u32, callsite: u64, span: u64, values: RSlice<'_, u8>) -> u64 {
        let new = if op == ops::TRACE_NEW_SPAN { self.next.fetch_add(1, Ordering::Relaxed) } else { 0 };
        self.session.trace(op, callsite, span, new, values.as_slice())
    }
}

/// A task that ends when nobody waits for it any more.
struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
