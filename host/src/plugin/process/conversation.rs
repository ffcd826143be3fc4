//! The frames exchanged with one worker process, from its start to its end.

use super::crowd::{MOST_THREADS, crowd};
use crate::plugin::{
    engine::{Answer, Blueprint},
    log::{Log, Session},
    services::{MOST_CALLS, Services, too_many_calls},
    trial::ending as words_of,
    wire::{self, Frame, Kind},
};
use abi_stable::std_types::RVec;
use provider_api::abi::{Reply, frame};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::BufReader,
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    process::Child,
    sync::{Notify, oneshot},
    task::AbortHandle,
};

/// The bytes of all service calls of one process that are under way.
const MOST_ASKED_OF_US: usize = 32 << 20;

/// How long a process that has closed its conversation may take to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Bytes that may wait for a process to read them.
const MOST_UNREAD: usize = 16 << 20;

/// One process, from its start to its end.
pub(super) struct Conversation {
    frames: wire::Outgoing,
    asked: Mutex<HashMap<u64, oneshot::Sender<Reply>>>,
    next: AtomicU64,
    ended: OnceLock<String>,
    resolver: Option<(u64, u64)>,
    killed: Arc<Notify>,
}

impl Conversation {
    /// Reads and writes until the process ends.
    pub(super) fn begin(
        blueprint: &Blueprint,
        mut child: Child,
        input: OwnedReadHalf,
        output: OwnedWriteHalf,
    ) -> Arc<Self> {
        let (frames, outgoing) = wire::outgoing(MOST_UNREAD);
        tokio::spawn(wire::write(output, outgoing));
        if let Some(errors) = child.stderr.take() {
            tokio::spawn(super::said::pass_on(errors, blueprint.log.clone()));
        }
        let conversation = Arc::new(Self {
            frames: frames.clone(),
            asked: Mutex::default(),
            next: AtomicU64::new(1),
            ended: OnceLock::new(),
            resolver: blueprint.cell.resolver(),
            killed: Arc::default(),
        });
        let host = Host {
            services: blueprint.services.clone(),
            session: Session::new(blueprint.log.clone(), blueprint.clock.clone()),
            frames,
            running: Arc::default(),
            held: Arc::default(),
            conversation: Arc::downgrade(&conversation),
        };
        let (killed, log) = (Arc::clone(&conversation.killed), blueprint.log.clone());
        tokio::spawn(listen(Arc::downgrade(&conversation), killed, host, log, child, input));
        conversation
    }

    /// Sends a frame and waits for its reply; dropping the future tells the process to stop. Nothing is sent to a
    /// process that has ended, or that does not read what waits for it.
    pub(super) async fn ask(&self, kind: Kind, body: &[&[u8]]) -> Answer {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, reply) = oneshot::channel();
        self.asked().insert(id, answer);
        let question = Question { conversation: self, id };
        let frame = wire::frame(kind, id, body);
        // Looked at after the question was entered: whoever ends the conversation empties `asked` after it has ended.
        let is_sent = self.how_it_ended().is_none()
            && match kind {
                // Whether it reads is what is asked.
                Kind::Ping => {
                    self.frames.send(frame);
                    true
                }
                _ => self.frames.offer(frame),
            };
        if !is_sent {
            self.asked().remove(&id);
            let why = self.how_it_ended().unwrap_or("it does not read what it is asked");
            return Answer::NotAsked(why.to_owned());
        }
        if let Ok(reply) = reply.await {
            return Answer::Reply(reply);
        }
        drop(question);
        Answer::Ended(self.how_it_ended().unwrap_or("the host is going away").to_owned())
    }

    /// How the process ended, if it has.
    pub(super) fn how_it_ended(&self) -> Option<&str> {
        self.ended.get().map(String::as_str)
    }

    /// Ends the process. From now on nothing is asked of it any more.
    pub(super) fn end(&self, why: &str) {
        drop(self.ended.set(why.to_owned()));
        self.killed.notify_one();
    }

    /// Whether it is held to a file for looking up names that another one has replaced; it is then ended, if it has nothing
    /// to do.
    pub(super) fn ends_for_new_resolver(&self, resolver: Option<(u64, u64)>) -> bool {
        if resolver == self.resolver || resolver.is_none() {
            return false;
        }
        // Held meanwhile: whoever asks now either is seen here, or sees that it has ended.
        let asked = self.asked();
        if asked.is_empty() {
            self.end("the system's resolv.conf was replaced");
        }
        asked.is_empty()
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Reply>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question on its way; dropped before its answer it is taken back.
struct Question<'a> {
    conversation: &'a Conversation,
    id: u64,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        if self.conversation.asked().remove(&self.id).is_some() {
            self.conversation.frames.send(wire::frame(Kind::Cancel, self.id, &[]));
        }
    }
}

impl Drop for Conversation {
    /// A process that nobody talks to any more has to go.
    fn drop(&mut self) {
        self.killed.notify_one();
    }
}

/// Tells those who wait that the process has ended; also where the listening itself is dropped with its runtime.
struct Ending(Weak<Conversation>);

