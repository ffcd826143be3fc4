//! The verification that was started last for a recipient: found by its slot, without its id.

use super::{VerifyError, owned, start::recipient_slots};
use crate::{
    seal::{Keys, VerificationId},
    store::{Key, Stop, View},
    verification::Verification,
};
use provider_api::Recipient;

/// Which verification of an application is meant.
#[derive(Debug, Clone)]
pub enum Which {
    /// The one of this id.
    Named(VerificationId),
    /// The one that was started last for a recipient without a member, until its time is over.
    Newest {
        /// The recipient.
        to: Recipient,
        /// What it is for.
        purpose: String,
    },
}

/// The same with the records that lead to it.
#[derive(Debug)]
pub(super) struct Sought {
    named: Option<VerificationId>,
    slots: Vec<Key>,
}

impl Sought {
    pub(super) fn new(keys: &Keys, application: &str, which: Which) -> Self {
        match which {
            Which::Named(id) => Self { named: Some(id), slots: Vec::new() },
            Which::Newest { to, purpose } => {
                Self { named: None, slots: recipient_slots(keys, application, &to, &purpose) }
            }
        }
    }

    /// The records that are known to be needed.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.named.iter().map(Key::from).chain(self.slots.iter().cloned())
    }

    /// The verification, if the application has it.
    pub(super) fn read(
        &self,
        view: &View<'_>,
        application: &str,
    ) -> Result<Result<Verification, VerifyError>, Stop> {
        if let Some(id) = &self.named {
            return owned(view, application, id);
        }
        // Newest key of the server first: a start writes under that one.
        match view.read_all::<VerificationId>(&self.slots)?.into_iter().flatten().next() {
            Some(id) => owned(view, application, &id),
            None => Ok(Err(VerifyError::NotFound)),
        }
    }
}
