//! Challenges: a factor is asked for a code, answered at once or later, once.

use super::{FactorError, entity_names, factor_names, find, keep_factor, owned, secret};
use crate::{
    application::Application,
    factor::{Challenge, ChallengeStatus, Entity, Factor, Identity, Metadata, NewChallenge},
    limit::Guessing,
    seal::{ChallengeId, FactorId, Keys, Typed},
    store::{Changes, Done, Filter, Key, Kind, Labels, Listed, Stop, View},
    verifier::{Page, Verifier},
};
use jiff::Timestamp;
use std::sync::Arc;

/// How many questions are asked of the store before a page is answered with what it has.
const QUESTIONS: usize = 10;

/// A challenge as it stands.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The challenge.
    pub challenge: Challenge,
    /// When that was.
    pub at: Timestamp,
}

/// Which challenges of an entity are asked for.
#[derive(Debug, Clone, Default)]
pub struct WantedChallenges {
    /// Only those of this factor.
    pub factor: Option<FactorId>,
    /// Only those that stand here.
    pub status: Option<ChallengeStatus>,
    /// Newest first, instead of oldest.
    pub newest_first: bool,
    /// Only what follows the one of this id: the last of the part before.
    pub after: Option<String>,
    /// How many at most.
    pub most: usize,
}

/// What a code answers, as it is judged in a job.
struct Judging {
    keys: Arc<Keys>,
    names: Vec<Key>,
    rules: Guessing,
    typed: Option<Typed>,
}

