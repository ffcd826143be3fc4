//! Giving a verification up.

use super::{Fetched, Verifier, VerifyError, fetch::fetched, owned};
use crate::{application::Application, seal::VerificationId, store::Changes};

impl Verifier {
    /// Gives a verification of the application up; doing it again changes nothing.
    ///
    /// # Errors
    ///
    /// When the application has no such verification, when it ended in another way, or when the store is busy.
    pub async fn cancel(
        &self,
        application: &Application,
        id: VerificationId,
    ) -> Result<Fetched, VerifyError> {
        let application = application.id.clone();
        self.ledger
            .run(vec![(&id).into()], move |view, now| {
                let mut changes = Changes::none();
                let mut verification = match owned(view, &application, &id)? {
                    Ok(verification) => verification,
                    Err(missing) => return Ok(changes.answer(Err(missing))),
                };
                match verification.cancel(now) {
                    Ok(true) => changes.keep_verification(&verification, now)?,
                    Ok(false) => {}
                    Err(ended) => return Ok(changes.answer(Err(ended.into()))),
                }
                let fetched = fetched(view, verification, now)?;
                Ok(changes.answer(Ok(fetched)))
            })
            .await?
    }
}
