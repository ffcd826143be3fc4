//! Waits for a future on this thread, without a runtime.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls until the future is ready, or answers nothing once it was silent for too long.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that hangs is told by the real clock, never by the fake one"
)]
pub(super) fn block_on<F: Future>(future: F, patience: Duration) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let begun = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        thread::park_timeout(patience.checked_sub(begun.elapsed())?);
    }
}

/// Polls once and drops the future; whether it was still running.
pub(super) fn poll_and_drop<F: Future>(future: F) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pin!(future).as_mut().poll(&mut context).is_pending()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_is_never_ready_is_given_up() {
        assert_eq!(block_on(std::future::pending::<()>(), Duration::from_millis(1)), None);
        assert_eq!(block_on(async { 7 }, Duration::ZERO), Some(7));
    }
}
