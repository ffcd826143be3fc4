//! Has what stands under an older key of the server sealed anew, in pieces that no job waits long for.

use super::{Ledger, LedgerError, answered, desk::Item};
use crate::store::{
    Key, Kind,
    sqlite::{Stale, Walked},
};
use std::time::Duration;
use tokio::sync::oneshot;

/// How many records are looked at in one go, on the connection for questions where there is one.
const LOOKED: usize = 1_000;

/// How long the store is left to others between two pieces.
const REST: Duration = Duration::from_millis(20);

impl Ledger {
    /// Seals every record that is under an older key under the newest one; says how many they were. Can be ended at any
    /// moment and begun again.
    ///
    /// # Errors
    ///
    /// When the store does not do it; what was done stays done.
    pub async fn seal_anew(&self) -> Result<usize, LedgerError> {
        // What was begun under older keys is written before the first look.
        self.renew(Stale::default()).await?;
        let mut from = Some(Walked::default());
        let mut renewed = 0;
        while let Some(here) = from {
            let (stale, next) = self.ask(move |database, _| Ok(database.stale(here, LOOKED)?)).await?;
            if !stale.is_empty() {
                renewed += self.renew(stale).await?;
                // Real time: it is no rule, only room for others.
                tokio::time::sleep(REST).await;
            }
            from = next;
        }
        Ok(renewed)
    }

    /// The records of a kind that are named under an older key, after this name; at most this many.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn named_under_older(
        &self,
        kind: Kind,
        after: String,
        most: usize,
    ) -> Result<Vec<Key>, LedgerError> {
        self.ask(move |database, _| Ok(database.named_under_older(kind, &after, most)?)).await
    }

    /// Notes the keys of the server that records may hang on from now on.
    ///
    /// # Errors
    ///
    /// When the store does not keep it.
    pub async fn note_keys(&self, ids: Vec<String>) -> Result<(), LedgerError> {
        let (asker, answer) = oneshot::channel();
        self.queue.send(Item::Note(ids, asker)).await.map_err(|_| LedgerError::Closed)?;
        answered(answer).await
    }

    async fn renew(&self, stale: Stale) -> Result<usize, LedgerError> {
        let (asker, answer) = oneshot::channel();
        self.queue.send(Item::Renew(stale, asker)).await.map_err(|_| LedgerError::Closed)?;
        answered(answer).await
    }
}
