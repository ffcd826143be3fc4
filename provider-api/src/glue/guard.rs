//! Lets no panic of the author's code out: neither from poll nor from drop.
#![expect(unsafe_code, reason = "a value whose drop may panic has to be dropped by hand")]

use super::panic::catch;
use std::{
    mem::ManuallyDrop,
    pin::Pin,
    task::{Context, Poll},
};

/// Runs code of the author's; its panic becomes an error that tells what it said and where.
pub(super) fn run<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    catch(code)
}

/// A value of the author's whose drop may panic: the panic is told to the log and goes no further.
pub(super) struct Contained<T>(ManuallyDrop<T>);

impl<T> Contained<T> {
    pub(super) fn new(value: T) -> Self {
        Self(ManuallyDrop::new(value))
    }
}

impl<T> std::ops::Deref for Contained<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Contained<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Drop for Contained<T> {
    fn drop(&mut self) {
        // SAFETY: the value is dropped here and nowhere else, and not touched again.
        if let Err(panic) = catch(|| unsafe { ManuallyDrop::drop(&mut self.0) }) {
            tracing::error!(panic, "the provider panicked while something of it was dropped");
        }
    }
}

/// A future of the author's: a panic of a poll is its output, a panic of its drop goes no further.
pub(crate) struct Guard<F: Future>(Contained<Pin<Box<F>>>);

impl<F: Future> Guard<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Contained::new(Box::pin(future)))
    }
}

impl<F: Future> Future for Guard<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match catch(|| self.0.as_mut().poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
