//! Whoever has factors: made, shown, listed and forgotten with all that is theirs.

use super::{FactorError, entity_names, factor_names, find, keep_entity};
use crate::{
    application::Application,
    factor::{Entity, Identity},
    seal::EntityId,
    store::{Changes, Done, Filter, Key, Kind, LedgerError, Listed, Stop, View},
    verifier::{
        Page, Verifier,
        count::{self, Counted},
    },
};
use jiff::Timestamp;
use serde::de::IgnoredAny;
use std::sync::Arc;

/// How many questions are asked of the store before a part of a list is answered with what it has.
const QUESTIONS: usize = 10;

/// How many challenges are forgotten in one job.
const PIECE: usize = 256;

impl Verifier {
    /// Makes an entity without factors.
    ///
    /// # Errors
    ///
    /// When there is one of this identity, when it is one more than the application may have, or when the store is busy.
    pub async fn make_entity(
        &self,
        application: &Application,
        identity: Identity,
    ) -> Result<Entity, FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, &identity);
        let (owner, most) = (application.id.clone(), application.limits.members);
        let id = EntityId::new(self.clock.now(), &self.chance);
        let loaded = names.iter().cloned().chain([count::key(Counted::Entities, &owner)]).collect();
        let make = move |view: &View<'_>, now| -> Result<Done<Result<Entity, FactorError>>, Stop> {
            let mut changes = Changes::none();
            if find::<Entity>(view, &names)?.is_some() {
                return Ok(changes.answer(Err(FactorError::EntityExists)));
            }
            let entity = Entity::new(id.clone(), owner.clone(), identity.clone(), now);
            if let Err(full) = count_one(view, &mut changes, &owner, most)? {
                return Ok(Changes::none().answer(Err(full)));
            }
            if let Some(name) = names.first() {
                keep_entity(&mut changes, name.clone(), &entity)?;
            }
            Ok(changes.answer(Ok(entity)))
        };
        self.ledger.run(loaded, make).await?
    }

    /// The application's entity of this identity.
    ///
    /// # Errors
    ///
    /// When it has none, or when the store is busy.
    pub async fn entity(
        &self,
        application: &Application,
        identity: &Identity,
    ) -> Result<Entity, FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, identity);
        let loaded = names.clone();
        let read = move |view: &View<'_>, _| Ok(Changes::none().answer(find::<Entity>(view, &names)?));
        let found = self.ledger.run(loaded, read).await?;
        found.map(|(_, entity)| entity).ok_or(FactorError::NoEntity)
    }

    /// The application's entities, in an order that means nothing.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn entities(
        &self,
        application: &Application,
        after: Option<String>,
        most: usize,
    ) -> Result<Page<Entity>, FactorError> {
        let (at, mut before, mut items) = (self.clock.now(), after, Vec::new());
        for _ in 0..QUESTIONS {
            let filter = Filter {
                application: Some(application.id.clone()),
                before,
                ..Filter::of(Kind::Entity, most - items.len())
            };
            let Listed { found, next } = self.ledger.list::<Entity>(filter).await?;
            // One that cannot be opened was told in the log, and spoils no other.
            items.extend(found.into_iter().filter_map(|(_, entity)| entity));
            before = next;
            if before.is_none() || items.len() >= most {
                break;
            }
        }
        Ok(Page { items, next: before, at })
    }

    /// Forgets an entity, its factors and its challenges.
    ///
    /// # Errors
    ///
    /// When there is none, or when the store is busy.
    pub async fn remove_entity(
        &self,
        application: &Application,
        identity: &Identity,
    ) -> Result<(), FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, identity);
        let owner = application.id.clone();
        let loaded = names.iter().cloned().chain([count::key(Counted::Entities, &owner)]).collect();
        let all_keys = Arc::clone(&keys);
        let remove = move |view: &View<'_>, _: Timestamp| -> Result<Done<Option<Entity>>, Stop> {
            let mut changes = Changes::none();
            let Some((name, entity)) = find::<Entity>(view, &names)? else {
                return Ok(changes.answer(None));
            };
            changes.remove(name);
            // What cannot be opened is removed unread.
            let factors = entity.factors.iter().flat_map(|id| factor_names(&all_keys, id));
            factors.for_each(|factor| changes.remove(factor));
            let left = count::read(view, Counted::Entities, &owner)?.saturating_sub(1);
            count::keep(&mut changes, Counted::Entities, &owner, left)?;
            Ok(changes.answer(Some(entity)))
        };
        let entity = self.ledger.run(loaded, remove).await?.ok_or(FactorError::NoEntity)?;
        // Nobody finds them any more; what is left of them by an end of the server goes within a day.
        Ok(self.forget_challenges(&entity.id).await?)
    }

    async fn forget_challenges(&self, entity: &EntityId) -> Result<(), LedgerError> {
        let mut before = None;
        loop {
            let person = vec![entity.as_str().to_owned()];
            let theirs = Filter { before, person, ..Filter::of(Kind::Challenge, PIECE) };
            let Listed { found, next } = self.ledger.list::<IgnoredAny>(theirs).await?;
            let gone: Vec<Key> = found.into_iter().map(|(id, _)| Key::new(Kind::Challenge, id)).collect();
            let write = move |_: &View<'_>, _: Timestamp| -> Result<Done<()>, Stop> {
                let mut changes = Changes::none();
                for key in &gone {
                    changes.remove(key.clone());
                }
                Ok(changes.answer(()))
            };
            self.ledger.insist(Vec::new(), write).await?;
            if next.is_none() {
                return Ok(());
            }
            before = next;
        }
    }
}

/// Counts one more entity of an application, if it may have one.
pub(super) fn count_one(
    view: &View<'_>,
    changes: &mut Changes,
    application: &str,
    most: Option<u32>,
) -> Result<Result<(), FactorError>, Stop> {
    let before = count::read(view, Counted::Entities, application)?;
    if let Some(most) = most.filter(|most| before >= *most) {
        return Ok(Err(FactorError::Full(most)));
    }
    count::keep(changes, Counted::Entities, application, before.saturating_add(1))?;
    Ok(Ok(()))
}
