//! `POST /v2/Services/{sid}/Verifications/{sid or recipient}`: gives a verification up, or vouches for it.

use super::{named, shown::Shown};
use crate::{
    http::{
        Face,
        shown::json,
        twilio::{Refused, auth::Called, form::Form, page::Base},
    },
    verification::{Ended, Status},
    verifier::{VerifyError, Which},
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let refused = |error| Refused::of(error, &called.path);
    let (verifier, application) = (&face.verifier, &called.service.application);
    let status = form.needed("Status", 32)?;
    let id = match named(&called)? {
        Which::Named(id) => id,
        newest @ Which::Newest { .. } => {
            verifier.fetch_which(application, newest).await.map_err(refused)?.verification.id
        }
    };
    let updated = match status {
        "canceled" => match verifier.cancel(application, id.clone()).await {
            // Nothing is left to give up, and another may start at once: that is what the caller wants.
            Err(VerifyError::Ended(Ended(Status::Exhausted))) => verifier.fetch(application, id).await,
            canceled => canceled,
        },
        "approved" => verifier.vouch(application, id).await,
        _ => return Err(Refused::invalid("Status", "expected `canceled` or `approved`")),
    };
    Ok(json(StatusCode::OK, &Shown::of(&called, &base, &updated.map_err(refused)?)))
}
