//! Enrolling an authenticator app: its secret is told once, in the answer.

use super::{FactorError, entities::count_one, entity_names, factor_names, find, keep_entity, keep_factor};
use crate::{
    application::Application,
    factor::{Entity, Factor, Identity, NewFactor},
    seal::{EntityId, FactorId, Keys, Sealed, SharedSecret},
    store::{Changes, Done, Key, Stop, View},
    verifier::{
        Verifier,
        count::{self, Counted},
    },
};
use jiff::Timestamp;
use std::{collections::BTreeSet, sync::Arc};

/// A factor that was made.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The factor; it waits for its first code.
    pub factor: Factor,
    /// Its secret: it is in no other answer.
    pub secret: SharedSecret,
}

struct Enrolling {
    keys: Arc<Keys>,
    application: String,
    most_entities: Option<u32>,
    identity: Identity,
    names: Vec<Key>,
    fresh: EntityId,
    id: FactorId,
    new: NewFactor,
    sealed: Sealed,
}

impl Verifier {
    /// Makes a factor, and its entity where there is none of this identity.
    ///
    /// # Errors
    ///
    /// When entity or application have as many as they may, or when the store is busy.
    pub async fn make_factor(
        &self,
        application: &Application,
        identity: Identity,
        mut new: NewFactor,
    ) -> Result<Enrolled, FactorError> {
        let (keys, now) = (self.keys.now(), self.clock.now());
        let (fresh, id) = (EntityId::new(now, &self.chance), FactorId::new(now, &self.chance));
        let secret = new.secret.take().unwrap_or_else(|| SharedSecret::new(&self.chance));
        let names = entity_names(&keys, &application.id, &identity);
        let loaded = names.iter().cloned().chain([count::key(Counted::Entities, &application.id)]).collect();
        let enrolling = Enrolling {
            sealed: keys.seal_secret(&id, &secret, &self.chance),
            keys,
            application: application.id.clone(),
            most_entities: application.limits.members,
            identity,
            names,
            fresh,
            id,
            new,
        };
        let made = self.ledger.run(loaded, move |view, now| enrolling.apply(view, now)).await?;
        made.map(|factor| Enrolled { factor, secret })
    }
}

impl Enrolling {
    fn apply(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Result<Factor, FactorError>>, Stop> {
        let mut changes = Changes::none();
        let refused = |error: FactorError| Ok(Changes::none().answer(Err(error)));
        let found = find::<Entity>(view, &self.names)?;
        let (name, mut entity) = match (found, self.names.first()) {
            (Some((name, mut entity)), _) => {
                self.forget_given_up(view, &mut entity)?;
                (name, entity)
            }
            (None, Some(name)) => {
                if let Err(full) = count_one(view, &mut changes, &self.application, self.most_entities)? {
                    return refused(full);
                }
                let (fresh, owner) = (self.fresh.clone(), self.application.clone());
                (name.clone(), Entity::new(fresh, owner, self.identity.clone(), now))
            }
            // A server has a key.
            (None, None) => return refused(FactorError::NoEntity),
        };
        if let Err(no_room) = entity.admit(self.id.clone(), now) {
            return refused(no_room.into());
        }
        let factor = Factor::new(self.id.clone(), &entity, self.new.clone(), self.sealed.clone(), now);
        keep_entity(&mut changes, name, &entity)?;
        // Under the newest name, as its secret is sealed under the newest key.
        if let Some(name) = factor_names(&self.keys, &self.id).into_iter().next() {
            keep_factor(&mut changes, name, &factor)?;
        }
        Ok(changes.answer(Ok(factor)))
    }

    /// Strikes those off that were never verified and are gone.
    fn forget_given_up(&self, view: &View<'_>, entity: &mut Entity) -> Result<(), Stop> {
        let names: Vec<Key> = entity.factors.iter().flat_map(|id| factor_names(&self.keys, id)).collect();
        let there: BTreeSet<FactorId> =
            view.read_all::<Factor>(&names)?.into_iter().flatten().map(|factor| factor.id).collect();
        entity.factors.retain(|id| there.contains(id));
        Ok(())
    }
}
