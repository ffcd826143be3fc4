//! One provider with its thread or process, its bounds, its health.

mod health;
mod reading;
mod tally;

pub use tally::Tally;

use super::{
    breaker::{Breaker, Era, Outcome, Why},
    engine::{Answer, Engine},
    faults::Faults,
    libraries::LibraryInfo,
    log::Flood,
    providers::{Happening, Record},
    redact::Redactor,
    settings::Settings,
};
use crate::{
    clock::{Clock, after},
    member::NOT_ANSWERING,
};
use jiff::Timestamp;
use provider_api::{
    AVAILABILITY, Address, Availability, Candidate, Channel, DeliveryError, Failure, Manifest, Message,
    OpenAnswer, Receipt,
    abi::{Reply, frame, ops},
};
use reading::{Failed, read};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tally::Counts;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// How long a provider may think about a member: it happens while a person waits.
const AVAILABILITY_LIMIT: Duration = Duration::from_millis(50);

/// How many questions about members may wait for one provider. They have places of their own: a provider that delivers
/// one message at a time can still be asked.
const QUESTIONS: usize = 256;

/// How long a provider may take to be closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// One provider with its thread or process, its bounds, its health.
pub struct Lane {
    id: String,
    manifest: Manifest,
    addresses: Vec<Address>,
    judges_members: bool,
    timeout: Duration,
    queue: usize,
    places: Semaphore,
    /// The part of the places that belated messages may take, so that fresh ones find room. Where there is one place
    /// only, they share it: else they would never leave.
    belated: Semaphore,
    questions: Semaphore,
    /// Whether somebody looks into a silence.
    is_doubted: AtomicBool,
    engine: Engine,
    redactor: Redactor,
    breaker: Mutex<Breaker>,
    memory: Memory,
    counts: Counts,
    /// Of its library.
    sha256: String,
    /// Whether those who still wait for an answer are to wait no longer.
    given_up: watch::Sender<bool>,
    clock: Clock,
}

/// What a lane's provider is remembered by.
pub(super) struct Memory {
    /// For whoever looks at it.
    pub(super) record: Arc<Record>,
    /// For the next start, if it is kept.
    pub(super) faults: Option<Faults>,
    /// Whether it logs or asks without end.
    pub(super) flood: Flood,
}

/// A place in a provider's queue.
#[derive(Debug)]
pub struct Place<'a> {
    _place: Option<SemaphorePermit<'a>>,
    _belated: Option<SemaphorePermit<'a>>,
}

impl Lane {
    pub(super) fn new(
        settings: &Settings,
        library: &LibraryInfo,
        opened: OpenAnswer,
        engine: Engine,
        redactor: Redactor,
        memory: Memory,
        clock: Clock,
    ) -> Self {
        let now = clock.now();
        let kept = memory.faults.as_ref().and_then(|faults| faults.of(&settings.id, &library.sha256));
        let breaker = kept.map_or_else(Breaker::default, |kept| Breaker::of(kept, now));
        if let Some((Why::Quarantined, until)) = breaker.rests(now) {
            let detail = format!("until {until}, from before the start: {}", breaker.deeds());
            tracing::warn!(provider.id = settings.id, reason = detail, "a provider is still left alone");
            memory.record.note(now, Happening::Quarantined, Some(&detail));
        }
        Self {
            id: settings.id.clone(),
            manifest: library.manifest.clone(),
            addresses: opened.addresses,
            judges_members: opened.judges_members && library.manifest.declares(AVAILABILITY),
            timeout: settings.timeout,
            queue: settings.queue,
            places: Semaphore::new(settings.queue),
            belated: Semaphore::new((settings.queue / 2).max(1)),
            questions: Semaphore::new(QUESTIONS),
            is_doubted: AtomicBool::default(),
            engine,
            redactor,
            breaker: Mutex::new(breaker),
            memory,
            counts: Counts::default(),
            sha256: library.sha256.clone(),
            given_up: watch::Sender::default(),
            clock,
        }
    }

