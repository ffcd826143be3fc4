//! `POST /v2/Services/{sid}/Entities/{identity}/Factors/{sid}`: verifies a factor with its first code, or changes it.

use super::{auth_payload, friendly_name, id, settings, shown::Shown};
use crate::{
    http::{
        Face,
        shown::json,
        twilio::{Refused, auth::Called, entities, form::Form, page::Base},
    },
    verifier::Change,
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
    let change =
        Change { name: friendly_name(&form)?, totp: settings::change(&form)?, typed: auth_payload(&form)? };
    let changed = face.verifier.change_factor(&called.service.application, &identity, id, change).await;
    let changed = changed.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(json(StatusCode::OK, &Shown::new(&changed, &identity, &called, &base)))
}
