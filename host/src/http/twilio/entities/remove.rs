//! `DELETE /v2/Services/{sid}/Entities/{identity}`: forgets an entity with its factors and challenges.

use super::identity;
use crate::http::{
    Face,
    twilio::{Refused, auth::Called},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use std::sync::Arc;

pub(super) async fn handle(State(face): State<Arc<Face>>, called: Called) -> Result<Response, Refused> {
    let removed = face.verifier.remove_entity(&called.service.application, &identity(&called)?).await;
    removed.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
