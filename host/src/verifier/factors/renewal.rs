//! What entities and factors become under the newest key of the server: another name, and a secret that is sealed anew.

use super::{entity_name, factor_name};
use crate::{
    factor::{Entity, Factor},
    seal::{Chance, Keys},
    store::{Key, Stop, View},
};

/// What an entity's record is called under the newest key, and what it says.
pub(in crate::verifier) fn entity_anew(
    view: &View<'_>,
    keys: &Keys,
    old: &Key,
) -> Result<Option<(Key, Entity)>, Stop> {
    let found = view.read::<Entity>(old)?;
    Ok(found.map(|entity| (entity_name(keys.newest(), &entity.application, &entity.identity), entity)))
}

/// The same of a factor, with its secret under the newest key. One whose secret cannot be opened stays as it is: whoever asks for
/// it is told.
pub(in crate::verifier) fn factor_anew(
    view: &View<'_>,
    keys: &Keys,
    chance: &Chance,
    old: &Key,
) -> Result<Option<(Key, Factor)>, Stop> {
    let Some(mut factor) = view.read::<Factor>(old)? else { return Ok(None) };
    Ok(factor.seal_anew(keys, chance).ok().map(|()| (factor_name(keys.newest(), &factor.id), factor)))
}
