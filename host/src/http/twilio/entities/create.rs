//! `POST /v2/Services/{sid}/Entities`: makes an entity.

use super::shown::Shown;
use crate::{
    factor::Identity,
    http::{
        Face,
        shown::json,
        twilio::{Refused, auth::Called, form::Form, page::Base},
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
    let identity = Identity::try_from(form.needed("Identity", 256)?.to_owned())
        .map_err(|error| Refused::invalid("Identity", &error.to_string()))?;
    let made = face.verifier.make_entity(&called.service.application, identity).await;
    let entity = made.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(json(StatusCode::CREATED, &Shown::new(&entity, &called, &base)))
}
