//! `POST /v1/verifications/{id}/deliveries`: the pending verification again, under the rules of a start that resends.

use super::{ADA, BOTH, configuration, wrong};
use harness::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

const PAUSE: Duration = Duration::from_secs(30);

/// A world whose application also calls, with this at the end of its file.
async fn calling(isolation: &str, rest: &str) -> World {
    let offered = "\"email:code\", \"sms:code\"";
    let methods = configuration(isolation, "").replace(offered, &format!("{offered}, \"call:code\""));
    World::start(&(methods + rest)).await
}

async fn resend(world: &World, path: &str, body: &Value) -> Answer {
    world.post_with(&format!("{path}/deliveries"), body, &[("prefer", "wait=30")]).await
}

/// Without a body, and without a word on what kind it would be.
async fn resend_bare(world: &World, path: &str) -> Answer {
    world.ask(world.request(Method::POST, &format!("{path}/deliveries")).header("prefer", "wait=30")).await
}

/// T41: by another method to the same recipient it is the same verification with the same code, in one pause and one
/// budget with every other send.
#[tokio::test(flavor = "multi_thread")]
async fn a_resend_by_another_method_keeps_the_verification_and_its_code() {
    for isolation in BOTH {
        let world = calling(isolation, "").await;
        let start = world.begin(&json!({ "to": ADA, "purpose": "sign_in", "locale": "de" })).await;
        let code = world.code_for(ADA);
        let by_call = json!({ "method": "call:code" });
        let soon = resend(&world, &start.path(), &by_call).await;
        soon.is_problem(429, "resend-too-soon");
        assert_eq!(soon.header("retry-after"), "30");

        world.clock.advance(PAUSE);
        let again = resend(&world, &start.path(), &by_call).await;
        let delivery = again.body["delivery"]["id"].clone();
        assert_ne!(delivery, start.body["delivery"]["id"]);
        again.is(
            201,
            &json!({
                "id": start.body["id"], "status": "pending", "method": "call:code", "recipient": "+44•••••••123",
                "checks": 5, "checks_left": 5, "sends": 5, "sends_left": 3, "created_at": "2026-01-02T03:04:05Z",
                "resend_after": "2026-01-02T03:05:05Z", "expires_at": "2026-01-02T03:14:05Z",
                "delivery": { "id": delivery, "status": "sent" },
            }),
        );
        assert_eq!(again.header("preference-applied"), "wait=30");
        // A start counts what was sent so, and nothing said means the method of the newest message.
        world.begin(&json!({ "to": ADA, "purpose": "sign_in" })).await.is_problem(429, "resend-too-soon");
        world.clock.advance(PAUSE);
        assert_eq!(resend_bare(&world, &start.path()).await.body["sends_left"], 2);
        let messages = world.messages();
        let said: Vec<_> =
            messages.iter().map(|said| [&said["channel"], &said["locale"], &said["code"]]).collect();
        let (de, code) = (json!("de"), json!(code));
        let by = ["sms", "call", "call"].map(|channel| json!(channel));
        assert_eq!(said, by.each_ref().map(|channel| [channel, &de, &code]));
        assert_eq!(world.deliveries(&start.path()).await.len(), 3);
        assert_eq!(world.check(&start.path(), code.as_str().unwrap()).await.body["valid"], true);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_wait_the_answer_does_not_wait() {
    let world = calling("thread", "").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    world.clock.advance(PAUSE);
    let again = world.post(&format!("{}/deliveries", start.path()), &json!({})).await;
    assert_eq!((again.status, &again.body["delivery"]["status"]), (201, &json!("queued")));
    assert_eq!(world.deliveries(&start.path()).await.len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_send_is_used_up_or_the_verification_is_over_nothing_is_sent() {
    let policy = "\n[applications.web.code]\nsends = 2\nchecks = 1\npause = \"0s\"\nlifetime = \"1m\"\n";
    let world = calling("thread", policy).await;
    let start = world.begin(&json!({ "to": ADA })).await;
    assert_eq!(resend(&world, &start.path(), &json!({})).await.body["sends_left"], 0);
    let refused = resend(&world, &start.path(), &json!({})).await;
    refused.is_problem(429, "sends-used-up");
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(world.messages().len(), 2);

    let mut ended = vec![(start.path(), "expired")];
    world.clock.advance(Duration::from_mins(1));
    for end in ["approved", "exhausted", "canceled"] {
        let path = world.begin(&json!({ "to": ADA, "purpose": end })).await.path();
        let code = world.code_for(ADA);
        match end {
            "approved" => world.check(&path, &code).await,
            "exhausted" => world.check(&path, &wrong(&code)).await,
            _ => world.delete(&path).await,
        };
        ended.push((path, end));
    }
    let sent = world.messages().len();
    for (path, end) in ended {
        resend_bare(&world, &path).await.is_problem(409, &format!("verification-{end}"));
    }
    assert_eq!(world.messages().len(), sent);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_reaches_the_same_recipient_by_a_method_of_the_application_is_sent() {
    let world = calling("process", "").await;
    let member = json!({ "id": "42", "fields": { "mobile": ADA, "email": "ada@example.com" } });
    let start = world.begin(&json!({ "member": member, "method": "sms:code" })).await;
    world.clock.advance(PAUSE);
    for (method, reason) in [
        ("email:code", "other_recipient"),
        ("whatsapp:code", "not_offered"),
        ("dry_run:code", "not_offered"),
        ("sms:link", "other_payload"),
    ] {
        let refused = resend(&world, &start.path(), &json!({ "method": method })).await;
        refused.is_problem(422, "method-unavailable");
        let told = &refused.body["unavailable"][0];
        assert_eq!((&told["id"], &told["reason"]), (&json!(method), &json!(reason)), "{}", refused.body);
    }
    let other = world.bare(Method::POST, &format!("{}/deliveries", start.path()));
    let other = world.ask(other.bearer_auth("key-of-other-0123456789")).await;
    other.is_problem(404, "verification-not-found");
    assert_eq!(world.messages().len(), 1);
    assert_eq!(resend_bare(&world, &start.path()).await.body["sends_left"], 3, "nothing of it was counted");
    world.stop().await;
}

/// T54: a resend counts with every limit that a start counts with, in the same job or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_resend_counts_with_every_limit_of_a_start() {
    let limits = "\n[applications.web.code]\npause = \"0s\"\n[limits]\nsends_per_recipient = \"3 per 10m\"\n\
        sends_per_client_ip = \"1 per 1h\"\n";
    let world = calling("thread", limits).await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let here = json!({ "client": { "ip": "192.0.2.1" } });
    let again = resend(&world, &start.path(), &here).await;
    let policy = r#""sends_per_recipient";q=3;w=600, "sends_per_client_ip";q=1;w=3600"#;
    assert_eq!(again.header("ratelimit-policy"), policy);
    let left = r#""sends_per_recipient";r=1;t=600, "sends_per_client_ip";r=0;t=3600"#;
    assert_eq!(again.header("ratelimit"), left);
    let refused = resend(&world, &start.path(), &here).await;
    refused.is_problem(429, "limit-exceeded");
    assert_eq!(
        (&refused.body["limit"], refused.header("retry-after")),
        (&json!("sends_per_client_ip"), "3600")
    );
    assert_eq!(resend_bare(&world, &start.path()).await.status, 201, "what was refused counted nowhere");
    let refused = resend_bare(&world, &start.path()).await;
    assert_eq!(refused.body["limit"], "sends_per_recipient");
    let found = world.get(&start.path()).await;
    assert_eq!((&found.body["sends_left"], world.messages().len()), (&json!(2), 3));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_given_again_and_nothing_is_sent_twice() {
    let world = calling("thread", "\n[applications.web.code]\npause = \"0s\"\n").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let path = format!("{}/deliveries", start.path());
    let named = [("idempotency-key", "a-1"), ("prefer", "wait=30")];
    let first = world.post_with(&path, &json!({}), &named).await;
    let bare = world.request(Method::POST, &path).header("idempotency-key", "a-1");
    world.check(&start.path(), &world.code_for(ADA)).await;
    for again in [world.post_with(&path, &json!({}), &named).await, world.ask(bare).await] {
        assert_eq!((again.status, &again.body["delivery"]["id"]), (201, &first.body["delivery"]["id"]));
        assert_eq!((&again.body["status"], again.header("ratelimit")), (&json!("pending"), ""));
    }
    let other = world.post_with(&path, &json!({ "method": "call:code" }), &named).await;
    other.is_problem(422, "idempotency-key-reused");
    let elsewhere = world.begin(&json!({ "to": ADA, "purpose": "sign_in" })).await;
    let elsewhere = world.post_with(&format!("{}/deliveries", elsewhere.path()), &json!({}), &named).await;
    elsewhere.is_problem(422, "idempotency-key-reused");
    assert_eq!(world.messages().len(), 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_keeps_its_code_and_a_fresh_code_makes_the_old_one_wrong() {
    let world = calling("thread", "\n[applications.web.code]\npause = \"0s\"\n").await;
    let payment = json!({ "to": ADA, "amount": "12.30 EUR", "payee": "Ada's Books" });
    let start = world.begin(&payment).await;
    let code = world.code_for(ADA);
    let again = resend(&world, &start.path(), &json!({ "method": "call:code" })).await;
    assert_eq!((&again.body["amount"], world.code_for(ADA)), (&json!("12.30 EUR"), code));
    let fresh = json!({ "to": ADA, "purpose": "fresh", "policy": { "fresh_on_resend": true } });
    let start = world.begin(&fresh).await;
    let old = world.code_for(ADA);
    resend_bare(&world, &start.path()).await;
    let new = world.code_for(ADA);
    assert_eq!(world.check(&start.path(), &old).await.body["valid"], false);
    assert_eq!(world.check(&start.path(), &new).await.body["valid"], true);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_resends_at_once_one_sends() {
    let world = calling("thread", "").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    world.clock.advance(PAUSE);
    let mut asked = JoinSet::new();
    for place in 0..32 {
        let request = world.request(Method::POST, &format!("{}/deliveries", start.path()));
        let method = if place % 2 == 0 { "sms:code" } else { "call:code" };
        asked.spawn(request.header("prefer", "wait=30").json(&json!({ "method": method })).send());
    }
    let mut sent = 0;
    for response in asked.join_all().await {
        let answer = world.hear(response.unwrap()).await;
        if answer.status == 201 {
            sent += 1;
        } else {
            answer.is_problem(429, "resend-too-soon");
        }
    }
    assert_eq!((sent, world.messages().len()), (1, 2));
    world.stop().await;
}
