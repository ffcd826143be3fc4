//! Members that an application stored: their addresses are registered here, and not typed at that moment.

use super::{
    Verifier,
    count::{self, Counted},
};
use crate::{
    application::Application,
    seal::{self, Keys},
    store::{Changes, Done, Key, Kind, Labels, LedgerError, Stop, View},
};
use jiff::Timestamp;
use provider_api::Member;
use serde::{Deserialize, Serialize};

/// A member as an application stored it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The application that stored it.
    pub application: String,
    /// The member; it has an id.
    pub member: Member,
    /// How often it was written: 1 at first.
    pub revision: u64,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// What must be so for a change to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// There is no such member yet.
    Absent,
    /// There is one.
    Present,
    /// There is one, and its tag is among these.
    Tagged(Vec<String>),
}

/// Why nothing was done to a member.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The application has no member of this id.
    #[error("no such member")]
    NotFound,
    /// The application has as many members as it may.
    #[error("the application has its {0} members")]
    Full(u32),
    /// It is not as the caller thinks.
    #[error("the member is not as the precondition says")]
    Precondition,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl Stored {
    /// Names this state of this member: a member that is made anew never has an old tag again.
    pub fn tag(&self) -> String {
        format!("{:x}-{:x}", self.created_at.as_millisecond(), self.revision)
    }
}

impl Precondition {
    fn holds(&self, found: Option<&Stored>) -> bool {
        match (self, found) {
            (Self::None, _) | (Self::Absent, None) | (Self::Present, Some(_)) => true,
            (Self::Tagged(tags), Some(found)) => tags.contains(&found.tag()),
            (Self::Absent, Some(_)) | (Self::Present | Self::Tagged(_), None) => false,
        }
    }
}

impl Verifier {
    /// The application's member of this id.
    ///
    /// # Errors
    ///
    /// When it has none, or when the store is busy.
    pub async fn member(&self, application: &Application, id: &str) -> Result<Stored, MemberError> {
        let keys = self.keys.now();
        let names = names(&keys, application, id);
        let loaded = names.clone();
        let read = move |view: &View<'_>, _| Ok(Changes::none().answer(find(view, &names)?));
        let found = self.ledger.run(loaded, read).await?;
        found.map(|(_, stored)| stored).ok_or(MemberError::NotFound)
    }

    /// Writes a member whole, and says whether it is a new one. One without an id is nobody's.
    ///
    /// # Errors
    ///
    /// When the precondition does not hold, when it is one more than the application may have, or when the store is busy.
    pub async fn put_member(
        &self,
        application: &Application,
        member: Member,
        only: Precondition,
    ) -> Result<(Stored, bool), MemberError> {
        let id = member.id.clone().ok_or(MemberError::NotFound)?;
        let keys = self.keys.now();
        let names = names(&keys, application, &id);
        let (owner, most) = (application.id.clone(), application.limits.members);
        let loaded = names.iter().cloned().chain([count::key(Counted::Members, &owner)]).collect();
        self.ledger
            .run(loaded, move |view, now| {
                let mut changes = Changes::none();
                let found = find(view, &names)?;
                if !only.holds(found.as_ref().map(|(_, stored)| stored)) {
                    return Ok(changes.answer(Err(MemberError::Precondition)));
                }
                let before = found.as_ref().map(|(_, stored)| stored);
                let stored = Stored {
                    application: owner.clone(),
                    member: member.clone(),
                    revision: before.map_or(1, |before| before.revision.saturating_add(1)),
                    created_at: before.map_or(now, |before| before.created_at),
                    updated_at: now,
                };
                let is_new = found.is_none();
                if is_new {
                    let before = count::read(view, Counted::Members, &owner)?;
                    if let Some(most) = most.filter(|most| before >= *most) {
                        return Ok(Changes::none().answer(Err(MemberError::Full(most))));
                    }
                    count::keep(&mut changes, Counted::Members, &owner, before.saturating_add(1))?;
                }
                // What was named under an older key is from now on named under the newest.
                if let Some((name, _)) = found
                    && Some(&name) != names.first()
                {
                    changes.remove(name);
                }
                if let Some(name) = names.first() {
                    let labels = Labels { application: Some(owner.clone()), ..Labels::until(Timestamp::MAX) };
                    changes.put_labeled(name.clone(), &stored, labels)?;
                }
                Ok(changes.answer(Ok((stored, is_new))))
            })
            .await?
    }

