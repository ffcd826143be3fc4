//! `GET /healthz` and `GET /readyz`: whether the server is alive, and whether it can deliver.

use super::{Face, Problem, openapi::Operation, shown::json};
use axum::{extract::State, http::StatusCode, response::Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Health")]
struct Answer {
    /// `ok` or `ready`.
    status: &'static str,
}

/// What the document says of `/healthz`.
pub(super) fn told_alive(operation: Operation<'_>) -> Operation<'_> {
    operation.named("isAlive", "Whether the process answers").answer::<Answer>(200, "It does")
}

/// What the document says of `/readyz`.
pub(super) fn told_ready(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("isReady", "Whether the store takes writes and every application has a method that works")
        .answer::<Answer>(200, "So it is")
        .problem(503, "not-ready")
}

/// The process answers.
pub(super) async fn alive() -> Response {
    json(StatusCode::OK, &Answer { status: "ok" })
}

/// The store takes writes, and every application has a method that an open provider carries.
pub(super) async fn ready(State(face): State<Arc<Face>>) -> Result<Response, Problem> {
    let detail = if face.verifier.store_fault().is_some() {
        "the store takes no writes"
    } else if face.verifier.is_ready() {
        return Ok(json(StatusCode::OK, &Answer { status: "ready" }));
    } else {
        "an application has no method that an open provider carries"
    };
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "not ready", detail))
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{get_as, house};
    use serde_json::json;

    #[tokio::test]
    async fn health_needs_no_key_and_readiness_needs_a_provider() {
        get_as(&house(), "", "/healthz").await.is(200, &json!({"status": "ok"}));
        get_as(&house(), "", "/readyz").await.is_problem(503, "not-ready");
    }
}
