//! Does what an operator asks to its end, also for one who hangs up meanwhile.

use crate::http::{Problem, request_id::RequestId};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tracing::Instrument as _;

/// Answers in a task of its own: whoever hangs up loses the answer, and nothing stays half done. A key that is revoked in
/// the store must be gone from memory too.
pub(super) async fn whole(request: Request, next: Next) -> Response {
    let name = RequestId::current();
    let answering = async move {
        match name {
            Some(name) => name.cover(next.run(request)).await,
            None => next.run(request).await,
        }
    };
    tokio::spawn(answering.in_current_span()).await.unwrap_or_else(|_| {
        tracing::error!("an operator's request panicked");
        Problem::internal().into_response()
    })
}

#[cfg(test)]
mod tests {
    use crate::http::{
        admin_router,
        tests::{House, house},
    };
    use axum::{body::Body, http::Request};
    use serde_json::{Value, json};
    use std::{future::poll_fn, task::Poll, time::Duration};
    use tower::ServiceExt as _;

    fn request(method: &str, path: &str, body: &Value) -> Request<Body> {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        request.body(Body::from(body.to_string())).unwrap()
    }

    /// Asks and hangs up as soon as there is something to wait for.
    async fn hang_up(house: &House, method: &str, path: &str, body: &Value) {
        let mut asking = Box::pin(admin_router(house.face()).oneshot(request(method, path, body)));
        let answer = poll_fn(|context| Poll::Ready(asking.as_mut().poll(context))).await;
        assert!(answer.is_pending(), "the store was faster than the caller");
    }

    /// Whether it comes true within many turns of the runtime.
    async fn comes_true(is_so: impl Fn() -> bool) -> bool {
        for _ in 0..2_000 {
            if is_so() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_key_that_is_revoked_by_someone_who_hangs_up_is_revoked() {
        let house = house();
        let face = house.face();
        let keys = || face.verifier.directory().api_keys();
        hang_up(&house, "POST", "/v1/keys", &json!({"application": "web"})).await;
        assert!(comes_true(|| keys().len() == 1).await, "it was made");
        hang_up(&house, "DELETE", &format!("/v1/keys/{}", keys()[0].id), &json!({})).await;
        assert!(comes_true(|| keys().is_empty()).await, "it was revoked");
    }

    #[tokio::test]
    async fn a_problem_still_names_its_request() {
        let asked = request("DELETE", "/v1/keys/0", &json!({}));
        let response = admin_router(house().face()).oneshot(asked).await.unwrap();
        let name = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["status"], &body["request_id"]), (&json!(404), &json!(name)));
    }
}
