//! `POST /v2/Services/{sid}`: says anew what a Service is; one of the configuration file is changed there.

use super::{Service, put::put, shown::Shown};
use crate::{
    http::{
        Face,
        shown::json,
        twilio::{Refused, auth::Called, form::Form, page::Base},
    },
    verifier::DirectoryError,
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let _changing = face.changing.lock().await;
    // As it is now, and not as it was when it waited for its turn.
    let found = face.verifier.directory().service(&called.service.sid).ok_or_else(|| called.missing())?;
    let id = found.application.id.clone();
    let Some(before) = found.stored.clone() else { return Err(DirectoryError::OfFile(id).into()) };
    let settings = Service::of(found).settings.with(&form)?;
    let service = put(&face, &id, Some(&before), (&form, settings)).await?;
    Ok(json(StatusCode::OK, &Shown::new(&service, &called.account, &base)))
}
