//! What is wrong with a test is told by the name of its field, and nothing is sent.

use super::{ADA, world};
use reqwest::Method;
use serde_json::{Value, json};

pub(super) fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

/// J54: a number that is not strictly E.164 is refused with its reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_test_is_told_by_its_fields_and_sends_nothing() {
    let world = world("thread", "").await;
    for (body, named) in [
        (json!({}), &["to"][..]),
        (json!({ "to": 447_700_900_123_i64 }), &["to"]),
        (json!({ "to": "" }), &["to"]),
        (json!({ "to": "07700900123" }), &["to"]),
        (json!({ "to": "+44 7700 900123" }), &["to"]),
        (json!({ "to": ADA, "channel": "email" }), &["to"]),
        (json!({ "to": "ada@example.com", "channel": "sms" }), &["to"]),
        (json!({ "to": ADA, "channel": "SMS" }), &["channel"]),
        (
            json!({ "to": "", "channel": "", "purpose": "", "locale": "" }),
            &["to", "channel", "purpose", "locale"],
        ),
        (json!({ "to": ADA, "config": [] }), &["config"]),
        (json!({ "to": ADA, "code": "482913" }), &["code"]),
    ] {
        let answer = world.test("dry_run", &body).await;
        answer.is_problem(400, "invalid-request");
        assert_eq!(fields(&answer.body), named, "{body}: {}", answer.body);
    }
    let typed = world.operate(Method::POST, "/v1/providers/dry_run/tests").body("{}");
    world.ask(typed).await.is_problem(415, "unsupported-media-type");
    let large = json!({ "to": ADA, "config": { "outbox": "x".repeat(256 * 1024) } });
    world.test("dry_run", &large).await.is_problem(413, "too-large");
    assert!(world.messages().is_empty());
    world.stop().await;
}
