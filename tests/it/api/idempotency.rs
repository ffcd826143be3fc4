//! `Idempotency-Key`: a lost answer again, and nothing done twice.

use super::{ADA, BOTH, world, wrong};
use serde_json::json;
use std::time::Duration;

const START: &str = "/v1/verifications";

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_the_same_key_is_answered_again_and_sends_nothing() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let key = [("idempotency-key", "\"a-1\""), ("prefer", "wait=30")];
        let first = world.post_with(START, &json!({ "to": ADA, "purpose": "sign_in" }), &key).await;
        world.clock.advance(Duration::from_mins(5));
        let again = world.post_with(START, &json!({ "purpose": "sign_in", "to": ADA }), &key).await;
        assert_eq!((again.status, &again.body["id"]), (201, &first.body["id"]));
        assert_eq!(again.body["expires_at"], first.body["expires_at"]);
        assert_eq!(again.body["delivery"], first.body["delivery"], "it says what became of the message");
        assert_eq!((first.header("preference-applied"), again.header("preference-applied")), ("wait=30", ""));
        assert_eq!(world.messages().len(), 1);
        world.stop().await;
    }
}

/// Whatever became of the verification meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_did_not_wait_is_given_again_to_the_letter() {
    let world = world("thread").await;
    let (start, key) = (json!({ "to": ADA, "purpose": "sign_in" }), [("idempotency-key", "a-1")]);
    let first = world.post_with(START, &start, &key).await;
    world.deliveries(&first.path()).await;
    world.clock.advance(Duration::from_mins(1));
    let (check, right) = (format!("{}/checks", first.path()), json!({ "code": world.code_for(ADA) }));
    let approved = world.post_with(&check, &right, &[("idempotency-key", "right")]).await;
    world.clock.advance(Duration::from_hours(1));
    for (first, again) in [
        (&first, world.post_with(START, &start, &key).await),
        (&approved, world.post_with(&check, &right, &[("idempotency-key", "right")]).await),
    ] {
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("content-length"), first.header("content-length"));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_named_another_request_is_refused() {
    let world = world("thread").await;
    let key = [("idempotency-key", "a-1")];
    let start = world.post_with(START, &json!({ "to": ADA }), &key).await;
    let other = world.post_with(START, &json!({ "to": "+447700900999" }), &key).await;
    other.is_problem(422, "idempotency-key-reused");
    let check = format!("{}/checks", start.path());
    world.post_with(&check, &json!({ "code": "1" }), &key).await.is_problem(422, "idempotency-key-reused");
    world.deliveries(&start.path()).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_with_the_same_key_is_answered_again_and_spends_nothing() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let (check, code) = (format!("{}/checks", start.path()), world.code_for(ADA));
    for _ in 0..3 {
        let answer =
            world.post_with(&check, &json!({ "code": wrong(&code) }), &[("idempotency-key", "wrong")]).await;
        assert_eq!(answer.body["checks_left"], 4);
    }
    let right = [("idempotency-key", "right")];
    let first = world.post_with(&check, &json!({ "code": code }), &right).await;
    world.clock.advance(Duration::from_hours(1));
    let again = world.post_with(&check, &json!({ "code": code }), &right).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let without = world.check(&start.path(), &code).await;
    without.is_problem(409, "verification-approved");
    world.stop().await;
}

/// A key belongs to its application: another's may be the same.
#[tokio::test(flavor = "multi_thread")]
async fn two_applications_may_use_the_same_key() {
    let world = world("thread").await;
    let mine = world.post_with(START, &json!({ "to": ADA }), &[("idempotency-key", "a-1")]).await;
    let other = world.bare(reqwest::Method::POST, START).bearer_auth("key-of-other-0123456789");
    let theirs = world.ask(other.header("idempotency-key", "a-1").json(&json!({ "to": ADA }))).await;
    assert_eq!((mine.status, theirs.status), (201, 201));
    assert_ne!(mine.body["id"], theirs.body["id"]);
    world.deliveries(&mine.path()).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_names_its_header() {
    let world = world("thread").await;
    for key in ["", "\"", "\"a", "a b", "a,b", &"k".repeat(256)] {
        let answer = world.post_with(START, &json!({ "to": ADA }), &[("idempotency-key", key)]).await;
        answer.is_problem(400, "invalid-request");
        assert_eq!(answer.body["errors"][0]["field"], "Idempotency-Key", "{key}");
    }
    assert!(world.messages().is_empty());
    world.stop().await;
}
