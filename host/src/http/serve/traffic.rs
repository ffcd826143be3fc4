//! Knows of one connection whether anything is asked on it, and for how long nothing has been.

use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// The requests of one connection, whatever its protocol.
#[derive(Debug, Clone)]
pub(super) struct Traffic(Arc<watch::Sender<State>>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Requests without an answer yet.
    under_way: usize,
    /// Whether there was ever one.
    spoke: bool,
}

/// A request under way, until it is dropped: when it was answered, or nobody waits for the answer any more.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<watch::Sender<State>>);

impl Traffic {
    /// Of a connection that was just accepted.
    pub(super) fn none() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }

    /// A request begins: its head is there.
    pub(super) fn begin(&self) -> UnderWay {
        self.0.send_modify(|state| {
            state.under_way += 1;
            state.spoke = true;
        });
        UnderWay(Arc::clone(&self.0))
    }

    /// Ends once nothing has been under way for `idle`; before the first request, for `first`.
    ///
    /// The time begins with the call, and anew with each request and each answer.
    pub(super) async fn ceases(&self, first: Duration, idle: Duration) {
        let mut state = self.0.subscribe();
        loop {
            let State { under_way, spoke } = *state.borrow_and_update();
            let limit = if spoke { idle } else { first };
            let changed = state.changed();
            if under_way > 0 {
                // It cannot fail: `self` keeps the sender.
                let _changed = changed.await;
            } else if tokio::time::timeout(limit, changed).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|state| state.under_way -= 1);
    }
}
