//! What stands around every request: one line in the log, and an end to its patience.

use super::{
    Face, Problem,
    problem::ProblemName,
    request_id::{HEADER, RequestId},
};
use crate::clock::Stopwatch;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::{sync::Arc, time::Duration};
use tracing::Instrument as _;

/// Ends a request that takes too long, its body included. Real time: it guards the server, not a rule.
pub(super) async fn limit(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(longest, next.run(request)).await.unwrap_or_else(|_| {
        let detail = "the request took too long";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timed-out", "timed out", detail).into_response()
    })
}

/// Names the request and logs method, route, status and time: never a path with its ids, never a body.
pub(super) async fn log(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let id = RequestId::of(request.headers(), &face.chance);
    let method = word(request.method());
    // Of the highest level, so that whatever is logged within says which request it was, however little is logged.
    let span =
        tracing::error_span!("request", request.id = id.as_str(), http.method = method, http.route = route);
    let took = Stopwatch::start();
    let mut response = id.cover(next.run(request).instrument(span.clone())).await;
    response.headers_mut().extend(id.header().map(|id| (HEADER, id)));
    let took = took.elapsed();
    let (status, latency_ms) = (response.status().as_u16(), took.as_millis());
    face.metrics.request(method, route, status, took);
    if let Some(ProblemName(problem)) = response.extensions().get() {
        face.metrics.problem(method, route, problem);
    }
    span.in_scope(|| tracing::info!(http.status = status, latency_ms, "request answered"));
    response
}

/// A method's name; a stranger's own words do not reach the log.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        _ => "other",
    }
}