impl Ending {
    fn tell(&self, how: String) {
        if let Some(conversation) = self.0.upgrade() {
            // Whoever had it ended has said why.
            drop(conversation.ended.set(how));
            conversation.asked().clear();
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.tell("the host is going away".to_owned());
    }
}

/// Listens until the process or the conversation's last user is gone.
async fn listen(
    conversation: Weak<Conversation>,
    killed: Arc<Notify>,
    host: Host,
    log: Log,
    mut child: Child,
    input: OwnedReadHalf,
) {
    let ending = Ending(conversation);
    let mut input = BufReader::with_capacity(64 << 10, input);
    let too_many = crowd(child.id());
    tokio::pin!(too_many);
    let why = loop {
        let frame = tokio::select! {
            frame = wire::read(&mut input) => frame,
            () = killed.notified() => break Some("the host has ended it".to_owned()),
            threads = &mut too_many => {
                break Some(format!("it had {threads} threads, more than {MOST_THREADS}"));
            }
        };
        let Some(current) = ending.0.upgrade() else { break Some("the host has closed it".to_owned()) };
        match frame {
            Ok(Frame { kind: Kind::Reply, id, body }) => answer(&current, id, wire::untagged(&body)),
            Ok(Frame { kind: Kind::Pong, id, .. }) => answer(&current, id, Reply::Ok(RVec::new())),
            Ok(frame) => host.serve(frame),
            Err(cause) if cause.kind() == std::io::ErrorKind::Other => break Some(cause.to_string()),
            Err(_) => break None,
        }
    };
    let how = end(why, &mut child).await;
    if how.contains("SIGSYS") {
        log.ended_by_refusal();
    }
    ending.tell(how);
}

/// Sees to it that the process is gone; how it ended, if nobody had a reason to end it.
async fn end(why: Option<String>, child: &mut Child) -> String {
    let why = if let Some(why) = why {
        why
    } else {
        // It closed the conversation, which is what ending looks like; only looks, if it is still there in a moment.
        match tokio::time::timeout(FAREWELL, child.wait()).await {
            Ok(status) => return status.map_or_else(|cause| cause.to_string(), words_of),
            Err(_) => "it closed its conversation with the host".to_owned(),
        }
    };
    drop(child.start_kill());
    drop(child.wait().await);
    why
}

fn answer(conversation: &Conversation, id: u64, reply: Reply) {
    let question = conversation.asked().remove(&id);
    if let Some(question) = question {
        // Whoever asked may have gone a moment ago.
        drop(question.send(reply));
    }
}

/// What the host does for the process.
struct Host {
    services: Services,
    session: Session,
    frames: wire::Outgoing,
    running: Arc<Mutex<HashMap<u64, AbortHandle>>>,
    /// The bytes of what runs.
    held: Arc<AtomicUsize>,
    conversation: Weak<Conversation>,
}

/// The bytes of a request, while it is under way.
struct Held(Arc<AtomicUsize>, usize);

impl Held {
    /// `None` where too many are held already.
    fn take(all: &Arc<AtomicUsize>, bytes: usize) -> Option<Self> {
        let held = Self(Arc::clone(all), bytes);
        (all.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= MOST_ASKED_OF_US).then_some(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl Host {
    fn serve(&self, Frame { kind, id, body }: Frame) {
        match kind {
            Kind::Service => self.service(id, body),
            Kind::ServiceCancel => {
                let call = self.running().remove(&id);
                if let Some(call) = call {
                    call.abort();
                }
            }
            Kind::Callsite => {
                self.session.callsite(id, &body);
            }
            Kind::Trace => {
                let parts = wire::split_u32(&body).and_then(|(op, rest)| {
                    let (span, rest) = wire::split_u64(rest)?;
                    let (new, values) = wire::split_u64(rest)?;
                    Some((op, span, new, values))
                });
                if let Some((op, span, new, values)) = parts {
                    self.session.trace(op, id, span, new, values);
                }
            }
            _ => {}
        }
    }

    fn service(&self, id: u64, body: Vec<u8>) {
        if self.running().contains_key(&id) {
            // The worker counts them up: whoever asks twice under one id wants to get round the bound.
            if let Some(conversation) = self.conversation.upgrade() {
                conversation.end("it used an id twice");
            }
            return;
        }
        let (frames, conversation) = (self.frames.clone(), Weak::clone(&self.conversation));
        let reply = move |reply: &Reply| {
            let (tag, bytes) = wire::tagged(reply);
            if !frames.offer(wire::frame(Kind::ServiceReply, id, &[&[tag], bytes]))
                && let Some(conversation) = conversation.upgrade()
            {
                conversation.end("it does not read its answers");
            }
        };
        let held = Held::take(&self.held, body.len()).filter(|_| self.running().len() < MOST_CALLS);
        let Some(held) = held else {
            self.session.floods();
            return reply(&Reply::Err(frame::encode(&too_many_calls(), &[])));
        };
        let (services, running) = (self.services.clone(), Arc::clone(&self.running));
        let (go, ready) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let _held = held;
            // Begins when it stands among the running ones, so that it can remove itself from them.
            drop(ready.await);
            if let Some((op, request)) = wire::split_u32(&body) {
                reply(&services.call(op, request).await);
            }
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            // Taken back as it ended, its id may be another's by now.
            if running.get(&id).is_some_and(|call| call.id() == tokio::task::id()) {
                running.remove(&id);
            }
        });
        self.running().insert(id, task.abort_handle());
        // Fails only where the task is gone already.
        let _ = go.send(());
    }

    fn running(&self) -> MutexGuard<'_, HashMap<u64, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Host {
    /// A process that ended wants no more services.
    fn drop(&mut self) {
        self.running().drain().for_each(|(_, call)| call.abort());
    }
}

#[cfg(test)]
mod tests;
