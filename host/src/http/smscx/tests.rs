//! The face over its own routes, without a socket: what is asked and what is told, to the letter.

use super::{body::Fields, routes, token::Asked, wanted::Wanted, *};
use crate::{
    application::{Alphabet, Application, Bounds, narrow},
    http::{
        Face,
        tests::{House, house},
    },
    template::Templates,
    verifier::{NewApiKey, Scope},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    middleware,
    response::IntoResponse as _,
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tower::ServiceExt as _;

mod life;
mod parameters;
mod tokens;

const KEY: (&str, &str) = ("x-api-key", "key-of-web");

/// An answer as a caller sees it.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// An error of this status, type and code, in the one shape that there is.
    #[track_caller]
    fn is(&self, status: u16, kind: &str, code: u16) {
        let error = self.body["error"].as_object().unwrap_or_else(|| panic!("{}", self.body));
        assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "message", "type", "uri"]);
        let uri = format!("https://passrelay.dev/problems/smscx-{code}");
        let told = (self.status, &error["type"], &error["code"], &error["uri"]);
        assert_eq!(told, (status, &json!(kind), &json!(code), &json!(uri)), "{}", self.body);
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        self.is_dressed();
    }

    #[track_caller]
    fn is_dressed(&self) {
        assert_eq!(
            (&self.headers["content-type"], &self.headers["cache-control"]),
            (
                &header::HeaderValue::from_static("application/json"),
                &header::HeaderValue::from_static("no-store"),
            )
        );
        assert!(self.headers["x-response-time"].to_str().unwrap().ends_with("ms"));
        assert_eq!(self.headers["x-request-id"].len(), 32);
    }
}

/// What stands under `/otp` and `/oauth` of a face, as the listener mounts it.
fn mounted(face: &Arc<Face>) -> Router {
    Router::new().nest_service("/otp", otp(Arc::clone(face))).nest_service("/oauth", oauth(Arc::clone(face)))
}

async fn ask(house: &House, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = mounted(&house.face()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn post(house: &House, path: &str, body: &Value) -> Answer {
    let json = ("content-type", "application/json");
    ask(house, Method::POST, path, &[KEY, json], &body.to_string()).await
}

async fn check(house: &House, id: &str, pin: &str) -> Answer {
    post(house, &format!("/otp/{id}"), &json!({ "pin": pin })).await
}

async fn form(house: &House, headers: &[(&str, &str)], body: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let headers: Vec<_> = [kind].into_iter().chain(headers.iter().copied()).collect();
    ask(house, Method::POST, "/oauth/token", &headers, body).await
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// The OTP of a pending verification of `web`, and its code.
async fn begun(house: &House) -> (String, String) {
    let (id, code) = house.begun().await;
    (named::otp_id(&id.parse().unwrap()), code)
}

#[tokio::test]
async fn whatever_goes_wrong_is_told_in_the_words_of_sms_cx() {
    let house = house();
    let (post, json) = (Method::POST, ("content-type", "application/json"));
    let large = format!("{{\"to\": \"{}\"}}", "1".repeat(20_000));
    for (method, path, headers, body, status, kind, code) in [
        (Method::GET, "/otp/1/2", vec![KEY], "", 404, "not_found", 404),
        (Method::GET, "/oauth/nothing", vec![], "", 404, "not_found", 404),
        (Method::GET, "/otp", vec![KEY], "", 405, "invalid_method", 405),
        (Method::PUT, "/otp/1", vec![KEY], "", 405, "invalid_method", 405),
        (Method::GET, "/oauth/token", vec![], "", 405, "invalid_method", 405),
        (post.clone(), "/otp", vec![KEY], "{}", 415, "invalid_body", 415),
        (post.clone(), "/otp", vec![KEY, ("content-type", "text/plain")], "{}", 415, "invalid_body", 415),
        (post.clone(), "/oauth/token", vec![json], "{}", 415, "invalid_body", 415),
        (post.clone(), "/otp", vec![KEY, json], "{", 400, "invalid_body", 400),
        (post.clone(), "/otp", vec![KEY, json], "[]", 400, "invalid_body", 400),
        (post.clone(), "/otp", vec![KEY, json], "\u{fffd}", 400, "invalid_body", 400),
        (post.clone(), "/otp", vec![KEY, json], &large, 413, "invalid_body", 413),
        (post.clone(), "/otp", vec![json], "{}", 401, "invalid_api_key", 401),
        (post.clone(), "/otp", vec![json, ("x-api-key", "another")], "{}", 401, "invalid_api_key", 401),
        (post.clone(), "/otp", vec![json, KEY, KEY], "{}", 401, "invalid_api_key", 401),
        (post.clone(), "/otp", vec![json, ("authorization", "Bearer x")], "{}", 401, "invalid_client", 401),
        (
            post.clone(),
            "/otp",
            vec![json, KEY, ("authorization", "Basic x")],
            "{}",
            401,
            "invalid_client",
            401,
        ),
        (Method::GET, "/otp/1", vec![KEY], "", 404, "not_found", 2021),
        (Method::GET, "/otp/019b7c2f-8d60-7000-9a3f-2b1c4d5e6f70", vec![KEY], "", 404, "not_found", 2021),
        (Method::DELETE, "/otp/019b7c2f-8d60-7000-9a3f-2b1c4d5e6f70", vec![KEY], "", 404, "not_found", 2021),
    ] {
        let answer = ask(&house, method.clone(), path, &headers, body).await;
        assert_eq!(answer.status, status, "{method} {path} {headers:?}");
        answer.is(status, kind, code);
    }
    // No provider is there, so nothing reaches anybody.
    let answer = self::post(&house, "/otp", &json!({ "phoneNumber": "+447700900123" })).await;
    answer.is(403, "no_coverage", 1119);
    assert_eq!(answer.body["error"]["message"], "no provider of this server reaches the number by SMS");
}

#[tokio::test]
async fn a_panic_and_a_request_that_takes_too_long_are_told_in_the_same_shape() {
    async fn read(response: axum::response::Response) -> (u16, Value) {
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
    let (status, body) = read(routes::panicked(Box::new("x"))).await;
    assert_eq!((status, &body["error"]["type"]), (500, &json!("server_error")));
    let late: Router = Router::new()
        .route("/", get(async || std::future::pending::<()>().await))
        .layer(middleware::from_fn_with_state(Duration::from_millis(1), routes::limit));
    let response = late.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let (status, body) = read(response).await;
    assert_eq!((status, &body["error"]["type"]), (503, &json!("server_error")));
    let busy = Refused::of(crate::store::LedgerError::Busy.into(), crate::clock::millis(0)).into_response();
    assert_eq!(
        (busy.status(), &busy.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &header::HeaderValue::from_static("1"))
    );
}
