//! Knows the deliveries under way, so that a shutdown can wait for them and nobody takes over what is not left.

use super::Carried;
use crate::seal::DeliveryId;
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

/// The deliveries under way. All clones know the same ones.
///
/// The messages that they carry, and how many carry each: whoever takes over within a send carries the same one. All is
/// behind one lock, so nobody sees a message without its delivery.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(Arc<watch::Sender<HashMap<DeliveryId, usize>>>);

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
        let leaving = self.enter(message);
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

    fn enter(&self, message: DeliveryId) -> Leaving {
        self.0.send_modify(|carried| *carried.entry(message.clone()).or_default() += 1);
        Leaving(self.clone(), message)
    }

    /// Whether this message is with a provider now.
    pub(super) fn carries(&self, message: &DeliveryId) -> bool {
        self.0.borrow().contains_key(message)
    }

    /// Every message that is with a provider now.
    pub(super) fn carried(&self) -> HashSet<DeliveryId> {
        self.0.borrow().keys().cloned().collect()
    }

    pub(super) fn count(&self) -> usize {
        self.0.borrow().values().sum()
    }

    pub(super) async fn none(&self) {
        // The sender lives as long as `self`, so this ends with nothing under way.
        let mut carried = self.0.subscribe();
        drop(carried.wait_for(HashMap::is_empty).await);
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.0.send_modify(|carried| {
            let Entry::Occupied(mut times) = carried.entry(self.1.clone()) else { return };
            *times.get_mut() -= 1;
            if *times.get() == 0 {
                times.remove();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, seal::Chance};
    use shuttle::{Config, Runner, future::block_on, scheduler::RandomScheduler, thread};

    /// Each operation is one step, as each takes the one lock once.
    fn explore(test: impl Fn() + Send + Sync + 'static) {
        Runner::new(RandomScheduler::new_from_seed(1, 2_000), Config::new()).run(test);
    }

    fn message(seed: u64) -> DeliveryId {
        DeliveryId::new(millis(0), &Chance::seeded(seed))
    }

    #[test]
    fn a_message_is_carried_for_as_long_as_anybody_carries_it() {
        explore(|| {
            let running = Running::default();
            let carriers: Vec<_> = (0..3_u64)
                .map(|number| {
                    let running = running.clone();
                    thread::spawn(move || {
                        let message = message(number % 2);
                        thread::yield_now();
                        let leaving = running.enter(message.clone());
                        thread::yield_now();
                        assert!(running.carries(&message) && running.count() > 0);
                        thread::yield_now();
                        drop(leaving);
                    })
                })
                .collect();
            for carrier in carriers {
                carrier.join().unwrap();
            }
            assert_eq!((running.count(), running.carries(&message(0))), (0, false));
        });
    }

    #[test]
    fn whoever_waits_for_the_last_one_hears_of_it() {
        explore(|| {
            let running = Running::default();
            let under_way: Vec<Leaving> = (0..3).map(|number| running.enter(message(number))).collect();
            let waiting = {
                let running = running.clone();
                thread::spawn(move || {
                    block_on(running.none());
                    assert_eq!(running.count(), 0);
                })
            };
            let leaving: Vec<_> = under_way
                .into_iter()
                .map(|leaving| {
                    thread::spawn(move || {
                        thread::yield_now();
                        drop(leaving);
                    })
                })
                .collect();
            for one in leaving {
                one.join().unwrap();
            }
            waiting.join().unwrap();
        });
    }
}
