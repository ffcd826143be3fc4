//! Knows the deliveries under way, so that a shutdown can wait for them and nobody takes over what is not left.

use super::Carried;
use crate::seal::DeliveryId;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

/// The deliveries under way. All clones know the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    count: watch::Sender<usize>,
    /// The messages that they carry: whoever takes over within a send carries the same one.
    messages: Mutex<HashSet<DeliveryId>>,
}

/// A delivery that is being handed over.
#[derive(Debug)]
pub struct Settling(oneshot::Receiver<Carried>);

impl Settling {
    /// Waits until the delivery, or the last one that took over from it, is settled or put off; `None` if it never
    /// will be.
    pub async fn settled(self) -> Option<Carried> {
        self.0.await.ok()
    }
}

/// One delivery less, however its task ends.
struct Leaving(Running, DeliveryId);

impl Running {
    pub(super) fn spawn(
        &self,
        message: DeliveryId,
        carrying: impl Future<Output = Carried> + Send + 'static,
    ) -> Settling {
        let (tell, settling) = oneshot::channel();
        self.messages().insert(message.clone());
        self.0.count.send_modify(|count| *count += 1);
        let leaving = Leaving(self.clone(), message);
        // Boxed where it is made: what it holds is large, and each wrapping and spawning would move it.
        let carrying = Box::pin(carrying);
        let carrying = async move {
            let carried = carrying.await;
            drop(leaving);
            // Most callers do not wait.
            let _sent = tell.send(carried);
        };
        // Whatever is logged of it names the request that caused it.
        tokio::spawn(carrying.in_current_span());
        Settling(settling)
    }

    /// Whether this message is with a provider now.
    pub(super) fn carries(&self, message: &DeliveryId) -> bool {
        self.messages().contains(message)
    }

    /// Every message that is with a provider now.
    pub(super) fn carried(&self) -> HashSet<DeliveryId> {
        self.messages().clone()
    }

    pub(super) fn count(&self) -> usize {
        *self.0.count.borrow()
    }

    pub(super) async fn none(&self) {
        // The sender lives as long as `self`, so this ends with a count of zero.
        let mut count = self.0.count.subscribe();
        let _none = count.wait_for(|count| *count == 0).await;
    }

    fn messages(&self) -> MutexGuard<'_, HashSet<DeliveryId>> {
        self.0.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.messages().remove(&self.1);
        self.0.0.count.send_modify(|count| *count = count.saturating_sub(1));
    }
}
