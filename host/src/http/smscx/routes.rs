//! Every route of the face, and what stands around each request: whatever happens is told as SMS.CX would tell it.

use super::{Refused, cancel, check, start, status, token};
use crate::{
    clock::Stopwatch,
    http::{Face, LARGEST_BODY, LONGEST, not_stored, trace},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use std::{sync::Arc, time::Duration};
use tower_http::catch_panic::CatchPanicLayer;

/// What is mounted under `/otp`.
pub(in crate::http) fn otp(face: Arc<Face>) -> Router {
    let routes = Router::new()
        .route("/", post(start::handle))
        .route("/{otp}", get(status::handle).post(check::handle).delete(cancel::handle));
    dressed(routes, face)
}

/// What is mounted under `/oauth`.
pub(in crate::http) fn oauth(face: Arc<Face>) -> Router {
    dressed(Router::new().route("/token", post(token::handle)), face)
}

fn dressed(routes: Router<Arc<Face>>, face: Arc<Face>) -> Router {
    routes
        .fallback(async || Refused::plain(StatusCode::NOT_FOUND, "not_found", "nothing answers here"))
        .method_not_allowed_fallback(async || {
            let message = "the route answers to other methods";
            Refused::plain(StatusCode::METHOD_NOT_ALLOWED, "invalid_method", message)
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(LONGEST, limit))
        .layer(middleware::map_response(not_stored))
        .layer(middleware::from_fn(timed))
        .layer(middleware::from_fn_with_state(Arc::clone(&face), trace::log))
        .with_state(face)
}

/// Ends a request that takes too long, its body included. Real time: it guards the server, not a rule.
pub(super) async fn limit(
    axum::extract::State(longest): axum::extract::State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    let answer = tokio::time::timeout(longest, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let message = "the request took too long";
        Refused::plain(StatusCode::SERVICE_UNAVAILABLE, "server_error", message).into_response()
    })
}

/// Says how long the answer took, in milliseconds.
async fn timed(request: Request, next: Next) -> Response {
    let took = Stopwatch::start();
    let mut response = next.run(request).await;
    let value = HeaderValue::try_from(format!("{}ms", took.elapsed().as_millis()));
    response
        .headers_mut()
        .extend(value.ok().map(|value| (HeaderName::from_static("x-response-time"), value)));
    response
}

/// A handler that panics costs one request. What it said may hold anything, so it is not repeated.
pub(super) fn panicked(_said: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request's handler panicked");
    Refused::internal().into_response()
}
