//! The host as a provider in a process of its own sees it: every service is a frame to the real one.

use crate::{
    clock::Clock,
    plugin::wire::{self, Kind},
};
use abi_stable::std_types::{RSlice, RVec};
use async_ffi::{FfiFuture, FutureExt};
use provider_api::{
    DeliveryError,
    abi::{FfiHost, Reply, frame, ops},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::oneshot;

/// The service calls that wait for the host's answer.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<HashMap<u64, oneshot::Sender<Reply>>>>);

impl Waiting {
    /// Hands an answer to the call that waits for it.
    pub(super) fn answer(&self, id: u64, reply: Reply) {
        if let Some(call) = self.take(id) {
            // The call may have been dropped a moment ago.
            drop(call.send(reply));
        }
    }

    fn enter(&self, id: u64) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        receiver
    }

    fn take(&self, id: u64) -> Option<oneshot::Sender<Reply>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}

/// The host's object in a worker.
#[derive(Clone)]
pub(super) struct Remote {
    frames: wire::Outgoing,
    waiting: Waiting,
    /// The host's level when the provider was opened: 0 off to 5 trace.
    level: u64,
    clock: Clock,
    /// Numbers for service calls, callsites and spans.
    next: Arc<AtomicU64>,
}

impl Remote {
    pub(super) fn new(frames: wire::Outgoing, waiting: Waiting, level: u64, clock: Clock) -> Self {
        Self { frames, waiting, level, clock, next: Arc::new(AtomicU64::new(1)) }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// What is too large for the host to read is left out: a log is not worth a process.
    fn send(&self, kind: Kind, id: u64, body: &[&[u8]]) {
        if body.iter().map(|part| part.len()).sum::<usize>() > wire::LARGEST_BODY {
            return;
        }
        // Where the host is gone, so is this process in a moment.
        self.frames.send(wire::frame(kind, id, body));
    }
}

impl FfiHost for Remote {
    fn call(&self, op: u32, request: RVec<u8>) -> FfiFuture<Reply> {
        let host = self.clone();
        async move {
            if request.len() > wire::LARGEST_BODY {
                let text = "the host refuses the provider's request: it is larger than 1 MiB";
                return Reply::Err(frame::encode(&DeliveryError::misconfigured(text), &[]));
            }
            let id = host.number();
            let answer = host.waiting.enter(id);
            let mut call = ServiceCall { host: &host, id, answered: false };
            host.send(Kind::Service, id, &[&op.to_le_bytes(), &request]);
            let reply = answer.await;
            call.answered = true;
            reply.unwrap_or_else(|_| {
                Reply::Err(frame::encode(&DeliveryError::unavailable("the host is going away"), &[]))
            })
        }
        .into_ffi()
    }

    fn query(&self, question: u32, _: u64) -> u64 {
        match question {
            ops::QUERY_MAX_LEVEL => self.level + 1,
            ops::QUERY_NOW => u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0),
            _ => 0,
        }
    }

    fn callsite(&self, description: RSlice<'_, u8>) -> u64 {
        let id = self.number();
        self.send(Kind::Callsite, id, &[description.as_slice()]);
        id
    }

    fn trace(&self, op: u32, callsite: u64, span: u64, values: RSlice<'_, u8>) -> u64 {
        let (answer, new) = match op {
            // The host filters: asking it here would make every callsite wait.
            ops::TRACE_INTEREST => return 2,
            ops::TRACE_NEW_SPAN => {
                let new = self.number();
                (new, new)
            }
            ops::TRACE_EVENT | ops::TRACE_RECORD | ops::TRACE_CLOSE => (1, 0),
            _ => return 0,
        };
        let body = [&op.to_le_bytes()[..], &span.to_le_bytes(), &new.to_le_bytes(), values.as_slice()];
        self.send(Kind::Trace, callsite, &body);
        answer
    }
}

/// A service call; dropped before its answer it tells the host to stop.
struct ServiceCall<'a> {
    host: &'a Remote,
    id: u64,
    answered: bool,
}

impl Drop for ServiceCall<'_> {
    fn drop(&mut self) {
        if !self.answered {
            drop(self.host.waiting.take(self.id));
            self.host.send(Kind::ServiceCancel, self.id, &[]);
        }
    }
}
