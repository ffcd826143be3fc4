//! What every route has in common, and the small harness that the routes' own tests share.

use super::*;
use crate::{
    clock::{ManualClock, millis},
    config::{Draft, Environment},
    outbox::{
        OutboxParts,
        tester::TesterParts,
        tests::{capture_log, captured_log},
    },
    plugin::Workshop,
    seal::{Chance, Keys},
    store::in_memory,
    verifier::tests::{begun, verifier},
};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request},
};
use serde_json::json;
use std::path::Path;
use tower::ServiceExt as _;

/// A face without providers, at a time that stands still.
pub(super) struct House {
    pub(super) hand: ManualClock,
    pub(super) face: Arc<Face>,
}

/// An answer as a caller sees it.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) id: String,
    pub(super) body: Value,
}

pub(super) fn house() -> House {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let chance = Chance::seeded(2);
    let metrics = Arc::new(Metrics::new(hand.clock().now()));
    let outbox = Outbox::new(OutboxParts {
        templates: Arc::default(),
        providers: Arc::default(),
        ledger: in_memory(hand.clock()),
        keys: Arc::new(Keys::ephemeral(&chance).unwrap()).into(),
        clock: hand.clock(),
        chance: chance.clone(),
        prices: ArcSwap::default(),
        metrics: Arc::clone(&metrics),
    });
    let libraries: Arc<Libraries> = Arc::default();
    let tester = Tester::new(TesterParts {
        templates: Arc::default(),
        providers: Arc::default(),
        libraries: Arc::default(),
        workshop: Workshop::new(hand.clock()),
    });
    let config = Draft::parse("", Path::new("p.toml"), Environment::of([("", ""); 0])).finish(&libraries);
    let saved = Saved::new(&config.unwrap(), libraries);
    let face = Face {
        verifier: verifier(&hand),
        outbox,
        tester,
        saved: ArcSwap::from_pointee(saved),
        templates: Arc::default(),
        libraries: Arc::default(),
        changing: Mutex::default(),
        chance,
        metrics,
        webhooks: Webhooks::new(None),
    };
    House { hand, face: Arc::new(face) }
}

impl House {
    pub(super) fn face(&self) -> Arc<Face> {
        Arc::clone(&self.face)
    }

    /// A pending verification of `web` and its code.
    pub(super) async fn begun(&self) -> (String, String) {
        let (started, code) = begun(&self.face.verifier).await;
        (started.verification.id.to_string(), code)
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = router(Arc::clone(&self.face)).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let id = parts.headers["x-request-id"].to_str().unwrap().to_owned();
        if parts.headers.get("content-type").is_some_and(|kind| kind == "application/problem+json") {
            // It is another one each time, so tests compare problems without it.
            assert_eq!(body.as_object_mut().unwrap().remove("request_id"), Some(json!(id)));
        }
        Answer { status: parts.status.as_u16(), headers: parts.headers, id, body }
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn is(&self, status: u16, body: &Value) {
        assert_eq!((self.status, &self.body), (status, body));
        assert_eq!(self.headers["cache-control"], "no-store");
    }

    #[track_caller]
    pub(super) fn is_problem(&self, status: u16, name: &str) {
        assert_eq!(self.body["type"], format!("https://passrelay.dev/problems/{name}"), "{}", self.body);
        assert_eq!((self.status, &self.body["status"]), (status, &json!(status)));
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["cache-control"], "no-store");
    }
}

