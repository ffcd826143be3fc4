//! The frames exchanged with one worker process, from its start to its end.

use crate::plugin::{
    engine::{Answer, Blueprint},
    log::Session,
    services::Services,
    trial::ending as words_of,
    wire::{self, Frame, Kind},
};
use abi_stable::std_types::RVec;
use provider_api::{
    DeliveryError,
    abi::{Reply, frame},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    process::{Child, ChildStderr},
    sync::{Notify, oneshot},
    task::AbortHandle,
};

/// Service calls of one process at once.
const MOST_SERVICE_CALLS: usize = 1024;

/// How long a process that has closed its conversation may take to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Lines of one process's standard error that are passed on to the log.
const MOST_LINES: usize = 200;

/// The bytes of a line that are read: what is shown of it ends well before.
const LONGEST_LINE: u64 = 4096;

/// Bytes that may wait for a process to read them.
const MOST_UNREAD: usize = 16 << 20;

/// One process, from its start to its end.
pub(super) struct Conversation {
    frames: wire::Outgoing,
    asked: Mutex<HashMap<u64, oneshot::Sender<Reply>>>,
    next: AtomicU64,
    ended: OnceLock<String>,
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
        let (frames, outgoing) = wire::outgoing();
        tokio::spawn(wire::write(output, outgoing));
        if let Some(errors) = child.stderr.take() {
            tokio::spawn(pass_on(errors, blueprint.clone()));
        }
        let conversation = Arc::new(Self {
            frames: frames.clone(),
            asked: Mutex::default(),
            next: AtomicU64::new(1),
            ended: OnceLock::new(),
            killed: Arc::default(),
        });
        let host = Host {
            services: blueprint.services.clone(),
            session: Session::new(blueprint.log.clone(), blueprint.clock.clone()),
            frames,
            running: Arc::default(),
        };
        let killed = Arc::clone(&conversation.killed);
        tokio::spawn(listen(Arc::downgrade(&conversation), killed, host, child, input));
        conversation
    }

    /// Sends a frame and waits for its reply; dropping the future tells the process to stop.
    pub(super) async fn ask(&self, kind: Kind, body: &[&[u8]]) -> Answer {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, reply) = oneshot::channel();
        self.asked().insert(id, answer);
        let question = Question { conversation: self, id };
        // Looked at after the question was entered: whoever ends the conversation empties `asked` after it has ended.
        if self.how_it_ended().is_none() {
            self.frames.send(wire::frame(kind, id, body));
            if let Ok(reply) = reply.await {
                return Answer::Reply(reply);
            }
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
    mut child: Child,
    input: OwnedReadHalf,
) {
    let ending = Ending(conversation);
    let mut input = BufReader::with_capacity(64 << 10, input);
    let why = loop {
        let frame = tokio::select! {
            frame = wire::read(&mut input) => frame,
            () = killed.notified() => break Some("the host has ended it".to_owned()),
        };
        let Some(current) = ending.0.upgrade() else { break Some("the host has closed it".to_owned()) };
        match frame {
            Ok(Frame { kind: Kind::Reply, id, body }) => answer(&current, id, wire::untagged(&body)),
            Ok(Frame { kind: Kind::Pong, id, .. }) => answer(&current, id, Reply::Ok(RVec::new())),
            Ok(_) if host.frames.unread() > MOST_UNREAD => {
                break Some("it does not read its answers".to_owned());
            }
            Ok(frame) => host.serve(frame),
            Err(cause) if cause.kind() == std::io::ErrorKind::Other => break Some(cause.to_string()),
            Err(_) => break None,
        }
    };
    ending.tell(end(why, &mut child).await);
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
        let frames = self.frames.clone();
        let reply = move |reply: &Reply| {
            let (tag, bytes) = wire::tagged(reply);
            frames.send(wire::frame(Kind::ServiceReply, id, &[&[tag], bytes]));
        };
        if self.running().len() >= MOST_SERVICE_CALLS {
            let error =
                DeliveryError::unavailable("the provider has too many requests to the host under way");
            return reply(&Reply::Err(frame::encode(&error, &[])));
        }
        let (services, running) = (self.services.clone(), Arc::clone(&self.running));
        let (go, ready) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            // Begins when it stands among the running ones, so that it can remove itself from them.
            drop(ready.await);
            if let Some((op, request)) = wire::split_u32(&body) {
                reply(&services.call(op, request).await);
            }
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
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

/// Passes what a process writes to its standard error on to the log: cleaned, cut, and not for ever.
async fn pass_on(errors: ChildStderr, blueprint: Blueprint) {
    let mut errors = BufReader::new(errors);
    for _ in 0..MOST_LINES {
        let mut line = Vec::new();
        match (&mut errors).take(LONGEST_LINE).read_until(b'\n', &mut line).await {
            Ok(1..) => blueprint.log.said(String::from_utf8_lossy(&line).trim_end()),
            _ => return,
        }
        // The rest of an endless line is no line of its own: half a secret at its beginning would not be known for one.
        let mut more = !line.ends_with(b"\n");
        while more {
            line.clear();
            let read = (&mut errors).take(LONGEST_LINE).read_until(b'\n', &mut line).await;
            more = read.is_ok_and(|bytes| bytes > 0) && !line.ends_with(b"\n");
        }
    }
    // Read to the end all the same: a full pipe would block the process.
    let mut rest = [0; 4096];
    while errors.read(&mut rest).await.is_ok_and(|bytes| bytes > 0) {}
}
