//! A provider's own process, seen from inside: loads the library and does what the host's frames say.

use super::{
    confine,
    library::Library,
    sandbox::Cell,
    wire::{self, Frame, Kind},
};
use crate::clock::Clock;
use abi_stable::{
    sabi_trait::TD_Opaque,
    std_types::{RArc, RVec},
};
use provider_api::{
    DeliveryError,
    abi::{FfiHost_TO, InstanceBox, OpenReply, Reply, frame},
};
use remote::{Remote, Waiting};
use std::{
    collections::HashMap,
    os::fd::OwnedFd,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio::{io::BufReader, net::UnixStream, task::AbortHandle};

mod remote;

/// The argument that makes this program run the library that follows.
pub(super) const ARGUMENT: &str = "--provider-worker";

/// The largest reply that is passed on: 1 MiB.
pub(super) const LARGEST_REPLY: usize = 1 << 20;

/// Runs until the host closes the conversation.
pub(super) fn process(copy: &Path, cell: &Cell) -> ExitCode {
    let Ok(socket) = confine::take_stdin() else { return ExitCode::FAILURE };
    if confine::confine().is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    if let Err(cause) = cell.enter(copy) {
        return locked(&cause);
    }
    runtime.block_on(async {
        match converse(socket, copy, cell).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    })
}

/// The provider of this process and the calls that run in it.
#[derive(Clone)]
struct Worker {
    frames: wire::Outgoing,
    waiting: Waiting,
    instance: Arc<OnceLock<InstanceBox>>,
    running: Arc<Mutex<HashMap<u64, AbortHandle>>>,
}

/// Nothing is loaded where the process cannot be locked up.
fn locked(cause: &std::io::Error) -> ExitCode {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "the process cannot be locked up: {cause}"));
    ExitCode::FAILURE
}

async fn converse(socket: OwnedFd, copy: &Path, cell: &Cell) -> std::io::Result<()> {
    let socket = std::os::unix::net::UnixStream::from(socket);
    socket.set_nonblocking(true)?;
    let (input, output) = UnixStream::from_std(socket)?.into_split();
    let (frames, outgoing) = wire::outgoing(usize::MAX);
    tokio::spawn(wire::write(output, outgoing));
    let worker =
        Worker { frames, waiting: Waiting::default(), instance: Arc::default(), running: Arc::default() };
    let mut input = BufReader::with_capacity(64 << 10, input);
    while let Ok(Frame { kind, id, body }) = wire::read(&mut input).await {
        match kind {
            Kind::Open => worker.open(id, &body, copy, cell),
            Kind::Call => worker.call(id, &body),
            Kind::Cancel => worker.cancel(id),
            Kind::ServiceReply => worker.waiting.answer(id, wire::untagged(&body)),
            Kind::Ping => worker.send(Kind::Pong, id, &[]),
            _ => {}
        }
    }
    Ok(())
}

impl Worker {
    /// Body: `[u32 level][frame of the configuration]`. Runs beside the frames, as opening may use services.
    fn open(&self, id: u64, body: &[u8], copy: &Path, cell: &Cell) {
        let Some((level, config)) = wire::split_u32(body) else { return };
        let loaded = Library::load(copy).map_err(|cause| cause.to_string());
        let locked = |cause: std::io::Error| format!("its process cannot be locked up: {cause}");
        let library = match loaded.and_then(|library| cell.close().map(|()| library).map_err(locked)) {
            Ok(library) => library,
            Err(cause) => {
                let error = DeliveryError::broken(cause);
                return self.reply(id, &Reply::Err(frame::encode(&error, &[])));
            }
        };
        let remote =
            Remote::new(self.frames.clone(), self.waiting.clone(), u64::from(level), Clock::system());
        let host = FfiHost_TO::from_ptr(RArc::new(remote), TD_Opaque);
        let opening = library.open(host, RVec::from_slice(config));
        let worker = self.clone();
        tokio::spawn(async move {
            let reply = match opening.await {
                OpenReply::Ok(opened) => {
                    // A second `Open` has no meaning; the first provider stays.
                    drop(worker.instance.set(opened.instance));
                    Reply::Ok(opened.answer)
                }
                OpenReply::Err(error) => Reply::Err(error),
            };
            worker.reply(id, &reply);
        });
    }

    /// Body: `[u32 operation][request]`.
    fn call(&self, id: u64, body: &[u8]) {
        let (Some(instance), Some((op, request))) = (self.instance.get(), wire::split_u32(body)) else {
            return self.reply(id, &Reply::UnknownOp);
        };
        let work = instance.call(op, RVec::from_slice(request));
        let worker = self.clone();
        let task = tokio::spawn(async move {
            let reply = work.await;
            worker.reply(id, &reply);
            worker.running().remove(&id);
        });
        self.running().insert(id, task.abort_handle());
    }

    fn cancel(&self, id: u64) {
        let call = self.running().remove(&id);
        if let Some(call) = call {
            call.abort();
        }
    }

    fn reply(&self, id: u64, reply: &Reply) {
        let (tag, bytes) = wire::tagged(reply);
        if bytes.len() <= LARGEST_REPLY {
            return self.send(Kind::Reply, id, &[&[tag], bytes]);
        }
        let error = frame::encode(&too_large(bytes.len()), &[]);
        let (tag, bytes) = (1, error.as_slice());
        self.send(Kind::Reply, id, &[&[tag], bytes]);
    }

    fn send(&self, kind: Kind, id: u64, body: &[&[u8]]) {
        // Where the host is gone, so is this process in a moment.
        self.frames.send(wire::frame(kind, id, body));
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<u64, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error that stands in for a reply over [`LARGEST_REPLY`].
pub(super) fn too_large(bytes: usize) -> DeliveryError {
    DeliveryError::broken(format!("the provider's reply has {bytes} bytes, more than 1 MiB"))
}
