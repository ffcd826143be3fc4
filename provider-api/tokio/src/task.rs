//! Tasks that end with the delivery that began them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::task::{JoinError, JoinHandle};

/// A task that is aborted when this handle is dropped. As a future it is the task's output.
///
/// tokio's own handle detaches instead: what it spawned goes on after the host has given the delivery up.
#[derive(Debug)]
#[must_use = "the task is aborted when its handle is dropped"]
pub struct Task<T>(JoinHandle<T>);

/// Runs a future on the library's runtime, until it is done or its handle is dropped.
///
/// # Panics
///
/// Outside of a provider that is wrapped in [`WithTokio`](crate::WithTokio): there is no runtime.
///
/// # Examples
///
/// ```
/// # async fn deliver() {
/// let task = provider_tokio::spawn(async { 6 * 7 });
/// assert_eq!(task.await.unwrap(), 42);
/// # }
/// ```
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Task(tokio::spawn(future))
}

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
