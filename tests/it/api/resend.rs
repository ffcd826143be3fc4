//! A start while one is pending: the same again after a pause, or another in its place.

use super::{ADA, BOTH, configuration, world};
use harness::World;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_after_the_pause_sends_the_same_code_again() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        let code = world.code_for(ADA);
        world.clock.advance(Duration::from_millis(29_001));
        let soon = world.begin(&json!({ "to": ADA })).await;
        assert_eq!(soon.is_problem(429, "resend-too-soon"), "the pause since the last message is not over");
        assert_eq!(soon.header("retry-after"), "1");
        assert_eq!(world.messages().len(), 1);

        world.clock.advance(Duration::from_millis(999));
        let again = world.begin(&json!({ "to": ADA })).await;
        let delivery = again.body["delivery"]["id"].clone();
        again.is(
            201,
            &json!({
                "id": start.body["id"], "status": "pending", "method": "sms:code", "recipient": "+44•••••••123",
                "checks": 5, "checks_left": 5, "sends": 5, "sends_left": 3,
            "created_at": "2026-01-02T03:04:05Z",
                "resend_after": "2026-01-02T03:05:05Z", "expires_at": "2026-01-02T03:14:05Z",
                "delivery": { "id": delivery, "status": "sent" },
            }),
        );
        assert_eq!((world.messages().len(), world.code_for(ADA)), (2, code.clone()));
        assert_eq!(world.deliveries(&start.path()).await.len(), 2);
        assert_eq!(world.check(&start.path(), &code).await.body["valid"], true);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_send_is_used_up_only_time_helps() {
    let policy = "\n[applications.web.code]\nsends = 2\npause = \"0s\"\nlifetime = \"1m\"\n";
    let world = World::start(&(configuration("thread", "") + policy)).await;
    for left in [1, 0] {
        assert_eq!(world.begin(&json!({ "to": ADA })).await.body["sends_left"], left);
    }
    let refused = world.begin(&json!({ "to": ADA })).await;
    refused.is_problem(429, "sends-used-up");
    assert_eq!(refused.header("retry-after"), "60");
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.begin(&json!({ "to": ADA })).await.body["sends_left"], 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_code_on_resend_makes_the_old_one_wrong() {
    let policy = "\n[applications.web.code]\nfresh_on_resend = true\npause = \"0s\"\n";
    let world = World::start(&(configuration("process", "") + policy)).await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let old = world.code_for(ADA);
    assert_eq!(world.begin(&json!({ "to": ADA })).await.body["id"], start.body["id"]);
    let new = world.code_for(ADA);
    assert_ne!(old, new);
    assert_eq!(world.check(&start.path(), &old).await.body["valid"], false);
    assert_eq!(world.check(&start.path(), &new).await.body["valid"], true);
    world.stop().await;
}

/// T41: an SMS and a call to one number are one proof with one code: alternating gets round neither the pause nor the budget of sends.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_by_another_method_to_the_same_number_is_a_resend_by_it() {
    let offered = "\"email:code\", \"sms:code\"";
    let methods = configuration("process", "").replace(offered, &format!("{offered}, \"call:code\""));
    let world = World::start(&methods).await;
    let by_sms = world.begin(&json!({ "to": ADA, "method": "sms:code" })).await;
    let code = world.code_for(ADA);
    let asked = json!({ "to": ADA, "method": "call:code" });
    world.begin(&asked).await.is_problem(429, "resend-too-soon");
    world.clock.advance(Duration::from_secs(30));
    let by_call = world.begin(&asked).await;
    assert_eq!(by_call.body["id"], by_sms.body["id"]);
    assert_eq!((&by_call.body["method"], &by_call.body["sends_left"]), (&json!("call:code"), &json!(3)));
    let channels: Vec<_> = world.messages().iter().map(|message| message["channel"].clone()).collect();
    assert_eq!((channels, world.code_for(ADA)), (vec![json!("sms"), json!("call")], code.clone()));
    let deliveries = world.deliveries(&by_sms.path()).await;
    assert_eq!((&deliveries[0]["channel"], &deliveries[1]["channel"]), (&json!("sms"), &json!("call")));
    assert_eq!(world.check(&by_sms.path(), &code).await.body["valid"], true);
    world.stop().await;
}

/// Another recipient is another proof with another code.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_to_another_recipient_cancels_the_pending_one() {
    let world = world("thread").await;
    let member = json!({ "id": "42", "fields": { "mobile": ADA, "email": "ada@example.com" } });
    let by_sms = world.begin(&json!({ "member": member, "method": "sms:code" })).await;
    let by_email = world.begin(&json!({ "member": member, "method": "email:code" })).await;
    assert_ne!(by_sms.body["id"], by_email.body["id"]);
    let sms_code = world.code_for(ADA);
    world.check(&by_sms.path(), &sms_code).await.is_problem(409, "verification-canceled");
    assert_ne!(sms_code, world.code_for("ada@example.com"));
    let approved = world.check(&by_email.path(), &world.code_for("ada@example.com")).await;
    assert_eq!(approved.body["recipient"], "a•••@example.com");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_purpose_and_another_application_have_a_verification_of_their_own() {
    let world = world("thread").await;
    let mut ids = Vec::new();
    for purpose in ["sign_in", "register", "generic"] {
        ids.push(world.begin(&json!({ "to": ADA, "purpose": purpose })).await.body["id"].clone());
    }
    let other = world.bare(reqwest::Method::POST, "/v1/verifications").bearer_auth("key-of-other-0123456789");
    ids.push(
        world.ask(other.header("prefer", "wait=30").json(&json!({ "to": ADA }))).await.body["id"].clone(),
    );
    assert_eq!(world.messages().len(), 4);
    for id in &ids[..3] {
        let found = world.get(&format!("/v1/verifications/{}", id.as_str().unwrap())).await;
        assert_eq!(found.body["status"], "pending");
    }
    ids.dedup();
    assert_eq!(ids.len(), 4);
    world.stop().await;
}

/// Two starts at one moment are one verification and one message.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_starts_at_once_one_sends() {
    let world = world("thread").await;
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let start = world.request(reqwest::Method::POST, "/v1/verifications");
        starts.spawn(start.header("prefer", "wait=30").json(&json!({ "to": ADA })).send());
    }
    let mut sent = 0;
    for response in starts.join_all().await {
        let answer = world.hear(response.unwrap()).await;
        if answer.status == 201 {
            sent += 1;
        } else {
            answer.is_problem(429, "resend-too-soon");
        }
    }
    assert_eq!((sent, world.messages().len()), (1, 1));
    world.stop().await;
}
