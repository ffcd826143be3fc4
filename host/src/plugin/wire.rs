//! What travels between the host and a worker process: `[u32 length][u8 kind][u64 id][body]`, little-endian.

use abi_stable::std_types::RVec;
use provider_api::abi::Reply;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

/// The largest frame: room for a body of 1 MiB and its head.
const LARGEST: usize = 2 << 20;

/// The largest body that is sent: what is larger would end the conversation.
pub(crate) const LARGEST_BODY: usize = LARGEST - 64;

/// What a frame means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Host: open the provider; body: its configuration. Answered by `Reply` with an `OpenAnswer`.
    Open = 1,
    /// Host: `[u32 operation][request]`. Answered by `Reply`.
    Call = 2,
    /// Host: the call with this id is no longer wanted.
    Cancel = 3,
    /// Worker: `[u8 tag][reply]`.
    Reply = 4,
    /// Worker: a call of the host's services, `[u32 operation][request]`. Answered by `ServiceReply`.
    Service = 5,
    /// Worker: the service call with this id is no longer wanted.
    ServiceCancel = 6,
    /// Host: `[u8 tag][reply]`.
    ServiceReply = 7,
    /// Worker: a callsite; the id is the worker's own.
    Callsite = 8,
    /// Worker: `[u32 operation][u64 span][u64 new span][values]`; the id is the callsite's.
    Trace = 9,
    /// Host: are you there?
    Ping = 10,
    /// Worker: I am.
    Pong = 11,
}

/// A frame that was read.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) body: Vec<u8>,
}

impl Kind {
    fn from_number(number: u8) -> Option<Self> {
        const ALL: [Kind; 11] = [
            Kind::Open,
            Kind::Call,
            Kind::Cancel,
            Kind::Reply,
            Kind::Service,
            Kind::ServiceCancel,
            Kind::ServiceReply,
            Kind::Callsite,
            Kind::Trace,
            Kind::Ping,
            Kind::Pong,
        ];
        ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// Lays out a frame.
pub(crate) fn frame(kind: Kind, id: u64, body: &[&[u8]]) -> Vec<u8> {
    let length = 9 + body.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(4 + length);
    bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    bytes.push(kind as u8);
    bytes.extend_from_slice(&id.to_le_bytes());
    for part in body {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Reads the next frame; an error ends the conversation.
pub(crate) async fn read(from: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Frame> {
    let length = from.read_u32_le().await? as usize;
    if !(9..=LARGEST).contains(&length) {
        return Err(io::Error::other(format!("it sent a frame of {length} bytes")));
    }
    let number = from.read_u8().await?;
    let kind = Kind::from_number(number)
        .ok_or_else(|| io::Error::other(format!("it sent a frame of kind {number}")))?;
    let id = from.read_u64_le().await?;
    let mut body = vec![0; length - 9];
    from.read_exact(&mut body).await?;
    Ok(Frame { kind, id, body })
}

/// The frames on their way to the other side, and how many bytes of them it has not read yet.
#[derive(Clone)]
pub(crate) struct Outgoing {
    frames: mpsc::UnboundedSender<Vec<u8>>,
    unread: Arc<AtomicUsize>,
    most: usize,
}

/// The end of [`Outgoing`] from which [`write()`] takes.
pub(crate) struct Waiting {
    frames: mpsc::UnboundedReceiver<Vec<u8>>,
    unread: Arc<AtomicUsize>,
}

/// A queue of frames in which at most so many bytes of offered ones wait.
pub(crate) fn outgoing(most: usize) -> (Outgoing, Waiting) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let unread = Arc::<AtomicUsize>::default();
    (Outgoing { frames: sender, unread: Arc::clone(&unread), most }, Waiting { frames: receiver, unread })
}

impl Outgoing {
    /// Sends a frame, however many wait; where the other side is gone, so is this conversation in a moment.
    pub(crate) fn send(&self, frame: Vec<u8>) {
        self.unread.fetch_add(frame.len(), Ordering::Relaxed);
        drop(self.frames.send(frame));
    }

    /// Sends a frame if there is room for it; whether there was. What was not sent surely never arrives.
    pub(crate) fn offer(&self, frame: Vec<u8>) -> bool {
        let length = frame.len();
        if self.unread.fetch_add(length, Ordering::Relaxed).saturating_add(length) > self.most {
            self.unread.fetch_sub(length, Ordering::Relaxed);
            return false;
        }
        self.frames.send(frame).is_ok()
    }
}

/// Writes frames as they come, as many at once as wait.
pub(crate) async fn write(mut to: impl AsyncWriteExt + Unpin, mut waiting: Waiting) {
    while let Some(mut bytes) = waiting.frames.recv().await {
        while bytes.len() < 64 << 10 {
            match waiting.frames.try_recv() {
                Ok(more) => bytes.extend_from_slice(&more),
                Err(_) => break,
            }
        }
        if to.write_all(&bytes).await.is_err() {
            return;
        }
        waiting.unread.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
}

/// A reply's tag and bytes.
pub(crate) fn tagged(reply: &Reply) -> (u8, &[u8]) {
    match reply {
        Reply::Ok(bytes) => (0, bytes.as_slice()),
        Reply::Err(bytes) => (1, bytes.as_slice()),
        Reply::Panicked(bytes) => (2, bytes.as_slice()),
        Reply::UnknownOp => (3, &[]),
    }
}

/// The reply of a body `[u8 tag][reply]`.
pub(crate) fn untagged(body: &[u8]) -> Reply {
    match body.split_first() {
        Some((0, bytes)) => Reply::Ok(RVec::from_slice(bytes)),
        Some((1, bytes)) => Reply::Err(RVec::from_slice(bytes)),
        Some((2, bytes)) => Reply::Panicked(RVec::from_slice(bytes)),
        _ => Reply::UnknownOp,
    }
}

/// The number a body begins with, and the rest.
pub(crate) fn split_u32(body: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = body.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}

/// The number a body begins with, and the rest.
pub(crate) fn split_u64(body: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = body.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_more_waits_for_a_reader_than_there_is_room_for() {
        let (frames, waiting) = outgoing(30);
        assert!(frames.offer(vec![1; 20]) && frames.offer(vec![2; 10]), "as much as there is room for");
        assert!(!frames.offer(vec![3; 1]), "and not a byte more");
        frames.send(vec![4; 5]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut read = Vec::new();
        drop(frames);
        runtime.block_on(write(&mut read, waiting));
        assert_eq!(read, [vec![1; 20], vec![2; 10], vec![4; 5]].concat());
    }

    #[test]
    fn there_is_room_again_once_it_was_read_and_none_once_the_reader_is_gone() {
        let (frames, mut waiting) = outgoing(30);
        assert!(frames.offer(vec![0; 30]));
        waiting.unread.fetch_sub(waiting.frames.try_recv().unwrap().len(), Ordering::Relaxed);
        assert!(frames.offer(vec![0; 30]));
        drop(waiting);
        assert!(!frames.offer(Vec::new()));
    }

    proptest! {
        #[test]
        fn a_frame_arrives_as_it_was_sent(id: u64, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let bytes = frame(Kind::Trace, id, &[&body]);
            let read = runtime.block_on(read(&mut bytes.as_slice())).unwrap();
            prop_assert_eq!((read.kind, read.id, read.body), (Kind::Trace, id, body));
        }

        #[test]
        fn any_bytes_from_a_worker_are_read_without_a_panic(bytes: Vec<u8>) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _frame = runtime.block_on(read(&mut bytes.as_slice()));
        }
    }
}
