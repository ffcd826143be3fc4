//! `GET /v1/providers`, `POST /v1/providers/{id}/free`: how every provider is, and how one is let go.

use super::test::unknown;
use crate::{
    http::{Face, Problem, openapi::Operation, shown::json},
    plugin::ProviderStatus,
};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Providers")]
struct Answer {
    /// By id.
    providers: Vec<ProviderStatus>,
}

/// What the document says of the list.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listProviders", "Lists every configured provider and how it is")
        .of_operator()
        .answer::<Answer>(200, "The providers")
}

pub(super) async fn handle(State(face): State<Arc<Face>>) -> Response {
    json(StatusCode::OK, &Answer { providers: face.tester.providers().status() })
}

/// What the document says of letting one go.
pub(super) fn told_free(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("freeProvider", "Forgets what a provider did: one that is quarantined gets messages again")
        .of_operator()
        .at::<String>("The provider's id", "dry_run")
        .problem(404, "provider-not-found")
        .answer::<ProviderStatus>(200, "The provider afterwards")
}

pub(super) async fn free(
    State(face): State<Arc<Face>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| unknown("there is no provider of that id"))?;
    let freed = face.tester.free(&id).ok_or_else(|| unknown(format!("there is no provider `{id}`")))?;
    tracing::info!(provider.id = id, "an operator freed a provider");
    Ok(json(StatusCode::OK, &freed))
}
