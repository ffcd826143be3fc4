//! Something that is only touched, and only dropped, inside the runtime.

use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::runtime::Handle;

/// A value that is dropped inside the runtime.
pub(crate) struct Entered<T> {
    /// Empty only while it is dropped.
    value: Option<T>,
    runtime: Handle,
}

impl<T> Entered<T> {
    pub(crate) fn new(runtime: Handle, value: T) -> Self {
        Self { value: Some(value), runtime }
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(crate) fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T> Drop for Entered<T> {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        drop(self.value.take());
    }
}

/// A future that is polled and dropped inside the runtime, whichever thread polls it.
pub(crate) struct Inside<F>(Entered<Pin<Box<F>>>);

impl<F: Future> Inside<F> {
    pub(crate) fn new(runtime: Handle, future: F) -> Self {
        Self(Entered::new(runtime, Box::pin(future)))
    }
}

impl<F: Future> Future for Inside<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Entered { value, runtime } = &mut self.0;
        let _inside = runtime.enter();
        match value {
            Some(future) => future.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}
