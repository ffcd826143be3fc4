//! What the factors of an entity used of the limits of wrong codes, as operators see it, and how they are freed.

use super::{entity_names, factor_names, find, keep_factor, owned};
use crate::{
    factor::{Entity, Factor, Identity},
    limit::{Failures, Guessing, Standing},
    seal::Keys,
    store::{Changes, Key, Stop, View},
};
use jiff::Timestamp;
use std::sync::Arc;

const FACTOR: [&str; 2] = ["failed_checks_per_factor", "failed_checks_in_a_row_per_factor"];

/// Where the factors of an entity are found.
pub(in crate::verifier) struct Factors {
    keys: Arc<Keys>,
    names: Vec<Key>,
}

impl Factors {
    pub(in crate::verifier) fn new(keys: &Arc<Keys>, application: &str, identity: &Identity) -> Self {
        Self { keys: Arc::clone(keys), names: entity_names(keys, application, identity) }
    }

    /// Of each limit as much as the factor used that used most.
    pub(in crate::verifier) fn standings(
        &self,
        view: &View<'_>,
        rules: Guessing,
        now: Timestamp,
    ) -> Result<Vec<Standing>, Stop> {
        let mut most: Vec<Standing> = Failures::default().standings(FACTOR, rules, now).collect();
        for (_, factor) in self.read(view)? {
            for (most, of_factor) in most.iter_mut().zip(factor.wrong().standings(FACTOR, rules, now)) {
                if (of_factor.used, of_factor.reset) > (most.used, most.reset) {
                    *most = of_factor;
                }
            }
        }
        Ok(most)
    }

    /// Forgets the wrong codes of every factor.
    pub(in crate::verifier) fn free(&self, view: &View<'_>, changes: &mut Changes) -> Result<(), Stop> {
        for (name, mut factor) in self.read(view)? {
            factor.free();
            keep_factor(changes, name, &factor)?;
        }
        Ok(())
    }

    /// None where there is no such entity, as of a member who is not stored.
    fn read(&self, view: &View<'_>) -> Result<Vec<(Key, Factor)>, Stop> {
        let Some((_, entity)) = find::<Entity>(view, &self.names)? else { return Ok(Vec::new()) };
        let all: Vec<Key> = entity.factors.iter().flat_map(|id| factor_names(&self.keys, id)).collect();
        // Loads what is missing in one go.
        view.read_all::<Factor>(&all)?;
        let mut found = Vec::new();
        for id in &entity.factors {
            found.extend(owned(view, &self.keys, &entity, id)?.ok());
        }
        Ok(found)
    }
}
