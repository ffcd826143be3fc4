//! The rest of a verification's life: looked at, given up, replaced.

use super::{ADA, BOTH, world};
use serde_json::json;

/// X24, X35: its id is what its state is read by; at its start it is pending.
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_can_be_looked_at() {
    let world = world("process").await;
    let start = world.begin(&json!({ "to": ADA, "purpose": "sign_in" })).await;
    let delivery = start.body["delivery"]["id"].clone();
    world.get(&start.path()).await.is(
        200,
        &json!({
            "id": start.body["id"], "status": "pending", "method": "sms:code", "purpose": "sign_in",
            "recipient": "+44•••••••123", "checks": 5, "checks_left": 5, "sends": 5, "sends_left": 4,
            "created_at": "2026-01-02T03:04:05Z",
            "resend_after": "2026-01-02T03:04:35Z", "expires_at": "2026-01-02T03:14:05Z",
            "delivery": { "id": delivery, "status": "sent" },
        }),
    );
    world.get(&format!("{}/deliveries", start.path())).await.is(
        200,
        &json!({ "deliveries": [{
            "id": delivery, "status": "sent", "provider": "dry_run", "channel": "sms",
            "recipient": "+44•••••••123", "repeated": false, "created_at": "2026-01-02T03:04:05Z",
            "settled_at": "2026-01-02T03:04:05Z", "reference": delivery,
        }] }),
    );
    assert_eq!(world.check(&start.path(), &world.code_for(ADA)).await.body["status"], "approved");
    let approved = world.get(&start.path()).await;
    assert_eq!(approved.body["approved_at"], "2026-01-02T03:04:05Z");
    assert_eq!(approved.body.get("resend_after"), None, "nothing is sent again");
    world.stop().await;
}

/// T48: it can still be looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_is_given_up_takes_no_code_and_frees_its_place() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        for _ in 0..2 {
            let canceled = world.delete(&start.path()).await;
            assert_eq!((canceled.status, &canceled.body["status"]), (200, &json!("canceled")));
        }
        let fetched = world.get(&start.path()).await;
        assert_eq!((fetched.status, &fetched.body["status"]), (200, &json!("canceled")));
        assert_eq!((&fetched.body["id"], &fetched.body["checks_left"]), (&start.body["id"], &json!(5)));
        let late = world.check(&start.path(), &world.code_for(ADA)).await;
        assert_eq!(
            late.is_problem(409, "verification-canceled"),
            "the verification was canceled: start another"
        );
        let next = world.begin(&json!({ "to": ADA })).await;
        assert_eq!(next.status, 201, "no pause is left over: {}", next.body);
        assert_ne!(next.body["id"], start.body["id"]);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_was_approved_cannot_be_given_up() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    world.check(&start.path(), &world.code_for(ADA)).await;
    world.delete(&start.path()).await.is_problem(409, "verification-approved");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_provider_is_alive_and_ready() {
    for isolation in BOTH {
        let world = world(isolation).await;
        world.get("/healthz").await.is(200, &json!({ "status": "ok" }));
        world.get("/readyz").await.is(200, &json!({ "status": "ready" }));
        world.stop().await;
    }
}

/// J24: what is missing is told, and the rest answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_only_library_is_missing_is_alive_and_not_ready() {
    let missing = super::configuration("process", "")
        .replace("[providers.dry_run]", "[providers.dry_run]\nlibrary = \"gone\"");
    let world = harness::World::start(&missing).await;
    world.get("/healthz").await.is(200, &json!({ "status": "ok" }));
    world.get("/readyz").await.is_problem(503, "not-ready");
    world.begin(&json!({ "to": ADA })).await.is_problem(422, "method-unavailable");
    assert!(world.log().contains("no library `gone` in the configured folders"), "{}", world.log());
    world.stop().await;
}
