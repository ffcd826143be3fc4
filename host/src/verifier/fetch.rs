//! Looking at a verification and its deliveries.

use super::{
    Verifier, VerifyError,
    newest::{Sought, Which},
};
use crate::{
    application::Application,
    delivery::Delivery,
    seal::VerificationId,
    store::{Changes, Key, Stop, View},
    verification::Verification,
};
use jiff::Timestamp;

/// A verification as it stands.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The verification.
    pub verification: Verification,
    /// Its deliveries, oldest first.
    pub deliveries: Vec<Delivery>,
    /// When that was.
    pub at: Timestamp,
}

impl Verifier {
    /// Shows a verification of the application.
    ///
    /// # Errors
    ///
    /// When the application has no such verification, or when the store is busy.
    pub async fn fetch(&self, application: &Application, id: VerificationId) -> Result<Fetched, VerifyError> {
        self.fetch_which(application, Which::Named(id)).await
    }

    /// The same of one that need not be named by its id.
    ///
    /// # Errors
    ///
    /// As [`Verifier::fetch`].
    pub async fn fetch_which(&self, application: &Application, which: Which) -> Result<Fetched, VerifyError> {
        let application = application.id.clone();
        let sought = Sought::new(&self.keys.now(), &application, which);
        self.ledger
            .run(sought.keys().collect(), move |view, at| {
                let fetched = match sought.read(view, &application)? {
                    Ok(verification) => Ok(fetched(view, verification, at)?),
                    Err(missing) => Err(missing),
                };
                Ok(Changes::none().answer(fetched))
            })
            .await?
    }
}

/// Adds its deliveries to a verification.
pub(super) fn fetched(view: &View<'_>, verification: Verification, at: Timestamp) -> Result<Fetched, Stop> {
    let keys: Vec<Key> = verification.deliveries.iter().map(Key::from).collect();
    let deliveries = view.read_all(&keys)?.into_iter().flatten().collect();
    Ok(Fetched { verification, deliveries, at })
}
