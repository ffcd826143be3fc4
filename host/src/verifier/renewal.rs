//! Has everything that hangs on an older key of the server made anew under the newest, as far as the server can.
//!
//! It can seal all records anew, and name members, entities, factors and counts of wrong codes, which may stay for ever, with the
//! secrets of factors sealed anew. The rest ends: a code
//! with its verification, a limit's window with its span, a remembered answer after a day. An API key's proof is made anew
//! when the key is used.

use super::{Verifier, factors, limits, members};
use crate::{
    seal::{Chance, Keys},
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
        for kind in [Kind::Member, Kind::Entity, Kind::Factor, Kind::Limit] {
            let mut after = String::new();
            loop {
                let found = self.ledger.named_under_older(kind, after, PIECE).await?;
                let Some(last) = found.last() else { break };
                after = last.id().to_owned();
                let (keys, chance, announced) = (Arc::clone(&keys), self.chance.clone(), found.clone());
                let anew = move |view: &View<'_>, _: Timestamp| name_anew(view, &keys, &chance, kind, &found);
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

/// What becomes of a record.
struct Move {
    name: Key,
    record: Value,
    application: Option<String>,
}

/// Gives these records their names under the newest key, but none that something else has; says how many.
fn name_anew(
    view: &View<'_>,
    keys: &Keys,
    chance: &Chance,
    kind: Kind,
    found: &[Key],
) -> Result<Done<usize>, Stop> {
    let mut moves = Vec::new();
    for old in found {
        let moved = match kind {
            Kind::Member => {
                members::name_anew(view, keys, old)?.map(|(name, owner)| (name, None, Some(owner)))
            }
            Kind::Entity => factors::entity_anew(view, keys, old)?
                .map(|(name, entity)| (name, None, Some(entity.application))),
            Kind::Factor => match factors::factor_anew(view, keys, chance, old)? {
                Some((name, factor)) => {
                    let record = serde_json::to_value(&factor).map_err(|_| Stop::Damaged(old.clone()))?;
                    Some((name, Some(record), Some(factor.application)))
                }
                None => None,
            },
            _ => limits::name_anew(view, keys, old)?.map(|name| (name, None, None)),
        };
        let Some((name, record, application)) = moved else { continue };
        // Everything but a factor is as it was.
        let Some(record) = record.map_or_else(|| view.read::<Value>(old), |record| Ok(Some(record)))? else {
            continue;
        };
        moves.push((old, Move { name, record, application }));
    }
    // Loads what is missing in one go.
    let names: Vec<Key> = moves.iter().map(|(_, moved)| moved.name.clone()).collect();
    view.read_all::<Value>(&names)?;
    let mut changes = Changes::none();
    let mut named = 0;
    for (old, Move { name, record, application }) in moves {
        let is_taken = view.read::<Value>(&name)?.is_some();
        let (Some(keep_until), false) = (view.keep_until(old), is_taken) else { continue };
        changes.remove(old.clone());
        changes.put_labeled(name, &record, Labels { application, ..Labels::until(keep_until) })?;
        named += 1;
    }
    Ok(changes.answer(named))
}
