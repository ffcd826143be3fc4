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
    clock::{Clock, Stopwatch},
    delivery::{Delivery, Outcome, Prices, Share, TOO_LATE},
    metrics::Metrics,
    plugin::{Chosen, Providers},
    seal::{Chance, DeliveryId, KeyRing},
    store::{Changes, Key, Ledger, LedgerError, View},
    template::Templates,
    verification::Verification,
};
use arc_swap::ArcSwap;
use provider_api::{DeliveryError, Failure, Receipt};
use running::Running;
use settle::{Settled, Settlement};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The pause before a store that takes no writes is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// How many deliveries that were taken over are under way at once. What is due beyond waits where it stands.
const MOST_BELATED: usize = 4096;

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
    pub keys: KeyRing,
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
    /// The version of its library, where two of them share.
    version: Option<String>,
    /// Whether it was the provider's canary.
    is_canary: bool,
}

impl Answered {
    /// Of a message that no provider had.
    fn unasked(error: DeliveryError) -> Self {
        Self { answer: Err(error), took: None, version: None, is_canary: false }
    }
}

/// What was taken over.
type Claimed = Box<(Verification, Delivery)>;

/// Whether a message may wait for a place in its provider's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It was asked for a moment ago: a full queue means that there is too much, and its caller learns of it.
    None,
    /// It is late already, perhaps with thousands of others.
    Belated,
}

#[derive(Debug)]
struct Shared {
    parts: OutboxParts,
    /// Places for what is taken over.
    belated: Arc<Semaphore>,
}

impl Outbox {
    /// Puts its parts together.
    pub fn new(parts: OutboxParts) -> Self {
        Self {
            shared: Arc::new(Shared { parts, belated: Arc::new(Semaphore::new(MOST_BELATED)) }),
            running: Running::default(),
        }
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
            let answered = shared.ask(&verification, &delivery, Patience::None).await;
            shared.carry(verification, delivery, answered, Patience::None).await
        })
    }

    /// A turn to take one over, unless too much is taken over already.
    fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.belated).try_acquire_owned().ok()
    }

    /// Hands over what was put off.
    fn hand_over_late(&self, turn: OwnedSemaphorePermit, due: Claimed) -> Settling {
        let (verification, delivery) = *due;
        let (shared, message) = (Arc::clone(&self.shared), delivery.message.clone());
        self.running.spawn(message, async move {
            let _turn = turn;
            let answered = shared.ask(&verification, &delivery, Patience::Belated).await;
            shared.carry(verification, delivery, answered, Patience::Belated).await
        })
    }

    /// Goes on where a delivery that was taken over came to this.
    fn settle(&self, turn: OwnedSemaphorePermit, due: Claimed, error: DeliveryError) -> Settling {
        let (verification, delivery) = *due;
        let shared = Arc::clone(&self.shared);
        let message = delivery.message.clone();
        let answered = Answered::unasked(error);
        self.running.spawn(message, async move {
            let _turn = turn;
            shared.carry(verification, delivery, answered, Patience::Belated).await
        })
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
        patience: Patience,
    ) -> Carried {
        loop {
            let Answered { answer, took, version, is_canary } = answered;
            if is_canary {
                delivery.share = Share::Canary;
            }
            let successor = DeliveryId::new(self.parts.clock.now(), &self.parts.chance);
            let segments = answer.as_ref().map_or(None, |receipt| receipt.segments);
            let estimate =
                self.parts.prices.load().estimate(&delivery.provider, &delivery.recipient, segments);
            let settlement =
                Settlement { delivery: delivery.clone(), answer, estimate, successor, gives_back: true };
            let Settled { verification: after, delivery: settled, next } = match self.keep(settlement).await {
                Ok(settled) => settled,
                Err(error) => {
                    tracing::error!(delivery.id = %delivery.id, %error, "what became of a delivery is lost");
                    return Carried { verification, delivery };
                }
            };
            tell(&settled, version.as_deref());
            let (outcome, failure) = (settled.outcome.as_str(), settled.outcome.failure_word());
            self.parts.metrics.delivery(&settled.provider, outcome, failure, took);
            if is_canary {
                self.parts.metrics.canary_delivery(&settled.provider, outcome, failure);
            }
            verification = after.unwrap_or(verification);
            match next {
                Some(next) if next.not_before.is_none() => delivery = next,
                // The due table brings it back when its time comes.
                Some(put_off) => return Carried { verification, delivery: put_off },
                None => return Carried { verification, delivery: settled },
            }
            answered = self.ask(&verification, &delivery, patience).await;
        }
    }

    /// Keeps what became of a delivery, however long the store takes no writes: were it lost, the message would be sent
    /// again. Where a record that is only needed to give a send back cannot be read, it is not given back.
    async fn keep(&self, mut settlement: Settlement) -> Result<Settled, LedgerError> {
        loop {
            let (delivery, applied) = (&settlement.delivery, settlement.clone());
            let keys = vec![(&delivery.id).into(), (&delivery.verification).into()];
            match self.parts.ledger.insist(keys, move |view, now| applied.apply(view, now)).await {
                Err(LedgerError::Refused(_)) => self.parts.clock.sleep(AGAIN).await,
                Err(error) if settlement.gives_back && error != LedgerError::Closed => {
                    tracing::error!(delivery.id = %delivery.id, %error, "a send is not given back");
                    settlement.gives_back = false;
                }
                kept => return kept,
            }
        }
    }

    /// Hands over once, within the bounds of the provider's lane, and measures how long the provider had the message.
    async fn ask(&self, verification: &Verification, delivery: &Delivery, patience: Patience) -> Answered {
        let Some(Chosen { lane, is_canary, shares }) = self.parts.providers.choose(delivery) else {
            let text = format!("provider `{}` is not open", delivery.provider);
            return Answered::unasked(DeliveryError::unavailable(text));
        };
        let place = match patience {
            Patience::Belated if !is_canary => Some(lane.place().await),
            // Nobody waits for a canary: its provider is there.
            Patience::Belated | Patience::None => None,
        };
        if place.is_some() && !self.is_still_wanted(verification, delivery).await {
            return Answered::unasked(too_late());
        }
        let code = match verification.code(&self.parts.keys.now(), delivery.generation) {
            Ok(code) => code,
            Err(why) => return Answered::unasked(DeliveryError::misconfigured(why.to_string())),
        };
        let (now, templates) = (self.parts.clock.now(), self.parts.templates.load_full());
        let message = message::write(verification, delivery, &code, &templates, now);
        let began = Stopwatch::start();
        let answer = match place {
            Some(place) => lane.deliver_at(place, message).await,
            None => lane.deliver(message).await,
        };
        let version = shares.then(|| lane.manifest().version.clone());
        Answered { answer, took: Some(began.elapsed()), version, is_canary }
    }

    /// Whether a message that had to wait is needed now: its verification may have been approved or canceled meanwhile, or
    /// got a fresh code. Where the store cannot say, what was known before it waited counts.
    async fn is_still_wanted(&self, verification: &Verification, delivery: &Delivery) -> bool {
        let key = Key::from(&delivery.verification);
        let announced = vec![key.clone()];
        let look = move |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<Verification>(&key)?));
        let found = self.parts.ledger.insist(announced, look).await;
        let now = self.parts.clock.now();
        let is_wanted = |verification: &Verification| {
            verification.is_pending(now) && verification.generation == delivery.generation
        };
        found.map_or_else(|_| is_wanted(verification), |found| found.as_ref().is_some_and(is_wanted))
    }
}

