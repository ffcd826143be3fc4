//! `POST /v2/Services/{sid}/Entities/{identity}/Challenges/{sid}`: answers a challenge; a wrong code leaves it `pending`.

use super::{id, shown::Shown};
use crate::http::{
    Face,
    shown::json,
    twilio::{
        Refused,
        auth::Called,
        entities,
        factors::{auth_payload, metadata},
        form::Form,
        page::Base,
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let (identity, id) = (entities::identity(&called)?, id(&called)?);
    let (typed, metadata) = (auth_payload(&form)?, metadata(&form, "Metadata")?);
    if typed.is_none() && metadata.is_none() {
        return Err(Refused::invalid("AuthPayload", "expected a code, or `Metadata`, or both"));
    }
    let application = &called.service.application;
    let answered = face.verifier.answer_challenge(application, &identity, id, typed, metadata).await;
    let answered = answered.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(json(StatusCode::OK, &Shown::new(&answered.challenge, answered.at, &identity, &called, &base)))
}
