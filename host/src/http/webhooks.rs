//! Tells applications what happened: posts due events, signed, until somebody takes them or it is no use any more.

use super::{Face, smscx};
use crate::{
    clock::Clock,
    event::{Format, Heard, PATIENCE},
    plugin::Http,
    seal::VerificationId,
    store::{Key, LedgerError},
    verification::Verification,
    verifier::{Claim, Claimed, Fetched, Told},
};
use provider_api::{HttpRequest, Secret};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often is looked.
const PAUSE: Duration = Duration::from_secs(1);

/// How many are taken at a time.
const MOST: usize = 64;

/// How many are under way at once: a receiver that does not answer holds one for as long as it is waited for.
const AT_ONCE: usize = 256;

/// How many of them are of one application, so that its receivers do not hold up another's events.
const OF_ONE: usize = 32;

/// How many events that wait for a place of their application are remembered, and looked past.
const MOST_WAITING: usize = 4096;

/// How many events that cannot be taken are remembered.
const MOST_BROKEN: usize = 4096;

/// What events are sent with.
pub(crate) struct Webhooks {
    http: Http,
    places: Arc<Semaphore>,
}

impl Webhooks {
    /// Sends through this proxy, or through none.
    pub(crate) fn new(proxy: Option<Secret>) -> Self {
        Self { http: Http::new(proxy), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks").field("free", &self.places.available_permits()).finish_non_exhaustive()
    }
}

/// What is known of due events from one look to the next.
#[derive(Debug, Default)]
struct Seen {
    /// Their records are damaged: each is told once, and the next start tries again.
    broken: HashSet<Key>,
    /// Events of applications that had enough under way, and whose they are.
    waiting: HashMap<Key, String>,
    /// The places of each application that has something under way.
    places: HashMap<String, Arc<Semaphore>>,
}

impl Seen {
    /// The applications that have enough under way.
    fn busy(&self) -> Vec<String> {
        let full = self.places.iter().filter(|(_, places)| places.available_permits() == 0);
        full.map(|(application, _)| application.clone()).collect()
    }

    /// A place of the application; `None` if all of them are taken.
    fn place(&mut self, application: &str) -> Option<OwnedSemaphorePermit> {
        let new = || Arc::new(Semaphore::new(OF_ONE));
        let places = self.places.entry(application.to_owned()).or_insert_with(new);
        Arc::clone(places).try_acquire_owned().ok()
    }

    /// Whether an event is to be left where it stands.
    fn leaves(&self, key: &Key, busy: &[String]) -> bool {
        self.broken.contains(key)
            || self.waiting.get(key).is_some_and(|application| busy.contains(application))
    }

