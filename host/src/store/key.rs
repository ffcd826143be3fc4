//! What a record is found by.

use crate::seal::{ChallengeId, DeliveryId, VerificationId};

/// The name of a record: its kind and its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    kind: Kind,
    id: String,
}

/// The kinds of records. Secondary keys are records of their own, so a job sees what an earlier one made.
///
/// The numbers stand in databases: they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A verification.
    Verification = 1,
    /// A delivery.
    Delivery = 2,
    /// Which verification was started last for a person and a purpose.
    Slot = 3,
    /// The answer that was given to an idempotency key.
    Idempotency = 4,
    /// What a limit has counted.
    Limit = 5,
    /// An application that was made at run time.
    Application = 6,
    /// An API key that was made at run time.
    ApiKey = 7,
    /// A member that an application stored.
    Member = 8,
    /// How many of something there are.
    Count = 9,
    /// What an application is to be told of a verification.
    Event = 10,
    /// Whoever has factors.
    Entity = 11,
    /// An authenticator app of an entity.
    Factor = 12,
    /// A question for a code of a factor.
    Challenge = 13,
    /// Numbers that are sent to although no plan has them.
    SafeList = 20,
}

impl Kind {
    /// The kind that this number stands for in a database.
    pub(super) fn numbered(number: u8) -> Option<Self> {
        let all = [
            Self::Verification,
            Self::Delivery,
            Self::Slot,
            Self::Idempotency,
            Self::Limit,
            Self::Application,
            Self::ApiKey,
            Self::Member,
            Self::Count,
            Self::Event,
            Self::Entity,
            Self::Factor,
            Self::Challenge,
            Self::SafeList,
        ];
        all.into_iter().find(|kind| kind.number() == number)
    }

    /// The number that stands for it in a database.
    pub(super) fn number(self) -> u8 {
        self as u8
    }
}

impl Key {
    /// A record of this kind with this id.
    pub fn new(kind: Kind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// The kind of the record.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The id of the record among those of its kind.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the record stands, for what is sealed to stay there.
    pub(super) fn place(&self) -> String {
        place(self.kind.number(), &self.id)
    }
}

/// Where a record of a kind's number and an id stands. One for each record that is read or written: no formatter.
pub(super) fn place(kind: u8, id: &str) -> String {
    ["record ", &kind.to_string(), "/", id].concat()
}

impl From<&VerificationId> for Key {
    fn from(id: &VerificationId) -> Self {
        Self::new(Kind::Verification, id.as_str())
    }
}

impl From<&DeliveryId> for Key {
    fn from(id: &DeliveryId) -> Self {
        Self::new(Kind::Delivery, id.as_str())
    }
}

impl From<&ChallengeId> for Key {
    fn from(id: &ChallengeId) -> Self {
        Self::new(Kind::Challenge, id.as_str())
    }
}
