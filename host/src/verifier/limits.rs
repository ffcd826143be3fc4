//! Limits within the ledger's jobs: counted with what they limit, or not at all.

mod checks;
mod operator;
mod place;
mod sends;

pub(super) use checks::{Checks, name_anew};
pub use operator::Subject;
pub(super) use sends::Sends;

use super::{Verifier, VerifyError};
use crate::{application::Application, limit::Standing, seal::VerificationId};
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
