//! The use cases of a verification: here the rules meet the providers and the ledger.

mod cancel;
mod check;
mod count;
mod directory;
mod events;
mod factors;
mod fetch;
mod idempotency;
pub(crate) mod limits;
mod list;
mod members;
mod methods;
mod newest;
mod renewal;
mod resend;
mod safe_list;
mod sending;
mod sends;
mod start;
mod tokens;
mod vouch;

pub use check::{Check, Checked};
pub use directory::{
    ApiKey, Caller, Directory, DirectoryError, KeptApplication, Made, NewApiKey, Scope, Service, Source,
};
pub use events::{Claim, Claimed, Told};
pub use factors::{Asked, Change, Enrolled, FactorError, Had, WantedChallenges};
pub use fetch::Fetched;
pub use idempotency::Idempotency;
pub use limits::{Asker, Barred, OwnLimit, Subject, Within};
pub use list::{Page, Wanted, WantedDeliveries, WantedVerifications};
pub use members::{MemberError, Precondition, Stored};
pub use methods::Methods;
pub use newest::Which;
pub use renewal::Renewed;
pub use resend::Resend;
pub use safe_list::Listed;
pub use sends::{Sent, WantedSends};
pub use start::{Due, Effect, Start, Started};

use crate::{
    application::Application,
    clock::Clock,
    limit::{Exceeded, Reads},
    member::Refusal,
    plugin::{Lane, Providers},
    route::Routes,
    seal::{Chance, KeyRing, VerificationId},
    store::{Fault, Ledger, LedgerError, Stop, View},
    verification::{Ended, ResendRefused, Verification},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// Starts, checks, cancels and shows verifications, and says which methods reach a member.
#[derive(Debug)]
pub struct Verifier {
    directory: Directory,
    providers: Arc<Providers>,
    ledger: Ledger,
    keys: KeyRing,
    clock: Clock,
    chance: Chance,
    reads: Mutex<Reads>,
}

/// What a verifier is made of.
#[derive(Debug)]
pub struct VerifierParts {
    /// Who may call by the configuration, by id.
    pub applications: BTreeMap<String, Application>,
    /// The providers of each channel.
    pub routes: Routes,
    /// The providers that are open.
    pub providers: Arc<Providers>,
    /// Where verifications are kept.
    pub ledger: Ledger,
    /// What codes are derived under.
    pub keys: KeyRing,
    /// What tells the time.
    pub clock: Clock,
    /// What ids are made of.
    pub chance: Chance,
}

/// Why a use case was refused, sorted by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The application has no verification of this name.
    #[error("no such verification")]
    NotFound,
    /// It is over: start another.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// No method reaches the person: each with its reason.
    #[error("no method reaches this person")]
    Unavailable(Vec<Refusal>),
    /// It cannot be sent again now.
    #[error(transparent)]
    Resend(#[from] ResendRefused),
    /// A limit does not allow it now.
    #[error(transparent)]
    Limited(#[from] Exceeded),
    /// There is no application of that id.
    #[error("no such application")]
    NoApplication,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The key that the code was derived under is no longer in the key file.
    #[error("key `{0}` is not in the key file\nhint: put its line back, or let its verifications expire")]
    LostKey(String),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl Verifier {
    /// Puts its parts together.
    pub fn new(parts: VerifierParts) -> Self {
        let VerifierParts { applications, routes, providers, ledger, keys, clock, chance } = parts;
        let configured = providers.status().into_iter().map(|status| status.id).collect();
        let seals = (keys.clone(), clock.clone(), chance.clone());
        let directory = Directory::new(applications, routes, configured, ledger.clone(), seals);
        Self { directory, providers, ledger, keys, clock, chance, reads: Mutex::default() }
    }

    /// Who may call.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The application that a key of the configuration belongs to.
    #[cfg(test)]
    pub(crate) fn application(&self, api_key: &str) -> Option<Arc<Application>> {
        match self.directory.caller(api_key)? {
            Caller::Application(application) => Some(application),
            Caller::Account | Caller::Operator => None,
        }
    }

    /// The clock that verifications live by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Why the store takes no writes, if it does not.
    pub fn store_fault(&self) -> Option<Fault> {
        self.ledger.fault()
    }

    /// Whether every application has a method that some provider carries now: one that is open and not left alone.
    pub fn is_ready(&self) -> bool {
        let carries = |lane: &Option<Arc<Lane>>| lane.as_ref().is_some_and(|lane| lane.is_up());
        let present = self.directory.present();
        present.applications().all(|application| {
            application.methods.iter().any(|method| {
                self.target(method)
                    .is_some_and(|target| target.carriers.iter().any(|(_, lane)| carries(lane)))
            })
        })
    }
}

/// The application's verification of this name; another's is as good as none.
fn owned(
    view: &View<'_>,
    application: &str,
    id: &VerificationId,
) -> Result<Result<Verification, VerifyError>, Stop> {
    let found = view.read::<Verification>(&id.into())?;
    Ok(found.filter(|found| found.application == application).ok_or(VerifyError::NotFound))
}

#[cfg(test)]
pub(crate) mod tests;
