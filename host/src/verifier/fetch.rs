//! Looking at a verification and its deliveries.

use super::{Verifier, VerifyError, owned};
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
        let application = application.id.clone();
        self.ledger
            .run(vec![(&id).into()], move |view, at| {
                let fetched = match owned(view, &application, &id)? {
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
