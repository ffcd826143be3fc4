//! Every route of the face, and what stands around each request: whatever happens is told as Twilio would tell it.

use super::{
    Refused, attempts, challenges, entities, factors, lookups, not_here, rate_limits, safe_list,
    services::{create, fetch, list, remove, update},
    verification_check, verifications,
};
use crate::http::{Face, LARGEST_BODY, LONGEST, not_stored, trace};
use axum::{
    Router,
    extract::{DefaultBodyLimit, OriginalUri, Request},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// What is mounted under `/v2`.
pub(in crate::http) fn router(face: Arc<Face>) -> Router {
    routes()
        .fallback(no_route)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(limit))
        .layer(middleware::map_response(not_stored))
        .layer(middleware::from_fn_with_state(Arc::clone(&face), trace::log))
        .with_state(face)
}

fn routes() -> Router<Arc<Face>> {
    Router::new()
        .merge(entities::routes())
        .merge(factors::routes())
        .merge(challenges::routes())
        .route("/Services", get(list::handle).post(create::handle))
        .route("/Services/{service}", get(fetch::handle).post(update::handle).delete(remove::handle))
        .route("/Services/{service}/Verifications", post(verifications::create::handle))
        .route(
            "/Services/{service}/Verifications/{verification}",
            get(verifications::fetch::handle).post(verifications::update::handle),
        )
        .route("/Services/{service}/VerificationCheck", post(verification_check::handle))
        .route(
            "/Services/{service}/RateLimits",
            get(rate_limits::list::handle).post(rate_limits::create::handle),
        )
        .route(
            "/Services/{service}/RateLimits/{limit}",
            get(rate_limits::fetch).post(rate_limits::update).delete(rate_limits::remove),
        )
        .route(
            "/Services/{service}/RateLimits/{limit}/Buckets",
            get(rate_limits::buckets::list).post(rate_limits::buckets::create),
        )
        .route(
            "/Services/{service}/RateLimits/{limit}/Buckets/{bucket}",
            get(rate_limits::buckets::fetch)
                .post(rate_limits::buckets::update)
                .delete(rate_limits::buckets::remove),
        )
        .route("/Attempts", get(attempts::list::handle))
        .route("/Attempts/Summary", get(attempts::summary::handle))
        .route("/Attempts/{attempt}", get(attempts::fetch::handle))
        .route("/PhoneNumbers/{number}", get(lookups::handle))
        .route("/SafeList/Numbers", post(safe_list::add))
        .route("/SafeList/Numbers/{number}", get(safe_list::fetch).delete(safe_list::remove))
        .merge(not_here::routes())
}

async fn no_route(OriginalUri(uri): OriginalUri) -> Refused {
    Refused::not_found(uri.path())
}

async fn other_method() -> Refused {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, 20004, "Method not allowed")
}

/// Ends a request that takes too long, its body included. Real time: it guards the server, not a rule.
async fn limit(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(LONGEST, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, 20503, "The request took too long").into_response()
    })
}

/// A handler that panics costs one request. What it said may hold anything, so it is not repeated.
fn panicked(_said: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request's handler panicked");
    Refused::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use serde_json::Value;

    /// A panic is told in Twilio's shape, and nothing of what it said.
    #[tokio::test]
    async fn a_panic_is_told_in_twilios_shape() {
        let response = panicked(Box::new("the code is 123456"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (body["code"].as_u64(), body["status"].as_u64(), body.get("type")),
            (Some(20500), Some(500), None)
        );
        assert!(!body.to_string().contains("123456"));
    }
}
