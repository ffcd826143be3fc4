//! Authenticator apps of an application's entities: enrolled, challenged, and forgotten.

mod challenges;
mod enroll;
mod entities;
mod factor;
mod limits;
mod renewal;

pub use challenges::{Asked, WantedChallenges};
pub use enroll::Enrolled;
pub use factor::{Change, Had};
pub(super) use limits::Factors;
pub(super) use renewal::{entity_anew, factor_anew};

use crate::{
    factor::{
        AnswerRefused, ChallengeRefused, Entity, Factor, Identity, LifetimeTooLong, NoRoom, OutOfRange,
        VerifyRefused,
    },
    seal::{self, FactorId, Keys, OpenError, SharedSecret},
    store::{Changes, Key, Kind, Labels, LedgerError, Readable, Stop, View},
};
use jiff::Timestamp;

/// Why nothing was done with a factor, sorted by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The application has no entity of this identity.
    #[error("no such entity")]
    NoEntity,
    /// The entity has no factor of this name.
    #[error("no such factor")]
    NoFactor,
    /// The entity has no challenge of this name.
    #[error("no such challenge")]
    NoChallenge,
    /// There is one of this identity.
    #[error("there is an entity of this identity already")]
    EntityExists,
    /// The application has as many entities as it may.
    #[error("the application has its {0} entities")]
    Full(u32),
    /// The entity gets no further factor.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The code did not verify the factor.
    #[error("the code is wrong: the factor is not verified")]
    Wrong,
    /// The factor is not verified by a code.
    #[error(transparent)]
    Verify(#[from] VerifyRefused),
    /// No app makes codes like this.
    #[error("`{}`: {_0}", _0.field)]
    Totp(#[from] OutOfRange),
    /// The factor cannot be challenged now.
    #[error(transparent)]
    Challenge(#[from] ChallengeRefused),
    /// The challenge would not end within an hour.
    #[error(transparent)]
    Lifetime(#[from] LifetimeTooLong),
    /// The answer is not judged.
    #[error(transparent)]
    Answer(#[from] AnswerRefused),
    /// The key that the secret is sealed under is no longer in the key file.
    #[error("key `{0}` is not in the key file\nhint: put its line back, or have the factor made anew")]
    LostKey(String),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// What the record of an entity is called under each key of the server, newest first: it tells nothing of the identity.
fn entity_names(keys: &Keys, application: &str, identity: &Identity) -> Vec<Key> {
    keys.newest_first().map(|key| entity_name(key, application, identity)).collect()
}

fn entity_name(key: &seal::Key, application: &str, identity: &Identity) -> Key {
    Key::new(Kind::Entity, key.name(&["entity", application, identity.as_str()]))
}

/// The same of a factor. Its name says under which key its secret is sealed, too: both are made anew together.
fn factor_names(keys: &Keys, id: &FactorId) -> Vec<Key> {
    keys.newest_first().map(|key| factor_name(key, id)).collect()
}

fn factor_name(key: &seal::Key, id: &FactorId) -> Key {
    Key::new(Kind::Factor, key.name(&["factor", id.as_str()]))
}

/// The record that has one of these names, and which. It is written under that name again: only a renewal moves it.
fn find<T: Readable>(view: &View<'_>, names: &[Key]) -> Result<Option<(Key, T)>, Stop> {
    let found = view.read_all::<T>(names)?;
    Ok(names.iter().cloned().zip(found).find_map(|(name, found)| Some((name, found?))))
}

/// The entity's factor of this name; another's is as good as none.
fn owned(
    view: &View<'_>,
    keys: &Keys,
    entity: &Entity,
    id: &FactorId,
) -> Result<Result<(Key, Factor), FactorError>, Stop> {
    let found = find::<Factor>(view, &factor_names(keys, id))?;
    Ok(found.filter(|(_, factor)| factor.entity == entity.id).ok_or(FactorError::NoFactor))
}

/// The secret of the factor that was found under this name.
fn secret(keys: &Keys, name: &Key, factor: &Factor) -> Result<Result<SharedSecret, FactorError>, Stop> {
    match factor.secret(keys) {
        Ok(secret) => Ok(Ok(secret)),
        Err(OpenError::LostKey(key)) => Ok(Err(FactorError::LostKey(key))),
        Err(OpenError::Damaged) => Err(Stop::Damaged(name.clone())),
    }
}

fn keep_entity(changes: &mut Changes, name: Key, entity: &Entity) -> Result<(), Stop> {
    let labels = Labels { application: Some(entity.application.clone()), ..Labels::until(Timestamp::MAX) };
    changes.put_labeled(name, entity, labels)
}

fn keep_factor(changes: &mut Changes, name: Key, factor: &Factor) -> Result<(), Stop> {
    let labels =
        Labels { application: Some(factor.application.clone()), ..Labels::until(factor.keep_until()) };
    changes.put_labeled(name, factor, labels)
}
