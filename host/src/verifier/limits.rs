//! Limits within the ledger's jobs: counted with what they limit, or not at all.

mod checks;
mod operator;
mod place;
mod sends;

pub(super) use checks::{Checks, name_anew};
pub(crate) use checks::{MEMBER as GUESSES_OF_MEMBER, RECIPIENT as GUESSES_OF_RECIPIENT};
pub use operator::Subject;
pub(super) use sends::Sends;
pub(crate) use sends::{PER_CALLER, PER_MEMBER, PER_RECIPIENT};

use super::{Verifier, VerifyError};
use crate::{
    application::Application,
    limit::{Rate, Standing},
    seal::VerificationId,
};
use provider_api::Secret;
use std::{net::IpAddr, sync::PoisonError};

/// Who asks for a message, as far as limits count it.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    /// The API key that was called with.
    pub api_key: Option<Secret>,
    /// The member's own network address, as the caller sees it.
    pub ip: Option<IpAddr>,
}

/// A limit of the caller's own that a start names, beside those of the application.
#[derive(Debug, Clone)]
pub struct OwnLimit {
    /// How often.
    pub rate: Rate,
    /// Which of the caller's limits it is.
    pub name: String,
    /// Whom it counts, in the caller's own words.
    pub whom: String,
}

/// What a start is held to beside the application's own rules.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// The limits of the caller's own, which come before the application's, in this order.
    pub own: Vec<OwnLimit>,
    /// The channels that it must not go by, whichever method is chosen.
    pub barred: Vec<Barred>,
}

/// A channel that a start must not go by.
#[derive(Debug, Clone, Copy)]
pub struct Barred {
    /// The channel.
    pub channel: &'static str,
    /// Why, as the refusal's word.
    pub reason: &'static str,
}

impl Verifier {
    /// Counts a reading of the state of a verification (T56), in memory: this guards the server, not a secret.
    ///
    /// # Errors
    ///
    /// When it is one too many.
    pub fn admit_reading(
        &self,
        application: &Application,
        id: &VerificationId,
    ) -> Result<Vec<Standing>, VerifyError> {
        let rates = &application.limits.reads_per_verification;
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{}/{id}", application.id);
        Ok(reads.admit(&name, rates, self.clock.now())?)
    }
}
