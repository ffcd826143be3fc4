//! Gives a server that runs a key that was added to the key file, without anything being counted or found twice meanwhile.

use super::{Live, renew};
use crate::{
    seal::{Chance, KeyFileError, KeyRing, Keys, NotTaken, Taking},
    store::{Changes, Ledger, LedgerError},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How often is looked whether requests under way have ended.
const PAUSE: Duration = Duration::from_millis(50);

/// After what time a store that refused is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// The keys of a server, and where they come from.
#[derive(Debug, Clone)]
pub(super) struct KeyHold {
    pub(super) file: PathBuf,
    pub(super) ring: KeyRing,
    pub(super) ledger: Ledger,
    /// Held while a key is taken.
    pub(super) taking: Arc<Mutex<()>>,
}

/// Why no key was taken.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read as it is.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// It does not fit to what the server works with.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The store did not take note.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl Live {
    /// Takes a key that was added to the key file; its id, if there is one.
    ///
    /// At first it is searched under only, while what was begun before ends; then everything is made under it, and what
    /// hangs on older ones is made anew in the background.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, lacks a key that the server works with, or the store does not take note: then
    /// nothing is changed. Once it has taken note a store that fails is waited for, and only its end is an error.
    pub async fn take_keys(&self) -> Result<Option<String>, KeysError> {
        let KeyHold { file, ring, ledger, taking } = &self.keys;
        let _taking = taking.lock().await;
        if !file.exists() {
            return Err(KeyFileError::Missing(file.clone()).into());
        }
        let now = ring.now();
        let Some(Taking { searched, taken }) =
            now.becomes(&Keys::open_or_create(file, &Chance::system())?)?
        else {
            return Ok(None);
        };
        drop(now);
        let newest = taken.newest().id().to_owned();
        // Before anything is made under them.
        ledger.note_keys(taken.newest_first().map(|key| key.id().to_owned()).collect()).await?;
        let before = ring.swap(searched);
        has_ended(before, ledger).await?;
        let before = ring.swap(taken);
        has_ended(before, ledger).await?;
        drop(tokio::spawn(renew(Arc::clone(&self.face))));
        Ok(Some(newest))
    }
}

/// Waits until nobody works with these keys any more: no use case holds them, and what it asked of the store is done.
///
/// Halfway there is no way back: what the store refuses, such as while another program keeps it locked, is asked again
/// until it is done or the ledger is closed.
async fn has_ended(keys: Arc<Keys>, ledger: &Ledger) -> Result<(), LedgerError> {
    while Arc::strong_count(&keys) > 1 {
        tokio::time::sleep(PAUSE).await;
    }
    // Whoever gave up waiting may have left something in the queue.
    while let Err(error) = ledger.insist(Vec::new(), |_, _| Ok(Changes::none().answer(()))).await {
        if matches!(error, LedgerError::Closed) {
            return Err(error);
        }
        tracing::warn!(%error, "a new key waits for the store");
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, millis},
        metrics::Metrics,
        seal::keys_of,
        store::LedgerParts,
    };

    #[tokio::test]
    async fn a_store_that_refuses_is_asked_again_until_it_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.db");
        let clock = ManualClock::at(millis(0)).clock();
        let keys = Arc::new(keys_of(&[("a", 1)]));
        let parts = LedgerParts {
            keys: Arc::clone(&keys).into(),
            chance: Chance::system(),
            metrics: Arc::new(Metrics::new(clock.now())),
            clock,
        };
        let ledger = Ledger::open(&path, parts).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let before = Arc::new(keys_of(&[("a", 1)]));
        let (ended, ()) = tokio::join!(has_ended(before, &ledger), async {
            while ledger.fault().is_none() {
                tokio::time::sleep(PAUSE).await;
            }
            other.execute_batch("ROLLBACK").unwrap();
        });
        ended.unwrap();
        ledger.close().await.unwrap();
        let closed = has_ended(keys_of(&[("a", 1)]).into(), &ledger).await;
        assert!(matches!(closed, Err(LedgerError::Closed)), "{closed:?}");
    }
}
