//! What is read outside of any job: on a connection of its own, so that no job waits for it.

use super::{Ledger, LedgerError, answered, desk::Item};
use crate::{
    clock::Clock,
    store::{
        Kind,
        sqlite::{Database, Filter, Found, Listed, listed},
    },
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};
use tokio::sync::{mpsc, oneshot};

/// Something to be read outside of any job.
pub(super) struct Question(pub(super) Box<dyn Asked>);

/// What a question does with the database.
pub(super) trait Asked: FnOnce(&Database, Timestamp) + Send {}

impl<F: FnOnce(&Database, Timestamp) + Send> Asked for F {}

impl Ledger {
    /// Every record of a kind with its id, in the order of ids: for kinds that an operator fills.
    ///
    /// # Errors
    ///
    /// When the store cannot be read. A record that cannot be opened is told in the log and left out: it spoils no other.
    pub async fn all<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(String, T)>, LedgerError> {
        let all = self.ask(move |database, now| Ok(database.all(kind, now)?)).await?;
        Ok(all
            .into_iter()
            .filter_map(|found| {
                let (id, said) = legible(found);
                Some((id, said?))
            })
            .collect())
    }

    /// The records that have these labels, with their ids, newest first; without what it says the id of one that cannot be
    /// opened, which is told in the log. One question looks at a bounded number of them, and says where the next one goes on.
    /// What is being written meanwhile may be missing.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn list<T: DeserializeOwned>(
        &self,
        filter: Filter,
    ) -> Result<Listed<(String, Option<T>)>, LedgerError> {
        let Listed { found, next } =
            self.ask(move |database, now| Ok(listed(database, &filter, now)?)).await?;
        Ok(Listed { found: found.into_iter().map(legible).collect(), next })
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Database, Timestamp) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (asker, answer) = oneshot::channel();
        let question = Question(Box::new(move |database, now| {
            // One question that panics is one question without an answer.
            let answer = catch_unwind(AssertUnwindSafe(|| question(database, now)));
            let answer = answer.unwrap_or(Err(LedgerError::Panicked));
            // What was read may have been committed a moment ago: nobody is told what a loss of power would undo.
            let answer = answer.and_then(|read| Ok(database.flush().map(|()| read)?));
            // Whoever asked may be gone.
            let _sent = asker.send(answer);
        }));
        let sent = match &self.questions {
            Some(reader) => reader.send(question).await.is_ok(),
            None => self.queue.send(Item::Question(question)).await.is_ok(),
        };
        if sent { answered(answer).await } else { Err(LedgerError::Closed) }
    }
}

/// The id of a record and what it says, if it can be opened and read.
fn legible<T: DeserializeOwned>((key, opened): Found) -> (String, Option<T>) {
    let damaged = || LedgerError::Damaged(key.clone());
    let read = opened
        .map_err(LedgerError::from)
        .and_then(|record| serde_json::from_slice(&record.json).map_err(|_| damaged()));
    if let Err(error) = &read {
        tracing::error!(%error, "a record is left out");
    }
    (key.id().to_owned(), read.ok())
}

/// Answers questions until every handle of the ledger is gone.
pub(super) fn answer(mut asked: mpsc::Receiver<Question>, reader: &Database, clock: &Clock) {
    while let Some(Question(question)) = asked.blocking_recv() {
        question(reader, clock.now());
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question")
    }
}
