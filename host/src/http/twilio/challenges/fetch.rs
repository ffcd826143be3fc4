//! `GET /v2/Services/{sid}/Entities/{identity}/Challenges/{sid}`: a challenge as it stands.

use super::{id, shown::Shown};
use crate::http::{
    Face,
    shown::json,
    twilio::{Refused, auth::Called, entities, page::Base},
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
) -> Result<Response, Refused> {
    let (identity, id) = (entities::identity(&called)?, id(&called)?);
    let found = face.verifier.fetch_challenge(&called.service.application, &identity, id).await;
    let found = found.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(json(StatusCode::OK, &Shown::new(&found.challenge, found.at, &identity, &called, &base)))
}
