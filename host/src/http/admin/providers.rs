//! `GET /v1/providers`: every configured provider and how it is.

use crate::{
    http::{Face, openapi::Operation, shown::json},
    plugin::ProviderStatus,
};
use axum::{extract::State, http::StatusCode, response::Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Providers")]
struct Answer {
    /// By id.
    providers: Vec<ProviderStatus>,
}

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listProviders", "Lists every configured provider and how it is")
        .of_operator()
        .answer::<Answer>(200, "The providers")
}

pub(super) async fn handle(State(face): State<Arc<Face>>) -> Response {
    json(StatusCode::OK, &Answer { providers: face.tester.providers().status() })
}
