//! Has everything that hangs on an older key of the server made anew under the newest, as far as the server can.
//!
//! It can seal all records anew, and name members and counts of wrong codes, which may stay for ever. The rest ends: a code
//! with its verification, a limit's window with its span, a remembered answer after a day. An API key's proof is made anew
//! when the key is used.

use super::{Verifier, limits, members};
use crate::{
    seal::Keys,
    store::{Changes, Done, Key, Kind, Labels, LedgerError, Stop, View},
};
use jiff::Timestamp;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// How many records are named anew in one job.
const PIECE: usize = 100;

/// How long the store is left to others between two pieces.
const REST: Duration = Duration::from_millis(20);

/// What was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// How many records were given another name.
    pub named: usize,
    /// How many more were sealed anew.
    pub sealed: usize,
}

impl Verifier {
    /// Makes anew under the newest key of the server what can be, in pieces that nobody waits long for. It can be ended
    /// at any moment and begun again: each piece is done wholly or not at all.
    ///
    /// # Errors
    ///
    /// When the store does not do it.
    pub async fn renew(&self) -> Result<Renewed, LedgerError> {
        let keys = self.keys.now();
        if keys.older().next().is_none() {
            return Ok(Renewed { named: 0, sealed: 0 });
        }
        let mut named = 0;
        for kind in [Kind::Member, Kind::Limit] {
            let mut after = String::new();
            loop {
                let found = self.ledger.named_under_older(kind, after, PIECE).await?;
                let Some(last) = found.last() else { break };
                after = last.id().to_owned();
                let (keys, announced) = (Arc::clone(&keys), found.clone());
                let anew = move |view: &View<'_>, _: Timestamp| name_anew(view, &keys, kind, &found);
                let renewed = self.ledger.insist(announced, anew).await?;
                named += renewed;
                if renewed > 0 {
                    // Real time: it is no rule, only room for others.
                    tokio::time::sleep(REST).await;
                }
            }
        }
        Ok(Renewed { named, sealed: self.ledger.seal_anew().await? })
    }
}

/// Gives these records their names under the newest key, but none that something else has; says how many.
fn name_anew(view: &View<'_>, keys: &Keys, kind: Kind, found: &[Key]) -> Result<Done<usize>, Stop> {
    let mut moves = Vec::new();
    for old in found {
        let target = match kind {
            Kind::Member => members::name_anew(view, keys, old)?.map(|(new, owner)| (new, Some(owner))),
            _ => limits::name_anew(view, keys, old)?.map(|new| (new, None)),
        };
        moves.extend(target.map(|(new, owner)| (old, new, owner)));
    }
    // Loads what is missing in one go.
    let new: Vec<Key> = moves.iter().map(|(_, new, _)| new.clone()).collect();
    view.read_all::<Value>(&new)?;
    let mut changes = Changes::none();
    let mut named = 0;
    for (old, new, application) in moves {
        let (record, is_taken) = (view.read::<Value>(old)?, view.read::<Value>(&new)?.is_some());
        let (Some(record), Some(keep_until), false) = (record, view.keep_until(old), is_taken) else {
            continue;
        };
        changes.remove(old.clone());
        changes.put_labeled(new, &record, Labels { application, ..Labels::until(keep_until) })?;
        named += 1;
    }
    Ok(changes.answer(named))
}