fn request(
    method: Method,
    key: &str,
    path: &str,
    headers: &[(&'static str, &str)],
    body: Body,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

pub(super) async fn post(house: &House, path: &str, body: &Value) -> Answer {
    post_with(house, path, body, &[]).await
}

pub(super) async fn post_with(
    house: &House,
    path: &str,
    body: &Value,
    headers: &[(&'static str, &str)],
) -> Answer {
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    house.send(request(Method::POST, "key-of-web", path, &headers, Body::from(body.to_string()))).await
}

pub(super) async fn get(house: &House, path: &str) -> Answer {
    get_as(house, "key-of-web", path).await
}

pub(super) async fn get_as(house: &House, key: &str, path: &str) -> Answer {
    house.send(request(Method::GET, key, path, &[], Body::empty())).await
}

pub(super) async fn delete(house: &House, path: &str) -> Answer {
    house.send(request(Method::DELETE, "key-of-web", path, &[], Body::empty())).await
}

pub(super) async fn put(house: &House, path: &str, body: &Value, headers: &[(&'static str, &str)]) -> Answer {
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    house.send(request(Method::PUT, "key-of-web", path, &headers, Body::from(body.to_string()))).await
}

#[tokio::test]
async fn without_a_key_of_an_application_nothing_is_said() {
    let house = house();
    let (id, _) = house.begun().await;
    for key in ["", "key-of-nobody", "key-of-web2"] {
        for (method, path) in [
            (Method::POST, "/v1/methods".to_owned()),
            (Method::POST, "/v1/verifications".to_owned()),
            (Method::GET, format!("/v1/verifications/{id}")),
            (Method::DELETE, format!("/v1/verifications/{id}")),
            (Method::POST, format!("/v1/verifications/{id}/checks")),
            (Method::GET, format!("/v1/verifications/{id}/deliveries")),
            (Method::POST, format!("/v1/verifications/{id}/deliveries")),
        ] {
            let answer = house.send(request(method, key, &path, &[], Body::from("{"))).await;
            answer.is_problem(401, "unauthorized");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    assert_eq!(get(&house, &format!("/v1/verifications/{id}")).await.body["status"], "pending");
}

/// A header that cannot be read may have named another application than the key does.
#[tokio::test]
async fn as_whom_a_caller_calls_is_said_once_and_in_text_or_not_at_all() {
    let house = house();
    let (id, _) = house.begun().await;
    let path = format!("/v1/verifications/{id}");
    let get = async |named: &[HeaderValue]| {
        let mut asked = request(Method::GET, "key-of-web", &path, &[], Body::empty());
        for name in named {
            asked.headers_mut().append("passrelay-application", name.clone());
        }
        house.send(asked).await
    };
    let (web, odd) = (HeaderValue::from_static("web"), HeaderValue::from_bytes(b"w\xe9b").unwrap());
    for named in [&[][..], std::slice::from_ref(&web)] {
        assert_eq!(get(named).await.status, 200);
    }
    get(&[HeaderValue::from_static("shop")]).await.is_problem(403, "forbidden");
    for named in [&[web.clone(), web][..], &[odd]] {
        let told = get(named).await;
        told.is_problem(400, "invalid-request");
        assert_eq!(told.body["errors"][0]["field"], "passrelay-application");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_before_it_is_read() {
    let house = house();
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let headers = [("content-type", kind)];
        let body = Body::from("{}");
        let answer = house.send(request(Method::POST, "key-of-web", "/v1/methods", &headers, body)).await;
        answer.is_problem(415, "unsupported-media-type");
    }
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    let answer =
        house.send(request(Method::POST, "key-of-web", "/v1/methods", &headers, Body::from("{"))).await;
    answer.is_problem(400, "invalid-request");
    assert!(answer.body["detail"].as_str().unwrap().starts_with("malformed JSON"), "{}", answer.body);
}

#[tokio::test]
async fn a_body_may_be_left_out_where_nothing_has_to_be_said() {
    let house = house();
    let (id, _) = house.begun().await;
    let path = format!("/v1/verifications/{id}/deliveries");
    for (kind, body, status, name) in [
        ("", "", 422, "method-unavailable"),
        ("text/plain", "", 422, "method-unavailable"),
        ("application/json", "{}", 422, "method-unavailable"),
        ("", "{}", 415, "unsupported-media-type"),
        ("application/json", " ", 400, "invalid-request"),
    ] {
        let headers = [("content-type", kind)];
        let asked = request(Method::POST, "key-of-web", &path, &headers, Body::from(body));
        house.send(asked).await.is_problem(status, name);
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let house = house();
    let padded = |bytes: usize| Body::from(format!("{:bytes$}", r#"{"member":{}}"#));
    for (bytes, status) in [(LARGEST_BODY, 200), (LARGEST_BODY + 1, 413)] {
        let headers = [("content-type", "application/json")];
        let asked = request(Method::POST, "key-of-web", "/v1/methods", &headers, padded(bytes));
        assert_eq!(house.send(asked).await.status, status, "{bytes}");
    }
    let long = json!({"member": {"fields": {"mobile": "x".repeat(257)}}});
    let told = post(&house, "/v1/methods", &long).await;
    told.is_problem(400, "invalid-request");
    assert_eq!(told.body["errors"][0]["field"], "member.fields.mobile");
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems_too() {
    let house = house();
    for path in ["/", "/v1", "/v1/verifications/", "/v2/Services", "/v1/verifications/x/y"] {
        get(&house, path).await.is_problem(404, "no-route");
    }
    let answer = get(&house, "/v1/methods").await;
    answer.is_problem(405, "method-not-allowed");
    assert_eq!(answer.headers["allow"], "POST");
}

#[tokio::test]
async fn a_handler_that_panics_costs_one_request() {
    let response = panicked(Box::new("123456"));
    assert_eq!(response.status(), 500);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("123456"));
}

#[tokio::test]
async fn a_request_is_one_line_in_the_log_without_ids_codes_and_recipients() {
    let house = house();
    let (id, code) = house.begun().await;
    capture_log();
    post(&house, &format!("/v1/verifications/{id}/checks"), &json!({"code": code})).await.is(
        200,
        &json!({
            "id": id, "status": "approved", "valid": true, "recipient": "+44•••••••123",
            "approved_at": "2023-11-14T22:13:20Z",
        }),
    );
    post(&house, "/v1/verifications", &json!({"to": "+447700900123"}))
        .await
        .is_problem(422, "method-unavailable");
    get(&house, "/+447700900123").await.is_problem(404, "no-route");
    let log = captured_log();
    let routes: Vec<(Value, Value)> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["span"]["http.route"].clone(), line["fields"]["http.status"].clone()))
        .collect();
    let route = |route: &str, status: u16| (json!(route), json!(status));
    let expected =
        [route("/v1/verifications/{id}/checks", 200), route("/v1/verifications", 422), route("none", 404)];
    assert_eq!(routes, expected);
    assert!(!log.contains(&id) && !log.contains(&code) && !log.contains("7700900"), "{log}");
}
