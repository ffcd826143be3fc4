//! Counts the deliveries under way, so that a shutdown can wait for them.

use super::Carried;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// The deliveries under way. All clones count the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(Arc<watch::Sender<usize>>);

/// A delivery that is being handed over.
#[derive(Debug)]
pub struct Settling(oneshot::Receiver<Carried>);

impl Settling {
    /// Waits until the delivery, or the last one that took over from it, is settled; `None` if it never will be.
    pub async fn settled(self) -> Option<Carried> {
        self.0.await.ok()
    }
}

/// One delivery less, however its task ends.
struct Leaving(Running);

impl Running {
    pub(super) fn spawn(&self, carrying: impl Future<Output = Carried> + Send + 'static) -> Settling {
        let (tell, settling) = oneshot::channel();
        self.0.send_modify(|count| *count += 1);
        let leaving = Leaving(self.clone());
        tokio::spawn(async move {
            let carried = carrying.await;
            drop(leaving);
            // Most callers do not wait.
            let _sent = tell.send(carried);
        });
        Settling(settling)
    }

    pub(super) fn count(&self) -> usize {
        *self.0.borrow()
    }

    pub(super) async fn none(&self) {
        // The sender lives as long as `self`, so this ends with a count of zero.
        let mut count = self.0.subscribe();
        let _none = count.wait_for(|count| *count == 0).await;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