/// What becomes of a message whose time came after its verification was over: no provider had it.
fn too_late() -> DeliveryError {
    let why = "nobody needs the message any more: its time came too late";
    DeliveryError::new(Failure::from_word(TOO_LATE), why)
}

/// One line for each delivery, with the recipient masked; with the version of the library where two of them share.
fn tell(delivery: &Delivery, version: Option<&str>) {
    let Delivery { id, verification, provider, channel, recipient, repeated, outcome, .. } = delivery;
    match outcome {
        Outcome::Queued => {}
        Outcome::Sent { reference, segments, .. } => tracing::info!(
            delivery.id = %id, verification.id = %verification, provider.id = %provider, %channel, %recipient,
            repeated, library.version = version, reference, segments, "delivery sent"
        ),
        // Nobody is at fault, and nothing is to be done.
        Outcome::Failed { failure, .. } if failure.as_str() == TOO_LATE => tracing::debug!(
            delivery.id = %id, verification.id = %verification, provider.id = %provider, %channel, %recipient,
            "delivery not needed any more"
        ),
        Outcome::Failed { failure, code, text, .. } => tracing::warn!(
            delivery.id = %id, verification.id = %verification, provider.id = %provider, %channel, %recipient,
            repeated, library.version = version, %failure, code, text, "delivery failed"
        ),
        Outcome::Unknown { code, text, .. } => tracing::warn!(
            delivery.id = %id, verification.id = %verification, provider.id = %provider, %channel, %recipient,
            repeated, library.version = version, code, text, "delivery unknown"
        ),
    }
}

#[cfg(test)]
pub(crate) mod tests;