    /// Forgets a member. Verifications that are pending go on to their end.
    ///
    /// # Errors
    ///
    /// When there is none, the precondition does not hold, or the store is busy.
    pub async fn remove_member(
        &self,
        application: &Application,
        id: &str,
        only: Precondition,
    ) -> Result<(), MemberError> {
        let keys = self.keys.now();
        let names = names(&keys, application, id);
        let owner = application.id.clone();
        let loaded = names.iter().cloned().chain([count::key(Counted::Members, &owner)]).collect();
        let remove = move |view: &View<'_>, _| -> Result<Done<Result<(), MemberError>>, Stop> {
            let mut changes = Changes::none();
            let Some((name, stored)) = find(view, &names)? else {
                return Ok(changes.answer(Err(MemberError::NotFound)));
            };
            if !only.holds(Some(&stored)) {
                return Ok(changes.answer(Err(MemberError::Precondition)));
            }
            changes.remove(name);
            let left = count::read(view, Counted::Members, &owner)?.saturating_sub(1);
            count::keep(&mut changes, Counted::Members, &owner, left)?;
            Ok(changes.answer(Ok(())))
        };
        self.ledger.run(loaded, remove).await?
    }
}

/// What the record of a member is called under each key of the server, newest first: it tells nothing of the id, which
/// may be an address itself.
fn names(keys: &Keys, application: &Application, id: &str) -> Vec<Key> {
    keys.newest_first().map(|key| name(key, &application.id, id)).collect()
}

fn name(key: &seal::Key, application: &str, id: &str) -> Key {
    Key::new(Kind::Member, key.name(&["member", application, id]))
}

/// What a member's record is called under the newest key, and whose the member is.
pub(super) fn name_anew(view: &View<'_>, keys: &Keys, old: &Key) -> Result<Option<(Key, String)>, Stop> {
    let found = view.read::<Stored>(old)?;
    Ok(found.and_then(|Stored { member, application, .. }| {
        Some((name(keys.newest(), &application, member.id.as_deref()?), application))
    }))
}

fn find(view: &View<'_>, names: &[Key]) -> Result<Option<(Key, Stored)>, Stop> {
    let found = view.read_all::<Stored>(names)?;
    Ok(names.iter().cloned().zip(found).find_map(|(name, stored)| Some((name, stored?))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, seal::Chance};
    use proptest::prelude::*;

    fn stored(created_at: i64, revision: u64) -> Stored {
        let (created_at, updated_at) = (millis(created_at), millis(created_at));
        let application = "web".to_owned();
        Stored { application, member: Member::default(), revision, created_at, updated_at }
    }

    #[test]
    fn a_precondition_holds_for_what_the_caller_saw_only() {
        let found = stored(1_000, 3);
        let tagged = |of: &Stored| Precondition::Tagged(vec!["x".to_owned(), of.tag()]);
        for (only, present, absent) in [
            (Precondition::None, true, true),
            (Precondition::Absent, false, true),
            (Precondition::Present, true, false),
            (tagged(&found), true, false),
            (tagged(&stored(1_000, 2)), false, false),
            (tagged(&stored(999, 3)), false, false),
            (Precondition::Tagged(Vec::new()), false, false),
        ] {
            assert_eq!((only.holds(Some(&found)), only.holds(None)), (present, absent), "{only:?}");
        }
    }

    proptest! {
        /// Two members never share a record, and no record's name holds an id.
        #[test]
        fn names_tell_applications_and_members_apart(one in "[a-z@.]{1,12}", other in "[a-z@.]{1,12}") {
            let keys = Keys::ephemeral(&Chance::seeded(1)).unwrap();
            let name = |application: &str, id: &str| keys.newest().index(&["member", application, id]);
            prop_assert_eq!(one == other, name("web", &one) == name("web", &other));
            prop_assert_ne!(name("web", &one), name("shop", &one));
            prop_assert!(one.len() < 4 || !name("web", &one).contains(&one));
        }
    }
}
