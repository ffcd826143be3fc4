//! Whoever has factors: known by a word of the application's own, as a member is.

use crate::{
    limit::{Rate, Window},
    seal::{EntityId, FactorId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// How many factors an entity has at most.
pub const MOST_FACTORS: usize = 100;

/// How many are made for it at most, deleted ones included.
const MADE: Rate = Rate::new(100, Duration::from_hours(24));

/// Whoever has factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its own name: one that is made anew has another.
    pub id: EntityId,
    /// The application that knows it.
    pub application: String,
    /// What the application calls it.
    pub identity: Identity,
    /// Its factors, oldest first; one that was never verified may be gone.
    pub factors: Vec<FactorId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its factors changed last.
    pub updated_at: Timestamp,
    made: Window,
}

/// What an application calls an entity: 8 to 64 ASCII letters, digits and dashes. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identity(String);

/// The text is no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 8 to 64 letters, digits and dashes")]
pub struct InvalidIdentity;

/// Why an entity gets no further factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// It has as many as it may.
    #[error("the entity has its {MOST_FACTORS} factors")]
    Full,
    /// As many were made for it as may be; again after this long.
    #[error("too many factors were made for the entity")]
    TooFast(Duration),
}

impl Entity {
    /// One without factors.
    pub fn new(id: EntityId, application: String, identity: Identity, now: Timestamp) -> Self {
        let made = Window::default();
        Self { id, application, identity, factors: Vec::new(), created_at: now, updated_at: now, made }
    }

    /// Counts a factor that is made for it.
    ///
    /// # Errors
    ///
    /// When it has no room. Nothing is changed then.
    pub fn admit(&mut self, factor: FactorId, now: Timestamp) -> Result<(), NoRoom> {
        if self.factors.len() >= MOST_FACTORS {
            return Err(NoRoom::Full);
        }
        if self.made.take(MADE, now).is_none() {
            return Err(NoRoom::TooFast(self.made.standing("", MADE, now).reset.unwrap_or_default()));
        }
        self.factors.push(factor);
        self.updated_at = now;
        Ok(())
    }

    /// A factor of it is gone.
    pub fn forget(&mut self, factor: &FactorId, now: Timestamp) {
        self.factors.retain(|known| known != factor);
        self.updated_at = now;
    }
}

impl Identity {
    /// The identity itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Identity {
    type Error = InvalidIdentity;

    fn try_from(text: String) -> Result<Self, InvalidIdentity> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_plain && (8..=64).contains(&text.len()) { Ok(Self(text)) } else { Err(InvalidIdentity) }
    }
}

impl From<Identity> for String {
    fn from(identity: Identity) -> Self {
        identity.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        clock::{after, millis},
        seal::Chance,
    };

    pub(in crate::factor) fn entity() -> Entity {
        let identity = Identity::try_from("user-0001".to_owned()).unwrap();
        Entity::new(EntityId::new(millis(0), &Chance::seeded(3)), "web".to_owned(), identity, millis(0))
    }

    #[test]
    fn an_identity_is_letters_digits_and_dashes() {
        for (text, is_one) in [
            ("user-0001", true),
            ("ff483d1ff591898a9942916050d2ca3f", true),
            ("USER0001", true),
            ("user001", false),
            ("user_0001", false),
            ("ada@example.com", false),
            ("user 0001", false),
            ("us\u{e9}r-0001", false),
            ("", false),
        ] {
            assert_eq!(Identity::try_from(text.to_owned()).is_ok(), is_one, "{text}");
        }
        assert!(Identity::try_from("a".repeat(64)).is_ok() && Identity::try_from("a".repeat(65)).is_err());
        assert!(!format!("{:?}", entity()).contains("user-0001"));
    }

    #[test]
    fn an_entity_has_a_hundred_factors_and_gets_no_more_than_that_a_day() {
        let (mut entity, chance) = (entity(), Chance::seeded(1));
        let add = |entity: &mut Entity, now| entity.admit(FactorId::new(now, &chance), now);
        for _ in 0..MOST_FACTORS {
            add(&mut entity, millis(0)).unwrap();
        }
        let tomorrow = after(millis(0), Duration::from_hours(25));
        assert_eq!(add(&mut entity, tomorrow), Err(NoRoom::Full));
        let first = entity.factors[0].clone();
        entity.forget(&first, millis(1));
        assert_eq!(entity.factors.len(), MOST_FACTORS - 1);
        assert!(matches!(add(&mut entity, millis(2)), Err(NoRoom::TooFast(wait)) if !wait.is_zero()));
        assert_eq!(add(&mut entity, tomorrow), Ok(()));
    }
}
