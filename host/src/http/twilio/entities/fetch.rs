//! `GET /v2/Services/{sid}/Entities/{identity}`: an entity.

use super::{identity, shown::Shown};
use crate::http::{
    Face,
    shown::json,
    twilio::{Refused, auth::Called, page::Base},
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
) -> Result<Response, Refused> {
    let found = face.verifier.entity(&called.service.application, &identity(&called)?).await;
    let entity = found.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(json(StatusCode::OK, &Shown::new(&entity, &called, &base)))
}
