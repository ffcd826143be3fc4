//! `DELETE /v2/Services/{sid}`: removes a Service, and the API keys and stored members of its application with it.

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

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
) -> Result<Response, Refused> {
    let _changing = face.changing.lock().await;
    let id = &called.service.application.id;
    face.verifier.directory().remove(id).await?;
    face.says(id, None);
    tracing::info!(application.id = id, "a Service was removed");
    Ok(StatusCode::NO_CONTENT.into_response())
}
