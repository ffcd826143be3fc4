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
    /// When the file cannot be read, lacks a key that the server works with, or the store fails: then nothing is changed.
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
async fn has_ended(keys: Arc<Keys>, ledger: &Ledger) -> Result<(), LedgerError> {
    while Arc::strong_count(&keys) > 1 {
        tokio::time::sleep(PAUSE).await;
    }
    // Whoever gave up waiting may have left something in the queue.
    ledger.insist(Vec::new(), |_, _| Ok(Changes::none().answer(()))).await
}
