//! API keys that are made while the server runs: told once, kept as proofs, refused from the moment they are revoked.

use super::{Caller, Directory, DirectoryError, Present};
use crate::{
    clock::millis,
    seal::{Keys, MadeKey, Presented, Proof},
    store::{Changes, Done, Key, Kind, Ledger, LedgerError, Stop, View},
};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use provider_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};
use tokio::runtime::Handle;

/// How exactly it is kept when a key was used last, in milliseconds: an hour, so that calls cost no writing.
const HOUR: i64 = 3_600_000;

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To call as one application.
    Application,
    /// To call as every application: the caller says as which.
    Account,
    /// To use the operator routes.
    Operator,
}

/// A key that is to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What it is good for.
    pub scope: Scope,
    /// As whom it calls: with the scope `application` only.
    pub application: Option<String>,
    /// What the operator calls it; perhaps empty.
    pub name: String,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiKey {
    /// Its public name: what stands between `prk_` and the next `_`.
    pub id: String,
    /// What it is good for.
    pub scope: Scope,
    /// As whom it calls.
    pub application: Option<String>,
    /// What the operator calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
    /// The hour in which it was used last.
    pub last_used_at: Option<Timestamp>,
}

/// A key as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    scope: Scope,
    application: Option<String>,
    name: String,
    proof: Proof,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
}

/// A key as it is known in memory.
#[derive(Debug)]
pub(super) struct Known {
    record: ArcSwap<Record>,
    /// Whether its proof is being made anew.
    renews: AtomicBool,
    /// The beginning of the hour in which it was used last, in milliseconds.
    used: AtomicI64,
}

impl Directory {
    /// Learns the keys that are kept; one whose proof needs a key that the key file lost is told in the log.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn learn_keys(&self) -> Result<(), LedgerError> {
        let _changing = self.changing.lock().await;
        let kept: Vec<(String, Record)> = self.ledger.all(Kind::ApiKey).await?;
        let keys = self.keys.now();
        for (name, record) in &kept {
            let id = public(name);
            if keys.by_id(record.proof.under()).is_none() {
                let hint = "put its line back into the key file, or make another API key";
                tracing::warn!(api_key.id = id, key = record.proof.under(), hint, "an API key is void");
            }
        }
        let mut next = Present::clone(&self.present());
        next.known = kept.into_iter().map(|(name, record)| (public(&name), Known::new(record))).collect();
        self.present.store(Arc::new(next));
        Ok(())
    }

    /// Makes a key; the secret is in the answer and nowhere else.
    ///
    /// # Errors
    ///
    /// When there is no such application, or when the store fails.
    pub async fn new_key(&self, asked: NewApiKey) -> Result<(ApiKey, Secret), DirectoryError> {
        let _changing = self.changing.lock().await;
        let present = self.present();
        let keys = self.keys.now();
        let NewApiKey { scope, application, name, expires_at } = asked;
        if let Some(id) = application.as_deref().filter(|id| present.application(id).is_none()) {
            return Err(DirectoryError::NoApplication(id.to_owned()));
        }
        let MadeKey { id, key, proof } = MadeKey::new(&keys, &self.chance);
        let created_at = self.clock.now();
        let record = Record { scope, application, name, proof, created_at, expires_at, last_used_at: None };
        let (place, kept) = (place(record.proof.under(), &id), record.clone());
        let write = move |_: &View<'_>, _| {
            let mut changes = Changes::none();
            changes.put(place.clone(), &kept, Timestamp::MAX)?;
            Ok(changes.answer(()))
        };
        self.ledger.insist(Vec::new(), write).await?;
        let known = Known::new(record);
        let shown = known.shown(&id);
        let mut next = Present::clone(&present);
        next.known.insert(id, known);
        self.present.store(Arc::new(next));
        Ok((shown, key))
    }

    /// Every key that was made at run time, by when it was made.
    pub fn api_keys(&self) -> Vec<ApiKey> {
        let present = self.present();
        let mut shown: Vec<ApiKey> = present.known.iter().map(|(id, known)| known.shown(id)).collect();
        shown.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        shown
    }

    /// Revokes a key: the next request with it is refused.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or when the store fails.
    pub async fn revoke(&self, id: &str) -> Result<(), DirectoryError> {
        let _changing = self.changing.lock().await;
        let mut next = Present::clone(&self.present());
        let keys = self.keys.now();
        let known = next.known.remove(id).ok_or(DirectoryError::NoKey)?;
        let places = known.places(id, &keys);
        let write = move |_: &View<'_>, _: Timestamp| -> Result<Done<()>, Stop> {
            let mut changes = Changes::none();
            for place in &places {
                changes.remove(place.clone());
            }
            Ok(changes.answer(()))
        };
        self.ledger.insist(Vec::new(), write).await?;
        self.present.store(Arc::new(next));
        Ok(())
    }

    /// Who presents a key that was made at run time.
    pub(super) fn known(&self, present: &Present, presented: &str) -> Option<Caller> {
        let presented = Presented::read(presented)?;
        let known = present.known.get(presented.id);
        let keys = self.keys.now();
        let record = known.map(|known| known.record.load_full());
        if !presented.is(record.as_ref().map(|record| &record.proof), &keys) {
            return None;
        }
        let (known, record, now) = (known?, record?, self.clock.now());
        if record.expires_at.is_some_and(|end| end <= now) {
            return None;
        }
        let caller = match (record.scope, &record.application) {
            (Scope::Application, Some(id)) => Caller::Application(present.application(id)?),
            (Scope::Application, None) => return None,
            (Scope::Account, _) => Caller::Account,
            (Scope::Operator, _) => Caller::Operator,
        };
        let renews = record.proof.under() != keys.newest().id() && known.begins_to_renew();
        if known.uses(now) || renews {
            let proof = renews.then(|| presented.proof(&keys));
            note_use(&self.ledger, (keys, presented.id), known, proof);
        }
        Some(caller)
    }
}

