//! The same answer again for the same request: a record of the store, written with the effect itself.

use super::{Started, Verifier, VerifyError};
use crate::{
    application::Application,
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
    /// The record's name under each key of the server, newest first: callers make keys of phone numbers.
    records: Vec<Key>,
    /// The request's fingerprint under each key of the server, newest first: a plain hash would give codes away.
    fingerprints: Vec<Fingerprint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fingerprint {
    key: String,
    hmac: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
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
        let name = |key: &crate::seal::Key| key.name(&["idempotency key", application, &idempotency.key]);
        Self {
            records: keys.newest_first().map(|key| Key::new(Kind::Idempotency, name(key))).collect(),
            fingerprints: keys.newest_first().map(fingerprint).collect(),
        }
    }

    /// The record to load: the one that an answer is remembered in.
    pub(super) fn key(&self) -> Key {
        self.records.first().cloned().unwrap_or_else(|| Key::new(Kind::Idempotency, ""))
    }

    /// The answer that this request got before, if it was made; an error if the key named another request.
    pub(super) fn recall<T: DeserializeOwned>(
        &self,
        view: &View<'_>,
    ) -> Result<Option<Result<T, VerifyError>>, Stop> {
        let found = view.read_all::<Remembered>(&self.records)?;
        let Some(remembered) = found.into_iter().flatten().next() else { return Ok(None) };
        if !self.fingerprints.contains(&remembered.of) {
            return Ok(Some(Err(VerifyError::KeyReused)));
        }
        let answer = serde_json::from_value(remembered.answer).map_err(|_| Stop::Damaged(self.key()))?;
        Ok(Some(Ok(answer)))
    }

    /// Remembers an answer that had an effect.
    pub(super) fn remember<T: Serialize>(
        &self,
        changes: &mut Changes,
        answer: &T,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let damaged = || Stop::Damaged(self.key());
        let of = self.fingerprints.first().cloned().ok_or_else(damaged)?;
        let answer = serde_json::to_value(answer).map_err(|_| damaged())?;
        changes.put(self.key(), &Remembered { of, answer }, after(now, KEPT))
    }
}

impl Verifier {
    /// What a start of this name and request came to before, if it was made: for one that cannot be begun any more.
    ///
    /// # Errors
    ///
    /// When the idempotency key named another request, or when the store is busy.
    pub async fn started_before(
        &self,
        application: &Application,
        idempotency: &Idempotency,
    ) -> Result<Option<Started>, VerifyError> {
        let keys = self.keys.now();
        recall(&self.ledger, Some(&Memo::new(&keys, &application.id, idempotency))).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, millis},
        seal::{Chance, keys_of},
        store::in_memory,
    };

    fn memo(keys: &Keys, key: &str) -> Memo {
        let request = Zeroizing::new("POST /x\n{}".to_owned());
        Memo::new(keys, "web", &Idempotency { key: key.to_owned(), request })
    }

    #[test]
    fn the_name_of_a_record_tells_nothing_of_the_callers_key() {
        let keys = Keys::ephemeral(&Chance::seeded(1)).unwrap();
        let named = memo(&keys, "login-+447700900123").key();
        assert!(!named.id().contains("447700900123") && !named.id().contains("web"), "{named:?}");
        assert_ne!(named, memo(&keys, "login-+447700900124").key());
    }

    #[tokio::test]
    async fn an_answer_is_found_again_after_a_newer_key_of_the_server_came() {
        let (old, both) = (keys_of(&[("a", 1)]), keys_of(&[("a", 1), ("b", 2)]));
        let ledger = in_memory(ManualClock::at(millis(0)).clock());
        let before = memo(&old, "a");
        let remember = move |_: &View<'_>, now| {
            let mut changes = Changes::none();
            before.remember(&mut changes, &7, now)?;
            Ok(changes.answer(()))
        };
        ledger.run(Vec::new(), remember).await.unwrap();
        assert_eq!(recall::<u32>(&ledger, Some(&memo(&both, "a"))).await.unwrap(), Some(7));
        assert_eq!(recall::<u32>(&ledger, Some(&memo(&both, "b"))).await.unwrap(), None);
    }
}
