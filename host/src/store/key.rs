//! What a record is found by.

use crate::seal::{DeliveryId, VerificationId};

/// The name of a record: its kind and its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    kind: Kind,
    id: String,
}

/// The kinds of records. Secondary keys are records of their own, so a job sees what an earlier one made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A verification.
    Verification,
    /// A delivery.
    Delivery,
    /// Which verification was started last for a person and a purpose.
    Slot,
    /// The answer that was given to an idempotency key.
    Idempotency,
    /// What a limit has counted.
    Limit,
    /// An application that was made at run time.
    Application,
    /// An API key that was made at run time.
    ApiKey,
    /// A member that an application stored.
    Member,
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
