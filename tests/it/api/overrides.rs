//! `policy` of a start: another policy than the application's, within its bounds.

use super::{ADA, configuration, wrong};
use harness::World;
use serde_json::json;
use std::time::Duration;

const BOUNDS: &str = "\n[applications.web.bounds]\nlength = { least = 6, most = 8 }\nlifetime = { most = \"30m\" }\n\
                      alphabets = [\"numeric\", \"letters\"]\n";

/// X17, X7, X10–X12, X27–X29, X31, X32, S29, S30, T23: what a request says goes before what the application has.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_may_say_how_its_code_is_made_and_how_often_it_is_sent_and_checked() {
    let world = World::start(&(configuration("process", "") + BOUNDS)).await;
    let policy = json!({
        "length": 8, "alphabet": "letters", "lifetime": "5m", "checks": 3, "sends": 3, "pause": "10s",
        "fresh_on_resend": true,
    });
    let asked = json!({ "to": ADA, "policy": policy });
    let start = world.begin(&asked).await;
    let delivery = start.body["delivery"]["id"].clone();
    start.is(
        201,
        &json!({
            "id": start.body["id"], "status": "pending", "method": "sms:code", "recipient": "+44•••••••123",
            "checks": 3, "checks_left": 3, "sends": 3, "sends_left": 2, "resend_after": "2026-01-02T03:04:15Z",
            "created_at": "2026-01-02T03:04:05Z", "expires_at": "2026-01-02T03:09:05Z",
            "delivery": { "id": delivery, "status": "sent" },
        }),
    );
    let first = world.code_for(ADA);
    assert!(first.len() == 8 && first.bytes().all(|byte| byte.is_ascii_uppercase()), "{first}");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(world.begin(&asked).await.body["id"], start.body["id"], "the same policy: a resend");
    let second = world.code_for(ADA);
    assert_ne!(first, second);
    let old = world.check(&start.path(), &first).await;
    assert_eq!((&old.body["valid"], &old.body["checks_left"]), (&json!(false), &json!(2)));
    assert_eq!(world.check(&start.path(), &second.to_lowercase()).await.body["valid"], true);
    world.stop().await;
}

/// T7, X13, T27: the time of one start is its own, and another start does not lengthen it.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_life_ends_on_time_and_is_not_lengthened_by_a_resend() {
    let world = World::start(&configuration("thread", "")).await;
    let asked = json!({ "to": ADA, "policy": { "lifetime": "1m" } });
    let start = world.begin(&asked).await;
    world.clock.advance(Duration::from_secs(30));
    let again = world.begin(&asked).await;
    assert_eq!(again.body["expires_at"], start.body["expires_at"]);
    world.clock.advance(Duration::from_secs(30));
    world.check(&start.path(), &world.code_for(ADA)).await.is_problem(409, "verification-expired");
    assert_eq!(world.get(&start.path()).await.body["status"], "expired");
    world.stop().await;
}

/// Another policy is another verification: the pending one is canceled.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_another_policy_takes_the_pending_ones_place() {
    let world = World::start(&configuration("thread", "")).await;
    let plain = world.begin(&json!({ "to": ADA })).await;
    let other = world.begin(&json!({ "to": ADA, "policy": { "checks": 4 } })).await;
    assert_ne!(plain.body["id"], other.body["id"]);
    assert_eq!(world.get(&plain.path()).await.body["status"], "canceled");
    world.clock.advance(Duration::from_secs(30));
    let same = world.begin(&json!({ "to": ADA, "policy": { "checks": 4 } })).await;
    assert_eq!(same.body["id"], other.body["id"]);
    world.stop().await;
}

/// T25
#[tokio::test(flavor = "multi_thread")]
async fn a_start_may_ask_to_be_checked_once() {
    let world = World::start(&configuration("thread", "")).await;
    let start = world.begin(&json!({ "to": ADA, "policy": { "check_once": true } })).await;
    assert_eq!((&start.body["checks"], &start.body["checks_left"]), (&json!(1), &json!(1)));
    let code = world.code_for(ADA);
    assert_eq!(world.check(&start.path(), &wrong(&code)).await.body["status"], "exhausted");
    world.check(&start.path(), &code).await.is_problem(409, "verification-exhausted");
    world.stop().await;
}

/// What an application does not allow is told with its field, the bounds, and where they stand; nothing starts.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_bounds_is_told_all_at_once_and_starts_nothing() {
    let world = World::start(&(configuration("thread", "") + BOUNDS)).await;
    let policy =
        json!({ "length": 9, "alphabet": "alphanumeric", "lifetime": "31m", "checks": 11, "sends": 0 });
    let refused = world.begin(&json!({ "to": ADA, "policy": policy })).await;
    refused.is_problem(400, "invalid-request");
    let errors = refused.body["errors"].as_array().unwrap();
    let detail = |field: &str| errors.iter().find(|error| error["field"] == field).unwrap()["detail"].clone();
    let told = |allowed: &str, key: &str| {
        json!(format!(
            "expected {allowed}: application `web` allows no other (`applications.web.bounds.{key}`)"
        ))
    };
    assert_eq!(detail("policy.length"), told("6 to 8", "length"));
    assert_eq!(detail("policy.alphabet"), told("`numeric` or `letters`", "alphabets"));
    assert_eq!(detail("policy.lifetime"), told("1m to 30m", "lifetime"));
    assert_eq!(detail("policy.checks"), told("1 to 10", "checks"));
    assert_eq!(detail("policy.sends"), told("1 to 10", "sends"));
    assert_eq!((errors.len(), world.messages().len()), (5, 0));
    world.stop().await;
}
