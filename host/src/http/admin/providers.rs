//! `GET /v1/providers`: every configured provider and how it is.

use crate::{
    http::{Face, shown::json},
    plugin::ProviderStatus,
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Answer {
    providers: Vec<ProviderStatus>,
}

pub(super) async fn handle(State(face): State<Arc<Face>>) -> Response {
    json(StatusCode::OK, &Answer { providers: face.tester.providers().status() })
}
