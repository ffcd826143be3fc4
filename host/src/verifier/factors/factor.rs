//! A factor that is there: shown, listed, verified, changed and forgotten.

use super::{FactorError, entity_names, factor_names, find, keep_entity, keep_factor, owned, secret};
use crate::{
    application::Application,
    factor::{Entity, Factor, FactorName, Identity, TotpChange},
    seal::{FactorId, Keys, Typed},
    store::{Changes, Done, Key, Stop, View},
    verifier::Verifier,
};
use jiff::Timestamp;
use std::sync::Arc;

/// What is to be changed of a factor; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What people call it.
    pub name: Option<FactorName>,
    /// How its codes are made.
    pub totp: TotpChange,
    /// A code of it, to verify it.
    pub typed: Option<Typed>,
}

/// What an entity has.
#[derive(Debug, Clone)]
pub struct Had {
    /// The entity.
    pub entity: Entity,
    /// Its factors, oldest first.
    pub factors: Vec<Factor>,
}

impl Verifier {
    /// The entity's factor of this name.
    ///
    /// # Errors
    ///
    /// When there is none, or when the store is busy.
    pub async fn factor(
        &self,
        application: &Application,
        identity: &Identity,
        id: FactorId,
    ) -> Result<Factor, FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, identity);
        let loaded = names.iter().cloned().chain(factor_names(&keys, &id)).collect();
        let keys = Arc::clone(&keys);
        let read = move |view: &View<'_>, _: Timestamp| -> Result<Done<Result<Factor, FactorError>>, Stop> {
            let Some((_, entity)) = find::<Entity>(view, &names)? else {
                return Ok(Changes::none().answer(Err(FactorError::NoEntity)));
            };
            let found = owned(view, &keys, &entity, &id)?;
            Ok(Changes::none().answer(found.map(|(_, factor)| factor)))
        };
        self.ledger.run(loaded, read).await?
    }

    /// The factors of an entity.
    ///
    /// # Errors
    ///
    /// When there is no such entity, or when the store is busy.
    pub async fn factors(&self, application: &Application, identity: &Identity) -> Result<Had, FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, identity);
        let (loaded, keys) = (names.clone(), Arc::clone(&keys));
        let read = move |view: &View<'_>, _: Timestamp| -> Result<Done<Result<Had, FactorError>>, Stop> {
            let Some((_, entity)) = find::<Entity>(view, &names)? else {
                return Ok(Changes::none().answer(Err(FactorError::NoEntity)));
            };
            let names: Vec<Key> = entity.factors.iter().flat_map(|id| factor_names(&keys, id)).collect();
            let factors = view.read_all::<Factor>(&names)?.into_iter().flatten().collect();
            Ok(Changes::none().answer(Ok(Had { entity, factors })))
        };
        self.ledger.run(loaded, read).await?
    }

    /// Changes a factor, and verifies it where a code comes with the change. With a wrong code nothing is changed but the
    /// tries that are left.
    ///
    /// # Errors
    ///
    /// When there is none, when the code is wrong or not judged, or when the store is busy.
    pub async fn change_factor(
        &self,
        application: &Application,
        identity: &Identity,
        id: FactorId,
        change: Change,
    ) -> Result<Factor, FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, identity);
        let loaded = names.iter().cloned().chain(factor_names(&keys, &id)).collect();
        let changing = Changing { keys: Arc::clone(&keys), names, id, change };
        self.ledger.run(loaded, move |view, now| changing.apply(view, now)).await?
    }

    /// Forgets a factor. Challenges of it that are pending stay so to their end.
    ///
    /// # Errors
    ///
    /// When there is none, or when the store is busy.
    pub async fn remove_factor(
        &self,
        application: &Application,
        identity: &Identity,
        id: FactorId,
    ) -> Result<(), FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, identity);
        let loaded = names.iter().cloned().chain(factor_names(&keys, &id)).collect();
        let keys = Arc::clone(&keys);
        let remove = move |view: &View<'_>, now: Timestamp| -> Result<Done<Result<(), FactorError>>, Stop> {
            let mut changes = Changes::none();
            let Some((name, mut entity)) = find::<Entity>(view, &names)? else {
                return Ok(changes.answer(Err(FactorError::NoEntity)));
            };
            let factor = match owned(view, &keys, &entity, &id)? {
                Ok((factor, _)) => factor,
                Err(missing) => return Ok(changes.answer(Err(missing))),
            };
            entity.forget(&id, now);
            keep_entity(&mut changes, name, &entity)?;
            changes.remove(factor);
            Ok(changes.answer(Ok(())))
        };
        self.ledger.run(loaded, remove).await?
    }
}

struct Changing {
    keys: Arc<Keys>,
    names: Vec<Key>,
    id: FactorId,
    change: Change,
}

impl Changing {
    fn apply(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Result<Factor, FactorError>>, Stop> {
        let mut changes = Changes::none();
        let Some((_, entity)) = find::<Entity>(view, &self.names)? else {
            return Ok(changes.answer(Err(FactorError::NoEntity)));
        };
        let (name, before) = match owned(view, &self.keys, &entity, &self.id)? {
            Ok(found) => found,
            Err(missing) => return Ok(changes.answer(Err(missing))),
        };
        let mut factor = before.clone();
        if let Some(called) = &self.change.name {
            factor.name = called.clone();
        }
        match factor.totp.changed(self.change.totp) {
            Ok(totp) => factor.set_totp(totp),
            Err(wrong) => return Ok(changes.answer(Err(wrong.into()))),
        }
        factor.updated_at = now;
        let verified = match &self.change.typed {
            None => Ok(true),
            Some(typed) => match secret(&self.keys, &name, &factor)? {
                Ok(secret) => factor.verify(&secret, typed, now).map_err(FactorError::from),
                Err(lost) => Err(lost),
            },
        };
        match verified {
            Ok(true) => {
                keep_factor(&mut changes, name, &factor)?;
                Ok(changes.answer(Ok(factor)))
            }
            Ok(false) => {
                keep_factor(&mut changes, name, &before.tried_as(&factor))?;
                Ok(changes.answer(Err(FactorError::Wrong)))
            }
            Err(refused) => Ok(changes.answer(Err(refused))),
        }
    }
}
