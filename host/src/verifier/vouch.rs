//! Approving a verification by the application's own word: it checked the code itself.

use super::{Fetched, Verifier, VerifyError, events::tell_end, fetch::fetched, owned};
use crate::{application::Application, seal::VerificationId, store::Changes};

impl Verifier {
    /// Approves a pending verification of the application because the application says so. No code was compared, so
    /// counts of wrong codes stay as they are.
    ///
    /// # Errors
    ///
    /// When the application has no such verification, when it is over, or when the store is busy.
    pub async fn vouch(&self, application: &Application, id: VerificationId) -> Result<Fetched, VerifyError> {
        let application = application.id.clone();
        self.ledger
            .run(vec![(&id).into()], move |view, now| {
                let mut changes = Changes::none();
                let mut verification = match owned(view, &application, &id)? {
                    Ok(verification) => verification,
                    Err(missing) => return Ok(changes.answer(Err(missing))),
                };
                if let Err(ended) = verification.vouch(now) {
                    return Ok(changes.answer(Err(ended.into())));
                }
                changes.keep_verification(&verification, now)?;
                tell_end(&mut changes, &verification, now)?;
                let fetched = fetched(view, verification, now)?;
                Ok(changes.answer(Ok(fetched)))
            })
            .await?
    }
}
