//! `code` of a start: the caller's own (T6).

use super::{ADA, BOTH, configuration, world, wrong};
use harness::World;
use serde_json::json;
use std::time::Duration;

/// T6, T49: it is delivered, it approves, and no answer says it.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_the_caller_brings_is_delivered_and_approves() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let start = world.begin(&json!({ "to": ADA, "code": "abc-1234" })).await;
        assert_eq!(start.status, 201, "{}", start.body);
        assert_eq!(world.code_for(ADA), "ABC1234");
        assert_eq!(world.check(&start.path(), &wrong("ABC1234")).await.body["checks_left"], 4);
        assert_eq!(world.check(&start.path(), "abc1234").await.body["status"], "approved");
        world.check(&start.path(), "abc1234").await.is_problem(409, "verification-approved");
        world.stop().await;
    }
}

/// The same own code again is a resend; another, or none, takes its place.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_same_own_code_is_a_resend() {
    let world = world("thread").await;
    let first = world.begin(&json!({ "to": ADA, "code": "246810" })).await;
    world.begin(&json!({ "to": ADA, "code": "24 68 10" })).await.is_problem(429, "resend-too-soon");
    world.clock.advance(Duration::from_secs(30));
    let again = world.begin(&json!({ "to": ADA, "code": "246810" })).await;
    assert_eq!((&again.body["id"], &again.body["sends_left"]), (&first.body["id"], &json!(3)));
    let other = world.begin(&json!({ "to": ADA, "code": "246811" })).await;
    assert_ne!(other.body["id"], first.body["id"]);
    world.check(&first.path(), "246810").await.is_problem(409, "verification-canceled");
    let derived = world.begin(&json!({ "to": ADA })).await;
    assert_ne!(derived.body["id"], other.body["id"]);
    assert_eq!(world.check(&derived.path(), "246811").await.body["valid"], false);
    world.stop().await;
}

/// It is 4 to 10 letters or digits, or what the application's bounds leave of that; a refusal does not repeat it.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_no_code_is_refused_without_repeating_it() {
    let bounds = "\n[applications.web.bounds]\nlength = { least = 6 }\n";
    let world = World::start(&(configuration("thread", "") + bounds)).await;
    for code in ["73519", "73519284601", "73519é", "735_192", ""] {
        let refused = world.begin(&json!({ "to": ADA, "code": code })).await;
        refused.is_problem(400, "invalid-request");
        assert_eq!(refused.body["errors"][0]["field"], "code");
        assert!(code.is_empty() || !refused.body.to_string().contains(code), "{}", refused.body);
    }
    assert!(world.messages().is_empty());
    world.stop().await;
}
