//! What is wrong with a request is told as a problem that names the field and never repeats its value.

use super::{ADA, world};
use reqwest::Method;
use serde_json::{Value, json};

const START: &str = "/v1/verifications";

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_wrong_is_named() {
    let world = world("thread").await;
    let long = "x".repeat(300);
    for (path, body, named) in [
        (START, json!({}), "member"),
        (START, json!({ "to": ADA, "member": {} }), "member"),
        (START, json!({ "to": ADA, "member_id": "42" }), "member"),
        (START, json!({ "to": 447_700_900_123_i64 }), "to"),
        (START, json!({ "to": [ADA] }), "to"),
        (START, json!({ "to": "" }), "to"),
        (START, json!({ "to": " \n" }), "to"),
        (START, json!({ "to": "x\u{0}y" }), "to"),
        (START, json!({ "to": long }), "to"),
        (START, json!({ "to": ADA, "method": "sms" }), "method"),
        (START, json!({ "to": ADA, "method": "SMS:code" }), "method"),
        (START, json!({ "to": ADA, "method": 1 }), "method"),
        (START, json!({ "to": ADA, "purpose": "Sign In" }), "purpose"),
        (START, json!({ "to": ADA, "purpose": "x".repeat(33) }), "purpose"),
        (START, json!({ "to": ADA, "locale": "en_GB; DROP" }), "locale"),
        (START, json!({ "to": ADA, "client": { "ip": "300.1.1.1" } }), "client.ip"),
        (START, json!({ "to": ADA, "client": { "port": 1 } }), "client.port"),
        (START, json!({ "to": ADA, "colour": "red" }), "colour"),
        (START, json!({ "member": { "fields": { "mobile": 447_700_900_123_i64 } } }), "member.fields.mobile"),
        (START, json!({ "member": { "fields": [] } }), "member.fields"),
        (START, json!({ "member": { "id": long } }), "member.id"),
        (START, json!({ "member": { "name": "A\u{7}da" } }), "member.name"),
        (START, json!({ "member": { "locale": "" } }), "member.locale"),
        (START, json!({ "member": { "phone": ADA } }), "member.phone"),
        (START, json!({ "member": "Ada" }), "member"),
        ("/v1/methods", json!({}), "member"),
        ("/v1/methods", json!({ "member": { "fields": null } }), "member.fields"),
        ("/v1/methods", json!([]), ""),
    ] {
        let answer = world.post(path, &body).await;
        answer.is_problem(400, "invalid-request");
        assert_eq!(fields(&answer.body), [named], "{body}: {}", answer.body);
        let told = answer.body.to_string();
        assert!(told.len() < 600 && !told.contains("7700900"), "{told}");
    }
    assert!(world.messages().is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_is_wrong_is_told_at_once() {
    let world = world("thread").await;
    let body = json!({
        "member": { "id": "", "name": "\n", "locale": "?" }, "method": "x", "purpose": "X", "client": { "ip": "" },
    });
    let answer = world.post(START, &body).await;
    assert_eq!(answer.is_problem(400, "invalid-request"), "6 fields are invalid");
    assert_eq!(
        fields(&answer.body),
        ["member.id", "member.name", "member.locale", "method", "purpose", "client.ip"]
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_without_a_code_to_compare_costs_no_check() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let path = format!("{}/checks", start.path());
    for (body, named) in [
        (json!({}), "code"),
        (json!({ "code": 123_456 }), "code"),
        (json!({ "code": null }), "code"),
        (json!({ "code": "" }), "code"),
        (json!({ "code": " - " }), "code"),
        (json!({ "code": "1".repeat(65) }), "code"),
        (json!({ "code": "1", "to": "x" }), "to"),
    ] {
        let answer = world.post(&path, &body).await;
        answer.is_problem(400, "invalid-request");
        assert_eq!(fields(&answer.body), [named], "{body}");
    }
    assert_eq!(world.get(&start.path()).await.body["checks_left"], 5);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_is_told_so() {
    let world = world("thread").await;
    for body in ["", "{", "{\"to\":}", "to=x", "{\"to\":\"\\ud800\"}", "\u{0}", "{} {}"] {
        let request = world.request(Method::POST, START).header("content-type", "application/json");
        let answer = world.ask(request.body(body)).await;
        let detail = answer.is_problem(400, "invalid-request");
        assert!(detail.starts_with("malformed JSON: "), "{body}: {detail}");
    }
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/json2"] {
        let request = world.request(Method::POST, START).header("content-type", kind);
        let answer = world.ask(request.body("{\"to\":\"x\"}")).await;
        assert!(answer.is_problem(415, "unsupported-media-type").contains("application/json"));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_unread() {
    let world = world("thread").await;
    for path in [START, "/v1/methods", "/v1/verifications/x/checks"] {
        let request = world.request(Method::POST, path).header("content-type", "application/json");
        let answer = world.ask(request.body("x".repeat(16 * 1024 + 1))).await;
        // A verification that nobody has is told before its body is looked at.
        match path {
            "/v1/verifications/x/checks" => drop(answer.is_problem(404, "verification-not-found")),
            _ => assert_eq!(answer.is_problem(413, "too-large"), "a request has at most 16384 bytes"),
        }
    }
    let deep = "[".repeat(8000);
    let request = world.request(Method::POST, START).header("content-type", "application/json");
    world.ask(request.body(deep)).await.is_problem(400, "invalid-request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_route_and_a_wrong_method_are_told() {
    let world = world("thread").await;
    for path in
        ["/", "/v1", "/v1/verification", "/v1/verifications/", "/admin", "/v1/verifications/a/b/c", "/%00"]
    {
        world.get(path).await.is_problem(404, "no-route");
    }
    for (method, path, allowed) in [
        (Method::PUT, START, "GET,HEAD,POST"),
        (Method::PUT, "/v1/methods", "POST"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::PATCH, "/v1/verifications/x", "GET,HEAD,DELETE"),
        (Method::from_bytes(b"BREW").unwrap(), START, "GET,HEAD,POST"),
    ] {
        let answer = world.ask(world.request(method, path)).await;
        answer.is_problem(405, "method-not-allowed");
        let mut told: Vec<&str> = answer.header("allow").split(',').collect();
        let mut expected: Vec<&str> = allowed.split(',').collect();
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected);
    }
    world.stop().await;
}