/// Writes in a task of its own when a key was used last, and its proof under the newest key of the server, which nobody can
/// make but when it is presented; if that fails, the next hour or use tries again.
fn note_use(ledger: &Ledger, (keys, id): (Arc<Keys>, &str), known: &Arc<Known>, proof: Option<Proof>) {
    let Ok(runtime) = Handle::try_current() else { return };
    let (ledger, known, renews) = (ledger.clone(), Arc::clone(known), proof.is_some());
    let (used, places) = (known.last_used_at(), known.places(id, &keys));
    runtime.spawn(async move {
        let read = places.clone();
        let write = move |view: &View<'_>, _: Timestamp| -> Result<Done<Option<Record>>, Stop> {
            let mut changes = Changes::none();
            let found = view.read_all::<Record>(&places)?.into_iter().zip(&places);
            // It may have been revoked meanwhile, and must not come back.
            let Some((record, place)) = found.into_iter().find_map(|(found, place)| Some((found?, place)))
            else {
                return Ok(changes.answer(None));
            };
            let mut record = Record { last_used_at: used, ..record };
            let mut at = place;
            if let (Some(proof), Some(newest)) = (&proof, places.first()) {
                changes.remove(place.clone());
                (record.proof, at) = (proof.clone(), newest);
            }
            changes.put(at.clone(), &record, Timestamp::MAX)?;
            Ok(changes.answer(Some(record)))
        };
        let done = ledger.run(read, write).await;
        // Held until its names are of no use any more.
        drop(keys);
        match done {
            Ok(Some(record)) if renews => known.record.store(Arc::new(record)),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "when an API key was used is not kept"),
        }
        if renews {
            known.renews.store(false, Ordering::Relaxed);
        }
    });
}

/// The name of its record: the key of the server that its proof hangs on, and its public name.
fn place(under: &str, id: &str) -> Key {
    Key::new(Kind::ApiKey, format!("{under}.{id}"))
}

/// The public name in the name of a record.
fn public(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

impl Known {
    fn new(record: Record) -> Arc<Self> {
        let used = record.last_used_at.map_or(0, Timestamp::as_millisecond);
        let (used, renews) = (AtomicI64::new(used), AtomicBool::new(false));
        Arc::new(Self { record: ArcSwap::from_pointee(record), used, renews })
    }

    /// What it is good for.
    pub(super) fn scope(&self) -> Scope {
        self.record.load().scope
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.record.load().expires_at.is_some_and(|end| end <= now)
    }

    /// As whom it calls, if as one application.
    pub(super) fn application(&self) -> Option<String> {
        self.record.load().application.clone()
    }

    /// Every name that its record may have, the one under the newest key of the server first.
    pub(super) fn places(&self, id: &str, keys: &Keys) -> Vec<Key> {
        let record = self.record.load();
        let under = [record.proof.under()];
        let mut places: Vec<Key> = Vec::new();
        for under in keys.newest_first().map(crate::seal::Key::id).chain(under) {
            let place = place(under, id);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// Whether it is now for the caller to make its proof anew.
    fn begins_to_renew(&self) -> bool {
        !self.renews.swap(true, Ordering::Relaxed)
    }

    /// Notes that it is used now; whether it is the first time in this hour.
    fn uses(&self, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        let hour = now - now.rem_euclid(HOUR);
        self.used.swap(hour, Ordering::Relaxed) != hour
    }

    fn last_used_at(&self) -> Option<Timestamp> {
        let used = self.used.load(Ordering::Relaxed);
        (used != 0).then(|| millis(used))
    }

    fn shown(&self, id: &str) -> ApiKey {
        let Record { scope, application, name, created_at, expires_at, .. } =
            Record::clone(&self.record.load());
        let last_used_at = self.last_used_at();
        ApiKey { id: id.to_owned(), scope, application, name, created_at, expires_at, last_used_at }
    }
}

impl Scope {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Account => "account",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
