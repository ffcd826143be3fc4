//! The calls that a provider in C has not answered yet: a number that is not here any more answers nothing.

use provider_api::abi::Reply;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::oneshot;

/// The calls of one provider.
#[derive(Default)]
pub(super) struct Calls(Mutex<Known>);

#[derive(Default)]
struct Known {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Reply>>,
}

impl Calls {
    /// A new number, never used before, and where its answer arrives.
    pub(super) fn begin(&self) -> (u64, oneshot::Receiver<Reply>) {
        let (sender, receiver) = oneshot::channel();
        let mut known = self.known();
        known.last += 1;
        let call = known.last;
        known.waiting.insert(call, sender);
        (call, receiver)
    }

    /// Answers a call; whether anybody waited.
    pub(super) fn answer(&self, call: u64, reply: Reply) -> bool {
        let waiting = self.known().waiting.remove(&call);
        waiting.is_some_and(|waiting| waiting.send(reply).is_ok())
    }

    /// Whether it was still to be answered; nobody waits any more.
    pub(super) fn forget(&self, call: u64) -> bool {
        self.known().waiting.remove(&call).is_some()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_answered_once_and_not_after_it_was_forgotten() {
        let calls = Calls::default();
        let ((first, mut answered), (second, _dropped)) = (calls.begin(), calls.begin());
        assert_ne!(first, second);
        assert!(calls.answer(first, Reply::UnknownOp) && !calls.answer(first, Reply::UnknownOp));
        assert_eq!(answered.try_recv(), Ok(Reply::UnknownOp));
        assert!(calls.forget(second) && !calls.forget(second) && !calls.answer(second, Reply::UnknownOp));
        assert!(!calls.answer(u64::MAX, Reply::UnknownOp));
    }
}