impl Verifier {
    /// Challenges a verified factor, and answers it at once where a code is there already.
    ///
    /// # Errors
    ///
    /// When there is no such factor, when it cannot be challenged now, or when the store is busy.
    pub async fn challenge(
        &self,
        application: &Application,
        identity: &Identity,
        factor: FactorId,
        new: NewChallenge,
        typed: Option<Typed>,
    ) -> Result<Asked, FactorError> {
        let keys = self.keys.now();
        let id = ChallengeId::new(self.clock.now(), &self.chance);
        let judging = Judging::new(&keys, application, identity, typed);
        let loaded = judging.names.iter().cloned().chain(factor_names(&keys, &factor)).collect();
        let ask = move |view: &View<'_>, at: Timestamp| {
            let Some((_, entity)) = find::<Entity>(view, &judging.names)? else {
                return Ok(Changes::none().answer(Err(FactorError::NoEntity)));
            };
            let (name, mut factor) = match owned(view, &judging.keys, &entity, &factor)? {
                Ok(found) => found,
                Err(missing) => return Ok(Changes::none().answer(Err(missing))),
            };
            if let Err(refused) = factor.admit(judging.rules, at) {
                return Ok(Changes::none().answer(Err(refused.into())));
            }
            match Challenge::new(id.clone(), &factor, new.clone(), at) {
                Ok(challenge) => judging.judge(name, factor, challenge, at),
                Err(refused) => Ok(Changes::none().answer(Err(refused.into()))),
            }
        };
        self.ledger.run(loaded, ask).await?
    }

    /// Answers a challenge that waits with a code, or keeps other metadata with it, or both.
    ///
    /// # Errors
    ///
    /// When there is no such challenge, when it is over, when its factor is gone or had too many wrong codes, or when the
    /// store is busy.
    pub async fn answer_challenge(
        &self,
        application: &Application,
        identity: &Identity,
        id: ChallengeId,
        typed: Option<Typed>,
        metadata: Option<Metadata>,
    ) -> Result<Asked, FactorError> {
        let keys = self.keys.now();
        let judging = Judging::new(&keys, application, identity, typed);
        let loaded = judging.names.iter().cloned().chain([Key::from(&id)]).collect();
        let answer = move |view: &View<'_>, at: Timestamp| {
            let found = find::<Entity>(view, &judging.names)?;
            let Some((_, entity)) = found else {
                return Ok(Changes::none().answer(Err(FactorError::NoEntity)));
            };
            let Some(mut challenge) = theirs(view, &entity, &id)? else {
                return Ok(Changes::none().answer(Err(FactorError::NoChallenge)));
            };
            let (name, factor) = match owned(view, &judging.keys, &entity, &challenge.factor)? {
                Ok(found) => found,
                Err(missing) => return Ok(Changes::none().answer(Err(missing))),
            };
            if let Err(ended) = challenge.waits(at) {
                return Ok(Changes::none().answer(Err(ended.into())));
            }
            if let Some(metadata) = &metadata {
                challenge.metadata = Some(metadata.clone());
                challenge.updated_at = at;
            }
            judging.judge(name, factor, challenge, at)
        };
        self.ledger.run(loaded, answer).await?
    }

    /// The entity's challenge of this name.
    ///
    /// # Errors
    ///
    /// When there is none, or when the store is busy.
    pub async fn fetch_challenge(
        &self,
        application: &Application,
        identity: &Identity,
        id: ChallengeId,
    ) -> Result<Asked, FactorError> {
        let keys = self.keys.now();
        let names = entity_names(&keys, &application.id, identity);
        let loaded = names.iter().cloned().chain([Key::from(&id)]).collect();
        let read = move |view: &View<'_>, at: Timestamp| -> Result<Done<Result<Asked, FactorError>>, Stop> {
            let Some((_, entity)) = find::<Entity>(view, &names)? else {
                return Ok(Changes::none().answer(Err(FactorError::NoEntity)));
            };
            let challenge = theirs(view, &entity, &id)?.ok_or(FactorError::NoChallenge);
            Ok(Changes::none().answer(challenge.map(|challenge| Asked { challenge, at })))
        };
        self.ledger.run(loaded, read).await?
    }

    /// A page of the challenges of an entity of the last day. It may be short, or empty, and have a next one: the store is asked a
    /// bounded number of times.
    ///
    /// # Errors
    ///
    /// When there is no such entity, or when the store cannot be read.
    pub async fn challenges(
        &self,
        application: &Application,
        identity: &Identity,
        wanted: &WantedChallenges,
    ) -> Result<Page<Challenge>, FactorError> {
        let entity = self.entity(application, identity).await?;
        let (at, mut items) = (self.clock.now(), Vec::new());
        let fits = |challenge: &Challenge| {
            wanted.factor.as_ref().is_none_or(|factor| challenge.factor == *factor)
                && wanted.status.is_none_or(|status| challenge.status(at) == status)
        };
        let mut after = wanted.after.clone();
        for _ in 0..QUESTIONS {
            let filter = theirs_after(&entity, after, wanted);
            let Listed { found, next } = self.ledger.list::<Challenge>(filter).await?;
            for (_, challenge) in found {
                // One that cannot be opened was told in the log, and spoils no other.
                let Some(challenge) = challenge.filter(fits) else { continue };
                if items.len() == wanted.most {
                    let next = items.last().map(|last: &Challenge| last.id.as_str().to_owned());
                    return Ok(Page { items, next, at });
                }
                items.push(challenge);
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        Ok(Page { items, next: after, at })
    }
}

impl Judging {
    fn new(keys: &Arc<Keys>, application: &Application, identity: &Identity, typed: Option<Typed>) -> Self {
        let names = entity_names(keys, &application.id, identity);
        let rules = application.limits.guessing;
        Self { keys: Arc::clone(keys), names, rules, typed }
    }

    /// Judges the code, if there is one, and keeps what came of it with the factor and the challenge, both or none.
    fn judge(
        &self,
        name: Key,
        mut factor: Factor,
        mut challenge: Challenge,
        at: Timestamp,
    ) -> Result<Done<Result<Asked, FactorError>>, Stop> {
        let mut changes = Changes::none();
        if let Some(typed) = &self.typed {
            let secret = match secret(&self.keys, &name, &factor)? {
                Ok(secret) => secret,
                Err(lost) => return Ok(changes.answer(Err(lost))),
            };
            if let Err(refused) = challenge.answer(&mut factor, &secret, typed, self.rules, at) {
                return Ok(changes.answer(Err(refused.into())));
            }
        }
        keep_factor(&mut changes, name, &factor)?;
        let labels = Labels {
            application: Some(challenge.application.clone()),
            person: Some(challenge.entity.as_str().to_owned()),
            ..Labels::until(challenge.remembered_until())
        };
        changes.put_labeled((&challenge.id).into(), &challenge, labels)?;
        Ok(changes.answer(Ok(Asked { challenge, at })))
    }
}

/// The entity's challenges behind the one of this id, one more than fit on the page: that one tells whether another follows.
fn theirs_after(entity: &Entity, after: Option<String>, wanted: &WantedChallenges) -> Filter {
    let (before, from) = match after {
        after if wanted.newest_first => (after, None),
        // Ids are as long as each other: what follows one begins behind it and a blank.
        after => (None, after.map(|after| format!("{after} "))),
    };
    let person = vec![entity.id.as_str().to_owned()];
    let oldest_first = !wanted.newest_first;
    Filter { before, from, person, oldest_first, ..Filter::of(Kind::Challenge, wanted.most + 1) }
}

/// The entity's challenge of this name; another's is as good as none.
fn theirs(view: &View<'_>, entity: &Entity, id: &ChallengeId) -> Result<Option<Challenge>, Stop> {
    let found = view.read::<Challenge>(&id.into())?;
    Ok(found.filter(|challenge| challenge.entity == entity.id))
}
