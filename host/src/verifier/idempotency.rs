//! The same answer again for the same request: a record of the store, written with the effect itself.

use super::VerifyError;
use crate::{
    clock::after,
    seal::Keys,
    store::{Changes, Key, Kind, Ledger, LedgerError, Stop, View},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, time::Duration};
use zeroize::Zeroizing;

/// How long an answer is given again.
const KEPT: Duration = Duration::from_hours(24);

/// The caller's own name for a request, with the request itself to tell another one apart.
///
/// `Debug` shows neither: the request of a check holds a code.
#[derive(Clone)]
pub struct Idempotency {
    /// The caller's name for it, from the header `Idempotency-Key`.
    pub key: String,
    /// The operation and the request, in one canonical text.
    pub request: Zeroizing<String>,
}

/// An idempotency key, ready to be looked up in a job.
#[derive(Debug, Clone)]
pub(super) struct Memo {
    record: Key,
    /// The request's fingerprint under each key of the server, newest first: a plain hash would give codes away.
    fingerprints: Vec<Fingerprint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fingerprint {
    key: String,
    hmac: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    of: Fingerprint,
    answer: serde_json::Value,
}

impl Memo {
    pub(super) fn new(keys: &Keys, application: &str, idempotency: &Idempotency) -> Self {
        let fingerprint = |key: &crate::seal::Key| Fingerprint {
            key: key.id().to_owned(),
            hmac: key.index(&["idempotency", application, &idempotency.request]),
        };
        let id = format!("{application}/{}", idempotency.key);
        Self {
            record: Key::new(Kind::Idempotency, id),
            fingerprints: keys.newest_first().map(fingerprint).collect(),
        }
    }

    /// The record to load.
    pub(super) fn key(&self) -> Key {
        self.record.clone()
    }

    /// The answer that this request got before, if it was made; an error if the key named another request.
    pub(super) fn recall<T: DeserializeOwned>(
        &self,
        view: &View<'_>,
    ) -> Result<Option<Result<T, VerifyError>>, Stop> {
        let Some(remembered) = view.read::<Remembered>(&self.record)? else { return Ok(None) };
        if !self.fingerprints.contains(&remembered.of) {
            return Ok(Some(Err(VerifyError::KeyReused)));
        }
        let answer =
            serde_json::from_value(remembered.answer).map_err(|_| Stop::Damaged(self.record.clone()))?;
        Ok(Some(Ok(answer)))
    }

    /// Remembers an answer that had an effect.
    pub(super) fn remember<T: Serialize>(
        &self,
        changes: &mut Changes,
        answer: &T,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let damaged = || Stop::Damaged(self.record.clone());
        let of = self.fingerprints.first().cloned().ok_or_else(damaged)?;
        let answer = serde_json::to_value(answer).map_err(|_| damaged())?;
        changes.put(self.record.clone(), &Remembered { of, answer }, after(now, KEPT))
    }
}

/// The answer that this request got before, if it was made: asked before anything that may have changed meanwhile.
pub(super) async fn recall<T: DeserializeOwned + Send + 'static>(
    ledger: &Ledger,
    memo: Option<&Memo>,
) -> Result<Option<T>, VerifyError> {
    let Some(memo) = memo.cloned() else { return Ok(None) };
    let recalled: Result<Option<Result<T, VerifyError>>, LedgerError> =
        ledger.run(vec![memo.key()], move |view, _| Ok(Changes::none().answer(memo.recall(view)?))).await;
    recalled?.transpose()
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Idempotency(***)")
    }
}
