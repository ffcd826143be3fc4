//! What is planned and what has arrived, and whoever connects.

use super::{
    Posted, form, magic,
    play::{Play, Played},
    wire::{self, Heard},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

#[derive(Debug, Default)]
pub(super) struct State {
    known: Mutex<Known>,
    /// How many requests have arrived; grows after they are written down.
    pub(super) arrived: watch::Sender<usize>,
    /// Whether answers that are held are let go.
    pub(super) released: watch::Sender<bool>,
}

#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) plays: VecDeque<Play>,
    pub(super) always: Option<Play>,
    pub(super) posted: Vec<Posted>,
    pub(super) faults: Vec<String>,
}

impl State {
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers whoever connects, for ever.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Arc::clone(&self).converse(stream));
        }
    }

    /// One connection, one request.
    async fn converse(self: Arc<Self>, mut stream: TcpStream) {
        let cut = self.known().next().is_some_and(Play::hangs_up_at_once);
        if cut {
            self.note(None, Vec::new());
            return;
        }
        match wire::hear(&mut stream).await {
            Heard::Request(request) => {
                let (posted, faults) = form::judge(&request);
                let answer = magic::answer(&posted);
                let play = self.note(Some(posted), faults);
                let played = Played { play, answer, released: self.released.subscribe() };
                played.to(&mut stream).await;
            }
            Heard::Nonsense(why) => drop(self.note(None, vec![why])),
            Heard::Nothing => {}
        }
    }

    /// Writes a request down; gives what is to be played.
    fn note(&self, posted: Option<Posted>, faults: Vec<String>) -> Play {
        let mut known = self.known();
        let play = known.next().cloned().unwrap_or(Play::Take);
        known.plays.pop_front();
        known.posted.extend(posted);
        known.faults.extend(faults);
        drop(known);
        self.arrived.send_modify(|count| *count += 1);
        play
    }
}

impl Known {
    /// What is played next, if anything is planned.
    fn next(&self) -> Option<&Play> {
        self.plays.front().or(self.always.as_ref())
    }
}
