//! `DELETE /v2/Services/{sid}/Entities/{identity}/Factors/{sid}`: forgets a factor.

use super::id;
use crate::http::{
    Face,
    twilio::{Refused, auth::Called, entities},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use std::sync::Arc;

pub(super) async fn handle(State(face): State<Arc<Face>>, called: Called) -> Result<Response, Refused> {
    let (identity, id) = (entities::identity(&called)?, id(&called)?);
    let removed = face.verifier.remove_factor(&called.service.application, &identity, id).await;
    removed.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
