//! What goes with an application that was made at run time: whoever it stored, and what it asked of them.

use super::Directory;
use crate::{
    store::{Changes, Done, Filter, Key, Kind, LedgerError, Listed, Stop, View},
    verifier::count::{self, Counted},
};
use jiff::Timestamp;
use serde::de::IgnoredAny;

/// How many records are forgotten in one job.
const PIECE: usize = 256;

/// What is forgotten, and how it is counted.
const FORGOTTEN: [(Kind, Option<Counted>); 4] = [
    (Kind::Challenge, None),
    (Kind::Factor, None),
    (Kind::Entity, Some(Counted::Entities)),
    (Kind::Member, Some(Counted::Members)),
];

impl Directory {
    /// Forgets the members that an application stored, and its entities with their factors.
    pub(super) async fn forget_all(&self, application: &str) -> Result<(), LedgerError> {
        for (kind, counted) in FORGOTTEN {
            self.forget(application, kind, counted).await?;
        }
        Ok(())
    }

    async fn forget(
        &self,
        application: &str,
        kind: Kind,
        counted: Option<Counted>,
    ) -> Result<(), LedgerError> {
        let mut before = None;
        loop {
            let these = Filter {
                application: Some(application.to_owned()),
                before: before.take(),
                ..Filter::of(kind, PIECE)
            };
            let Listed { found, next } = self.ledger.list::<IgnoredAny>(these).await?;
            if found.is_empty() {
                // All that was looked at was over already.
                let Some(next) = next else { return Ok(()) };
                before = Some(next);
                continue;
            }
            // What cannot be opened is removed unread: it spoils no other.
            let (gone, lost): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, opened)| opened.is_some());
            let [gone, lost]: [Vec<Key>; 2] =
                [gone, lost].map(|found| found.into_iter().map(|(name, _)| Key::new(kind, name)).collect());
            let owner = application.to_owned();
            let count = counted.map(|counted| count::key(counted, application));
            let loaded = gone.iter().cloned().chain(count).collect();
            let write = move |view: &View<'_>, _: Timestamp| -> Result<Done<()>, Stop> {
                let mut changes = Changes::none();
                // Some may have gone, or got another name, since they were listed.
                let there = view.read_all::<IgnoredAny>(&gone)?.into_iter().zip(&gone);
                let there: Vec<&Key> = there.filter_map(|(found, key)| found.map(|_| key)).collect();
                if let Some(counted) = counted {
                    let gone = u32::try_from(there.len() + lost.len()).unwrap_or(0);
                    let left = count::read(view, counted, &owner)?.saturating_sub(gone);
                    count::keep(&mut changes, counted, &owner, left)?;
                }
                for record in there.into_iter().chain(&lost) {
                    changes.remove(record.clone());
                }
                Ok(changes.answer(()))
            };
            self.ledger.insist(loaded, write).await?;
        }
    }
}
