//! Sending a pending verification again, by its name.

use super::{
    Idempotency, Verifier, VerifyError,
    idempotency::{Memo, recall},
    limits::{Asker, Sends},
    owned,
    sending::Sending,
    start::{Effect, Started, address},
};
use crate::{
    application::{Application, Method},
    limit::Whom,
    member::{Offer, Person, Refusal, To},
    seal::{DeliveryId, VerificationId},
    store::{Changes, Done, Stop, View},
    verification::{Event, Verification},
};
use jiff::Timestamp;
use provider_api::Channel;

/// What is asked of a resend.
#[derive(Debug, Clone)]
pub struct Resend {
    /// The verification.
    pub id: VerificationId,
    /// By which of the application's methods; by default the one of its newest message.
    pub method: Option<Method>,
    /// The caller's own name for this request.
    pub idempotency: Option<Idempotency>,
    /// Who asks, as far as limits count it.
    pub asker: Asker,
}

/// Everything that the ledger's job needs, so that it can run again.
struct Resending {
    application: String,
    id: VerificationId,
    method: Method,
    channel: Channel,
    sending: Sending,
}

impl Verifier {
    /// Sends a pending verification of the application again, to the recipient that it proves.
    ///
    /// As with a start, nothing is handed over yet when it answers. A provider that is asked whether it reaches the
    /// member is asked with the recipient alone: nothing else of the member is kept.
    ///
    /// # Errors
    ///
    /// When the application has no such verification, when it is over, when the method does not reach its recipient, when
    /// it is too soon or every send is used up, when it is more than a limit allows, when the idempotency key named
    /// another request, or when the store is busy.
    pub async fn resend(&self, application: &Application, resend: Resend) -> Result<Started, VerifyError> {
        let Resend { id, method, idempotency, asker } = resend;
        let keys = self.keys.now();
        let memo = idempotency.map(|named| Memo::new(&keys, &application.id, &named));
        if let Some(started) = recall(&self.ledger, memo.as_ref()).await? {
            return Ok(started);
        }
        let pending = self.pending(application, id.clone()).await?;
        let Offer { method, channel, providers, .. } =
            self.offer_again(application, &pending, method).await?;
        let delivery = DeliveryId::new(self.clock.now(), &self.chance);
        // Neither changes in the life of a verification.
        let (recipient, is_test) = (&pending.recipient, pending.is_test);
        let whom = (recipient, pending.member.as_ref().map(Whom::expose));
        let sends = Sends::new(&keys, application, whom, is_test, &asker);
        let sending = Sending { delivery, providers, sends, memo };
        let loaded = [(&id).into()].into_iter().chain(sending.keys()).collect();
        let resending = Resending { application: application.id.clone(), id, method, channel, sending };
        self.ledger.run(loaded, move |view, now| resending.apply(view, now)).await?
    }

    /// The application's verification of this name, if it can be sent at all.
    async fn pending(
        &self,
        application: &Application,
        id: VerificationId,
    ) -> Result<Verification, VerifyError> {
        let application = application.id.clone();
        let read = move |view: &View<'_>, now| {
            let pending = owned(view, &application, &id)?
                .and_then(|found| Ok(found.status(now).on(Event::Resend).map(|_| found)?));
            Ok(Changes::none().answer(pending))
        };
        self.ledger.run(Vec::new(), read).await?
    }

    /// The offer of the method asked for, else of the newest one: to the same recipient, or none.
    async fn offer_again(
        &self,
        application: &Application,
        pending: &Verification,
        asked: Option<Method>,
    ) -> Result<Offer, VerifyError> {
        let method = asked.unwrap_or_else(|| pending.method.clone());
        let other = |refusal| VerifyError::Unavailable(vec![refusal]);
        if method.payload != pending.method.payload {
            let detail =
                format!("the verification is proved by a `{}`: start another", pending.method.payload);
            return Err(other(Refusal::new(&method, "other_payload", detail)));
        }
        let elsewhere = || {
            let detail =
                format!("`{method}` does not reach the recipient of the verification: start another");
            other(Refusal::new(&method, "other_recipient", detail))
        };
        let person = Person::To(To(pending.recipient.as_str().to_owned()));
        match self.offer(application, &person, Some(&method), (pending.payment.is_some(), &[])).await {
            Ok(offer) if address(&offer.recipient) == address(&pending.recipient) => Ok(offer),
            Ok(_) => Err(elsewhere()),
            Err(VerifyError::Unavailable(refusals))
                if refusals.iter().any(|refusal| refusal.reason == "invalid_address") =>
            {
                Err(elsewhere())
            }
            Err(error) => Err(error),
        }
    }
}

impl Resending {
    fn apply(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Result<Started, VerifyError>>, Stop> {
        if let Some(recalled) = self.sending.recall(view)? {
            return Ok(Changes::none().answer(recalled));
        }
        let mut verification = match owned(view, &self.application, &self.id)? {
            Ok(verification) => verification,
            Err(missing) => return Ok(Changes::none().answer(Err(missing))),
        };
        if let Err(refused) = verification.resend(self.sending.delivery.clone(), now) {
            return Ok(Changes::none().answer(Err(refused.into())));
        }
        (verification.method, verification.channel) = (self.method.clone(), self.channel.clone());
        self.sending.send(view, Changes::none(), verification, Effect::Resent, now)
    }
}
