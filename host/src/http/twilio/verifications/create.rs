//! `POST /v2/Services/{sid}/Verifications`: starts a verification, or sends the pending one again (T29-T38, T41).

use super::{
    asked::{self, Asked},
    channel,
    shown::{Attempt, Shown, State},
};
use crate::{
    http::{
        Face, sent,
        shown::json,
        twilio::{Refused, auth::Called, form::Form, page::Base},
    },
    limit::Standing,
    verifier::{Effect, Start, Started, VerifyError, limits::PER_CALLER},
};
use axum::{extract::State as Of, http::StatusCode, response::Response};
use provider_api::Channel;
use std::sync::Arc;

pub(in crate::http::twilio) async fn handle(
    Of(face): Of<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let asked = asked::read(&face.verifier, &called, &form)?;
    let Asked { start, otherwise, channel: asked, to, is_unplanned, within } = asked;
    if is_unplanned {
        let is_safe = face.verifier.is_on_safe_list(to.clone()).await;
        if !is_safe.map_err(|error| Refused::of(error, &called.path))? {
            return Err(Refused::invalid("To", "no country has such a number"));
        }
    }
    let is_auto = start.method.is_none();
    let (handed, application) = (Arc::clone(&face), Arc::clone(&called.service.application));
    let own = within.own.clone();
    let work = async move {
        let second = otherwise.map(|method| Start { method: Some(method), ..start.clone() });
        match (handed.verifier.start_within(&application, start, within.clone()).await, second) {
            (Err(VerifyError::Unavailable(_)), Some(second)) => {
                handed.verifier.start_within(&application, second, within).await
            }
            (started, _) => started,
        }
    };
    let (started, _settling) = sent::carried(&face, work).await.map_err(|error| match error {
        VerifyError::Unavailable(_) if is_auto => {
            let message = "no channel of the Service reaches this recipient";
            Refused::new(StatusCode::BAD_REQUEST, 60550, message)
        }
        VerifyError::Limited(exceeded) if exceeded.violated.first() == Some(&PER_CALLER) => {
            // The limits of the caller's own come first, in the order in which they were named.
            let at = exceeded.standings.iter().position(Standing::is_used_up);
            let name = at.and_then(|at| own.get(at)).map_or(PER_CALLER, |limit| &limit.name);
            Refused::used_up(name, exceeded.wait)
        }
        error => Refused::of(error, &called.path),
    })?;
    let Started { verification, delivery, effect, .. } = started;
    if effect == Effect::Resent {
        // The sends before this one are told with it, and are not at hand here.
        let fetched = face.verifier.fetch(&called.service.application, verification.id).await;
        let fetched = fetched.map_err(|error| Refused::of(error, &called.path))?;
        return Ok(json(StatusCode::CREATED, &Shown::of(&called, &base, &fetched)));
    }
    let carried = face.verifier.channel_of(&verification.method);
    let carried = carried.as_ref().map_or(verification.method.target.as_str(), Channel::as_str);
    let channel = channel::as_asked(Some(&asked), carried);
    let sends = delivery.iter().map(|id| Attempt::new(id, channel, verification.created_at)).collect();
    let state = State {
        id: verification.id,
        status: verification.status,
        payment: verification.payment,
        created_at: verification.created_at,
        updated_at: verification.created_at,
    };
    Ok(json(StatusCode::CREATED, &Shown::new((&called, &base), (&to, channel), state, sends)))
}
