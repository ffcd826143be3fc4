//! Hands deliveries to their providers, goes on by the route's rule, and keeps what became of each.

mod due;
mod message;
mod running;
mod settle;
pub mod tester;

pub use due::Left;
pub use message::by_hand;
pub use running::Settling;

use crate::{
    clock::Clock,
    delivery::{Delivery, Outcome, Prices},
    metrics::Metrics,
    plugin::Providers,
    seal::{Chance, DeliveryId, Keys},
    store::{Ledger, LedgerError},
    template::Templates,
    verification::Verification,
};
use arc_swap::ArcSwap;
use provider_api::{DeliveryError, Receipt};
use running::Running;
use settle::{Settled, Settlement};
use std::{sync::Arc, time::Duration};

/// The pause before a store that takes no writes is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Hands deliveries over, each in a task of its own. Cheap to clone; all clones are one outbox.
#[derive(Debug, Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
    running: Running,
}

/// What an outbox is made of.
#[derive(Debug)]
pub struct OutboxParts {
    /// What messages say.
    pub templates: Arc<ArcSwap<Templates>>,
    /// The providers that are open.
    pub providers: Arc<Providers>,
    /// Where deliveries are kept.
    pub ledger: Ledger,
    /// What codes are derived under.
    pub keys: Arc<Keys>,
    /// What tells the time.
    pub clock: Clock,
    /// What ids are made of.
    pub chance: Chance,
    /// What messages cost where their service does not say.
    pub prices: ArcSwap<Prices>,
    /// What counts what became of deliveries.
    pub metrics: Arc<Metrics>,
}

/// What a handing-over came to.
#[derive(Debug)]
pub struct Carried {
    /// The verification after it: a send that nobody took may have been given back.
    pub verification: Verification,
    /// The delivery that came last.
    pub delivery: Delivery,
}

/// What a provider answered, and how long it had the message, if it had it.
struct Answered {
    answer: Result<Receipt, DeliveryError>,
    took: Option<Duration>,
}

#[derive(Debug)]
struct Shared {
    parts: OutboxParts,
}

impl Outbox {
    /// Puts its parts together.
    pub fn new(parts: OutboxParts) -> Self {
        Self { shared: Arc::new(Shared { parts }), running: Running::default() }
    }

    /// Takes other prices for whatever is settled from now on.
    pub fn take_prices(&self, prices: Prices) {
        self.shared.parts.prices.store(Arc::new(prices));
    }

    /// Hands a delivery over, and its successors if it comes to that; returns at once, within a tokio runtime.
    pub fn hand_over(&self, verification: Verification, delivery: Delivery) -> Settling {
        let shared = Arc::clone(&self.shared);
        let message = delivery.message.clone();
        self.running.spawn(message, async move {
            let answered = shared.ask(&verification, &delivery).await;
            shared.carry(verification, delivery, answered).await
        })
    }

    /// Goes on where a delivery came to this.
    fn settle(&self, verification: Verification, delivery: Delivery, error: DeliveryError) -> Settling {
        let shared = Arc::clone(&self.shared);
        let message = delivery.message.clone();
        let answered = Answered { answer: Err(error), took: None };
        self.running.spawn(message, async move { shared.carry(verification, delivery, answered).await })
    }

    /// Waits until nothing is being handed over, at most this long; says how many deliveries are still under way.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.shared.parts.clock.timeout(limit, self.running.none()).await;
        self.running.count()
    }
}

impl Shared {
    /// Goes from provider to provider until the message is taken or put off, or nobody is left to ask.
    async fn carry(
        &self,
        mut verification: Verification,
        mut delivery: Delivery,
        mut answered: Answered,
    ) -> Carried {
        loop {
            let Answered { answer, took } = answered;
            let successor = DeliveryId::new(self.parts.clock.now(), &self.parts.chance);
            let segments = answer.as_ref().map_or(None, |receipt| receipt.segments);
            let estimate =
                self.parts.prices.load().estimate(&delivery.provider, &delivery.recipient, segments);
            let settlement = Settlement { delivery: delivery.clone(), answer, estimate, successor };
            let Settled { verification: after, delivery: settled, next } = match self.keep(settlement).await {
                Ok(settled) => settled,
                Err(error) => {
                    tracing::error!(delivery.id = %delivery.id, %error, "what became of a delivery is lost");
                    return Carried { verification, delivery };
                }
            };
            tell(&settled);
            let (outcome, failure) = (settled.outcome.as_str(), settled.outcome.failure_word());
            self.parts.metrics.delivery(&settled.provider, outcome, failure, took);
            verification = after.unwrap_or(verification);
            match next {
                Some(next) if next.not_before.is_none() => delivery = next,
                // The due table brings it back when its time comes.
                Some(put_off) => return Carried { verification, delivery: put_off },
                None => return Carried { verification, delivery: settled },
            }
            answered = self.ask(&verification, &delivery).await;
        }
    }

    /// Hands over once and looks at the clock meanwhile.
    async fn ask(&self, verification: &Verification, delivery: &Delivery) -> Answered {
        let began = self.parts.clock.now();
        let answer = self.deliver(verification, delivery).await;
        Answered { answer, took: Some(self.parts.clock.now().duration_since(began).unsigned_abs()) }
    }

    /// Keeps what became of a delivery, however long the store takes no writes: were it lost, the message would be sent
    /// again.
    async fn keep(&self, settlement: Settlement) -> Result<Settled, LedgerError> {
        loop {
            let (delivery, settlement) = (&settlement.delivery, settlement.clone());
            let keys = vec![(&delivery.id).into(), (&delivery.verification).into()];
            match self.parts.ledger.insist(keys, move |view, now| settlement.apply(view, now)).await {
                Err(LedgerError::Refused(_)) => self.parts.clock.sleep(AGAIN).await,
                kept => return kept,
            }
        }
    }

    /// Hands over once, within the bounds of the provider's lane.
    async fn deliver(
        &self,
        verification: &Verification,
        delivery: &Delivery,
    ) -> Result<Receipt, DeliveryError> {
        let Some(lane) = self.parts.providers.lane(&delivery.provider) else {
            let text = format!("provider `{}` is not open", delivery.provider);
            return Err(DeliveryError::unavailable(text));
        };
        let code = verification
            .code(&self.parts.keys, delivery.generation)
            .map_err(|why| DeliveryError::misconfigured(why.to_string()))?;
        let now = self.parts.clock.now();
        let templates = self.parts.templates.load_full();
        lane.deliver(message::write(verification, delivery, &code, &templates, now)).await
    }
}

/// One line for each delivery, with the recipient masked.
fn tell(delivery: &Delivery) {
    let Delivery { id, verification, provider, channel, recipient, repeated, outcome, .. } = delivery;
    match outcome {
        Outcome::Queued => {}
        Outcome::Sent { reference, segments, .. } => tracing::info!(
            delivery.id = %id, verification.id = %verification, provider.id = %provider, %channel, %recipient,
            repeated, reference, segments, "delivery sent"
        ),
        Outcome::Failed { failure, code, text, .. } => tracing::warn!(
            delivery.id = %id, verification.id = %verification, provider.id = %provider, %channel, %recipient,
            repeated, %failure, code, text, "delivery failed"
        ),
        Outcome::Unknown { code, text, .. } => tracing::warn!(
            delivery.id = %id, verification.id = %verification, provider.id = %provider, %channel, %recipient,
            repeated, code, text, "delivery unknown"
        ),
    }
}

#[cfg(test)]
pub(crate) mod tests;