    /// The provider's id (not its library's).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What its library says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Which of a member's fields it delivers to, per channel (`Address::for_channel`).
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Whether it is to be asked about members: its library declares `availability`, and as it is configured it may say no.
    pub fn judges_members(&self) -> bool {
        self.judges_members
    }

    /// Whether its library delivers on this channel.
    pub fn serves(&self, channel: &Channel) -> bool {
        self.manifest.serves(channel)
    }

    /// Hands a message over once, within the provider's `timeout`, its queue and its health.
    ///
    /// # Errors
    ///
    /// With the provider's own failure; `unavailable` where it is left alone or its queue is full, and `throttled` where
    /// its service asked to be left alone, so surely nothing was handed over; `unknown` where it took too long or its
    /// process ended meanwhile; `broken` where it panicked. The words hold neither the code nor the full recipient,
    /// whatever the provider said, and nor does the receipt.
    pub async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        self.deliver_at(self.place_at_once()?, message).await
    }

    /// Waits for a place, for a message that is late already: as many as came to be due at once, half of the queue is
    /// left to fresh ones, but for a queue of one place.
    pub async fn place(&self) -> Place<'_> {
        // Neither is ever closed.
        let belated = self.belated.acquire().await.ok();
        Place { _place: self.places.acquire().await.ok(), _belated: belated }
    }

    /// As [`Lane::deliver`], at a place that was waited for.
    ///
    /// # Errors
    ///
    /// As [`Lane::deliver`], but never because the queue is full.
    pub async fn deliver_at(&self, place: Place<'_>, mut message: Message) -> Result<Receipt, DeliveryError> {
        let trust = self.redactor.trust_message(&message);
        if message.deadline_ms == 0 {
            message.deadline_ms = after(self.clock.now(), self.timeout).as_millisecond();
        }
        let era = self.admit()?;
        let answer = self.call(place, era, ops::DELIVER, &message).await;
        if !message.test {
            self.counts.count(&answer);
        }
        answer.map(|receipt| trust.clean_receipt(receipt))
    }

    /// What became of the deliveries that it was handed since it was opened.
    pub fn tally(&self) -> Tally {
        self.counts.tally()
    }

    /// Whether a delivery on this channel would reach it: it serves the channel, is not left alone and has a place.
    pub(super) fn takes(&self, channel: &Channel) -> bool {
        let (depth, places) = self.depth();
        self.serves(channel) && self.rest().is_none() && depth < places
    }

    /// Whether the provider reaches a member, asked within 50 ms if it [judges members](Self::judges_members).
    ///
    /// Silence is no fault, for it had no time; but whether it keeps its thread to itself is looked into afterwards, as
    /// nobody delivers by a provider that is not offered.
    pub async fn availability(self: &Arc<Self>, candidate: Candidate) -> Availability {
        if !self.judges_members {
            return Availability::available();
        }
        let _trust = self.redactor.trust_candidate(&candidate);
        let silent = || Availability::unavailable(NOT_ANSWERING, "provider not answering");
        if let Some((Why::Quarantined, _)) = self.breaker().rests(self.clock.now()) {
            return silent();
        }
        let Ok(_place) = self.questions.try_acquire() else { return silent() };
        let era = self.breaker().era();
        match self.ask(ops::AVAILABILITY, &candidate, AVAILABILITY_LIMIT).await {
            Ok(availability) => self.redactor.clean_availability(availability),
            Err(Failed { outcome: Outcome::Answered, error }) => {
                let error = self.redactor.clean_error(error);
                Availability::unavailable(error.failure.as_str(), error.text)
            }
            Err(Failed { outcome, error }) => {
                // Its faults count here too, or it could fall down as often as somebody lists methods.
                match outcome {
                    Outcome::Ended | Outcome::Panicked => {
                        self.record(outcome, era, Some(&self.redactor.clean_error(error)));
                    }
                    _ => self.doubt(era),
                }
                silent()
            }
        }
    }

    /// Finds out, while nobody waits for it, whether a silent provider keeps its thread to itself; once at a time.
    fn doubt(self: &Arc<Self>, era: Era) {
        if self.is_doubted.swap(true, Ordering::Relaxed) {
            return;
        }
        let lane = Arc::clone(self);
        tokio::spawn(async move {
            if lane.engine.is_stuck().await {
                lane.record(Outcome::Stuck, era, None);
            }
            lane.is_doubted.store(false, Ordering::Relaxed);
        });
    }

    /// Whether the provider says that it could deliver now.
    ///
    /// # Errors
    ///
    /// With what stands in the way.
    pub async fn health(&self) -> Result<(), DeliveryError> {
        let place = self.place_at_once()?;
        self.call(place, self.admit()?, ops::HEALTH, &()).await
    }

    /// Tells the provider that no more calls come; waits two seconds at most.
    pub async fn close(&self) {
        let asking = self.engine.call(ops::CLOSE, frame::encode(&(), &[]).into());
        let closed = self.clock.timeout(FAREWELL, asking).await;
        if read::<()>(closed, FAREWELL).is_err() {
            tracing::debug!(provider.id = self.id, "the provider did not answer to being closed");
        }
    }

    /// Tells those who wait for an answer that they wait in vain: what became of their calls is not known. Nobody is
    /// asked any more.
    pub(super) fn give_up(&self) {
        self.given_up.send_replace(true);
    }

    /// Forgets what calls held that have been over for a while. To be asked now and then.
    pub(super) fn forget(&self, now: Timestamp) {
        self.redactor.forget(now);
    }

    /// How many calls wait or run, and how many may at once.
    pub fn depth(&self) -> (usize, usize) {
        (self.queue.saturating_sub(self.places.available_permits()), self.queue)
    }

    /// Calls an operation with its raw frame, past the bounds and the health: for the conformance suite.
    pub async fn raw_call(&self, op: u32, request: Vec<u8>) -> Result<Reply, String> {
        match self.clock.timeout(self.timeout, self.engine.call(op, request)).await {
            Some(Answer::Reply(reply)) => Ok(reply),
            Some(Answer::Ended(how) | Answer::NotAsked(how)) => Err(how),
            None => Err("no answer in time".to_owned()),
        }
    }

    fn place_at_once(&self) -> Result<Place<'_>, DeliveryError> {
        let full = |_| {
            DeliveryError::unavailable("the provider's queue is full")
                .with_retry_after(Duration::from_secs(1))
        };
        let place = self.places.try_acquire().map_err(full)?;
        Ok(Place { _place: Some(place), _belated: None })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        _place: Place<'_>,
        era: Era,
        op: u32,
        request: &impl Serialize,
    ) -> Result<T, DeliveryError> {
        let answer = self.ask(op, request, self.timeout).await;
        let outcome = answer.as_ref().map_or_else(|failed| failed.outcome, |_| Outcome::Answered);
        let answer = answer.map_err(|failed| self.redactor.clean_error(failed.error));
        self.note(outcome, era, answer.as_ref().err()).await;
        if let Some(pause) = answer.as_ref().err().and_then(asked_for) {
            self.change(|breaker, now| breaker.throttle(pause, now));
        }
        answer
    }

    /// One call, whatever the provider's health.
    async fn ask<T: DeserializeOwned>(
        &self,
        op: u32,
        request: &impl Serialize,
        limit: Duration,
    ) -> Result<T, Failed> {
        let mut given_up = self.given_up.subscribe();
        if *given_up.borrow() {
            return read(Some(Answer::NotAsked(REPLACED.to_owned())), limit);
        }
        let request = frame::encode(request, &[]).into();
        tokio::select! {
            answer = self.clock.timeout(limit, self.engine.call(op, request)) => read(answer, limit),
            _ = given_up.changed() => {
                let error = DeliveryError::unknown(format!("{REPLACED}, and this call took too long"));
                Err(Failed { error, outcome: Outcome::Answered })
            }
        }
    }
}

const REPLACED: &str = "another one took the provider's place";

/// How long the service asks to be left alone: where it says that it was asked too much, and for how long.
fn asked_for(error: &DeliveryError) -> Option<Duration> {
    let pause = error.retry_after_ms.filter(|_| error.failure == Failure::Throttled);
    pause.map(Duration::from_millis)
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("id", &self.id)
            .field("library", &self.manifest.id)
            .finish_non_exhaustive()
    }
}