    /// Forgets what does not count any more.
    fn tidy(&mut self) {
        self.places.retain(|_, places| places.available_permits() < OF_ONE);
        let places = &self.places;
        self.waiting.retain(|_, application| places.contains_key(application));
    }
}

/// Sends what is due, for ever.
pub async fn watch(face: Arc<Face>) {
    let mut seen = Seen::default();
    loop {
        // Real time: how often is looked is no rule, what is due then is.
        tokio::time::sleep(PAUSE).await;
        look(&face, &mut seen).await;
    }
}

/// Sends all that is due now.
async fn look(face: &Arc<Face>, seen: &mut Seen) {
    seen.tidy();
    loop {
        // They stay due, and must not stand in the way of what is due after them.
        let most = MOST + seen.broken.len() + seen.waiting.len();
        let due = match face.verifier.due_events(most).await {
            Ok(due) => due,
            Err(error) => return tracing::error!(%error, "what is due cannot be read"),
        };
        let found = due.len();
        for key in due {
            let busy = seen.busy();
            if seen.leaves(&key, &busy) {
                continue;
            }
            // It waits where it stands.
            let Ok(place) = Arc::clone(&face.webhooks.places).try_acquire_owned() else { return };
            match face.verifier.claim_event(key.clone(), busy, written).await {
                Ok(Claim::Ours(claimed)) => {
                    seen.waiting.remove(&key);
                    let own = seen.place(&claimed.verification.application);
                    drop(tokio::spawn(tell(Arc::clone(face), (place, own), *claimed)));
                }
                Ok(Claim::Nobodys) => drop(seen.waiting.remove(&key)),
                Ok(Claim::Waits(application)) => {
                    if seen.waiting.len() >= MOST_WAITING {
                        return;
                    }
                    seen.waiting.insert(key, application);
                }
                Ok(Claim::Spent(verification)) => {
                    seen.waiting.remove(&key);
                    given_up(&verification, "nobody kept what was said to it");
                }
                Err(error) => {
                    tracing::error!(%error, "an event that is due cannot be taken");
                    let passes =
                        matches!(error, LedgerError::Busy | LedgerError::Closed | LedgerError::Refused(_));
                    if passes || seen.broken.len() >= MOST_BROKEN {
                        return;
                    }
                    seen.broken.insert(key);
                }
            }
        }
        if found < most {
            return;
        }
    }
}

/// What an event says, in the form of the face that its verification was started with.
fn written(told: &Fetched) -> Option<String> {
    match told.verification.webhook.as_ref()?.format {
        Format::SmsCx => smscx::update(told),
    }
}

fn given_up(verification: &Verification, said: &str) {
    tracing::error!(
        event.id = event_id(&verification.id), verification.id = %verification.id,
        application.id = verification.application, reason = said, "event given up"
    );
}

/// The places that a send takes: one of all, and one of its application's.
type Places = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

/// Sends one event once, and keeps what was said to it.
async fn tell(face: Arc<Face>, _places: Places, claimed: Claimed) {
    let verification = &claimed.verification;
    let (id, application) = (event_id(&verification.id), verification.application.clone());
    let (heard, said) = match request(&face, &id, &claimed) {
        Ok(request) => send(&face, request).await,
        Err((heard, why)) => (heard, why.to_owned()),
    };
    match face.verifier.event_heard(&claimed, heard).await {
        Ok(Told::Taken) => tracing::info!(
            event.id = id, verification.id = %verification.id, application.id = application, "event told"
        ),
        Ok(Told::Later) => tracing::warn!(
            event.id = id, verification.id = %verification.id, application.id = application, reason = said,
            "event not taken, it is sent again"
        ),
        Ok(Told::GivenUp) => given_up(verification, &said),
        Ok(Told::Overtaken) => tracing::warn!(
            event.id = id, verification.id = %verification.id, application.id = application, reason = said,
            "an event took longer than its lease, and is another's by now"
        ),
        Err(error) => tracing::error!(event.id = id, %error, "what became of an event is lost"),
    }
}

/// The event as it is posted, or why it is not: its id is the same each time, so that a receiver knows what it has.
fn request(face: &Face, id: &str, claimed: &Claimed) -> Result<HttpRequest, (Heard, &'static str)> {
    let verification = &claimed.verification;
    let nothing = (Heard::Gone, "there is nothing to tell");
    let webhook = verification.webhook.as_ref().ok_or(nothing)?;
    let body = claimed.body().ok_or(nothing)?;
    // Unsigned it would not be believed; it may come back.
    let application = face.verifier.directory().application(&verification.application);
    let application = application.ok_or((Heard::Refused(None), "the application is not there"))?;
    let seconds = now(face.verifier.clock());
    let mut request = HttpRequest::post(&webhook.url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .timeout(PATIENCE);
    if let Some(secret) = &application.events.secret {
        request = request.header("webhook-signature", secret.sign(id, seconds, body.as_bytes()));
    }
    Ok(request.body(body))
}

fn now(clock: &Clock) -> i64 {
    clock.now().as_second()
}

/// What a receiver says, and the same for the log: never its address or its body.
async fn send(face: &Face, request: HttpRequest) -> (Heard, String) {
    let private = face.saved.load().webhooks.private_addresses;
    match face.webhooks.http.post_event(request, private).await {
        Ok(answer) => {
            let heard = Heard::of(answer.status, answer.retry_after.as_deref());
            (heard, format!("the receiver answered {}", answer.status))
        }
        Err(why) => (Heard::Refused(None), why.to_string()),
    }
}

/// The name of the event that tells the end of a verification.
fn event_id(verification: &VerificationId) -> String {
    let id = verification.as_str();
    format!("evt_{}", id.strip_prefix("ver_").unwrap_or(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;

    /// What is under way for one application holds up its own events, and no other's.
    #[test]
    fn an_application_has_so_many_places_and_leaves_the_rest_to_others() {
        let mut seen = Seen::default();
        let mut slow: Vec<_> = (0..OF_ONE).map(|_| seen.place("slow").unwrap()).collect();
        assert!(seen.place("slow").is_none() && seen.place("quick").is_some());
        assert_eq!(seen.busy(), ["slow"]);
        let key = |id: &str| Key::new(Kind::Event, id);
        seen.waiting.insert(key("1"), "slow".to_owned());
        seen.tidy();
        assert_eq!((seen.places.len(), seen.waiting.len()), (1, 1), "`quick` has nothing under way");
        assert!(seen.leaves(&key("1"), &seen.busy()) && !seen.leaves(&key("2"), &seen.busy()));
        drop(slow.pop());
        assert!(!seen.leaves(&key("1"), &seen.busy()));
        slow.clear();
        seen.tidy();
        assert_eq!((seen.places.len(), seen.waiting.len()), (0, 0));
    }
}
