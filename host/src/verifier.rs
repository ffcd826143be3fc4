//! The use cases of a verification: here the rules meet the providers and the ledger.

mod cancel;
mod check;
mod fetch;
mod idempotency;
mod limits;
mod list;
mod members;
mod methods;
mod start;

pub use check::{Check, Checked};
pub use fetch::Fetched;
pub use idempotency::Idempotency;
pub use limits::{Asker, Subject};
pub use list::{Page, Wanted, WantedDeliveries, WantedVerifications};
pub use members::{MemberError, Precondition, Stored};
pub use methods::Methods;
pub use start::{Due, Start, Started};

use crate::{
    application::Application,
    clock::Clock,
    limit::{Exceeded, Limits, Reads},
    member::Refusal,
    plugin::{Lane, Providers},
    route::Routes,
    seal::{ApiKeys, Chance, Keys, VerificationId},
    store::{Fault, Ledger, LedgerError, Stop, View},
    verification::{Ended, ResendRefused, Verification},
};
use provider_api::Secret;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

/// Starts, checks, cancels and shows verifications, and says which methods reach a member.
#[derive(Debug)]
pub struct Verifier {
    applications: BTreeMap<String, Arc<Application>>,
    api_keys: ApiKeys<Arc<Application>>,
    routes: Routes,
    configured: BTreeSet<String>,
    providers: Arc<Providers>,
    ledger: Ledger,
    keys: Arc<Keys>,
    clock: Clock,
    chance: Chance,
    limits: Limits,
    reads: Mutex<Reads>,
}

/// What a verifier is made of.
#[derive(Debug)]
pub struct VerifierParts {
    /// Who may call, by id.
    pub applications: BTreeMap<String, Application>,
    /// The providers of each channel.
    pub routes: Routes,
    /// The providers that are open.
    pub providers: Arc<Providers>,
    /// Where verifications are kept.
    pub ledger: Ledger,
    /// What codes are derived under.
    pub keys: Arc<Keys>,
    /// What tells the time.
    pub clock: Clock,
    /// What ids are made of.
    pub chance: Chance,
    /// How often something may happen.
    pub limits: Limits,
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
        let VerifierParts { applications, routes, providers, ledger, keys, clock, chance, limits } = parts;
        let applications: BTreeMap<String, Arc<Application>> =
            applications.into_iter().map(|(id, application)| (id, Arc::new(application))).collect();
        let owned = |application: &Arc<Application>| {
            let keys: Vec<(Secret, Arc<Application>)> =
                application.keys.iter().map(|key| (key.clone(), Arc::clone(application))).collect();
            keys
        };
        let api_keys: Vec<(Secret, Arc<Application>)> = applications.values().flat_map(owned).collect();
        let api_keys = ApiKeys::new(api_keys.iter().map(|(key, owner)| (key.expose(), Arc::clone(owner))));
        let routed = routes.iter().flat_map(|(_, providers)| providers.iter().cloned());
        let configured = providers.status().into_iter().map(|status| status.id).chain(routed).collect();
        let reads = Mutex::default();
        Self {
            applications,
            api_keys,
            routes,
            configured,
            providers,
            ledger,
            keys,
            clock,
            chance,
            limits,
            reads,
        }
    }

    /// The application that this API key belongs to.
    pub fn application(&self, api_key: &str) -> Option<Arc<Application>> {
        self.api_keys.owner(api_key).cloned()
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
        self.applications.values().all(|application| {
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
