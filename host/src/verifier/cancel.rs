//! Giving a verification up.

use super::{Fetched, Verifier, VerifyError, events::tell_end, fetch::fetched, owned};
use crate::{
    application::Application,
    seal::VerificationId,
    store::Changes,
    verification::{Ended, Status},
};

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
        self.give_up(application, id, true).await
    }

    /// The same where doing it again is an error: for a face whose callers are told so.
    ///
    /// # Errors
    ///
    /// As [`Verifier::cancel`], and when it was given up before.
    pub async fn cancel_once(
        &self,
        application: &Application,
        id: VerificationId,
    ) -> Result<Fetched, VerifyError> {
        self.give_up(application, id, false).await
    }

    async fn give_up(
        &self,
        application: &Application,
        id: VerificationId,
        may_repeat: bool,
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
                    Ok(true) => {
                        changes.keep_verification(&verification, now)?;
                        tell_end(&mut changes, &verification, now)?;
                    }
                    Ok(false) if may_repeat => {}
                    Ok(false) => return Ok(changes.answer(Err(Ended(Status::Canceled).into()))),
                    Err(ended) => return Ok(changes.answer(Err(ended.into()))),
                }
                let fetched = fetched(view, verification, now)?;
                Ok(changes.answer(Ok(fetched)))
            })
            .await?
    }
}
