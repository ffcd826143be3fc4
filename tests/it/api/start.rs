//! `POST /v1/verifications`: exactly what is answered, and exactly what is delivered.

use super::{ADA, BOTH, configuration, world};
use harness::World;
use serde_json::json;

/// J4, X18, X24: the answer and the message of a start, to the letter.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_answers_what_the_design_says_and_delivers_one_text_with_the_code_in_it() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let member = json!({ "id": "42", "name": "Ada", "locale": "en-GB", "fields": { "mobile": ADA } });
        let asked = json!({ "member": member, "method": "sms:code", "purpose": "sign_in", "client": { "ip": "192.0.2.1" } });
        let start = world.begin(&asked).await;
        let (id, delivery) = (start.body["id"].clone(), start.body["delivery"]["id"].clone());
        start.is(
            201,
            &json!({
                "id": id, "status": "pending", "method": "sms:code", "recipient": "+44•••••••123",
                "checks": 5, "checks_left": 5, "sends": 5, "sends_left": 4,
            "created_at": "2026-01-02T03:04:05Z",
                "resend_after": "2026-01-02T03:04:35Z", "expires_at": "2026-01-02T03:14:05Z",
                "delivery": { "id": delivery, "status": "sent" },
            }),
        );
        assert!(id.as_str().unwrap().starts_with("ver_") && delivery.as_str().unwrap().starts_with("dlv_"));
        assert_eq!(start.header("preference-applied"), "wait=30");

        let mut messages = world.messages();
        assert_eq!(messages.len(), 1);
        // A provider in a process of its own has the machine's time.
        let at = messages[0].as_object_mut().unwrap().remove("at");
        assert!(at.unwrap().is_i64());
        let code = world.code_for(ADA);
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        assert_eq!(
            messages.first(),
            Some(&json!({
                "message": delivery, "delivery": delivery, "channel": "sms",
                "recipient": ADA, "payload": "code", "code": code, "text": format!("{code} is your Example sign-in code."),
                "subject": null, "locale": "en", "purpose": "sign_in", "expires_at_ms": 1_767_323_645_000_i64,
                "test": false, "repeated": false,
            }))
        );
        world.stop().await;
    }
}

/// Without `Prefer: wait` the answer does not wait for the service.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_does_not_wait_for_its_delivery_unless_it_is_asked_to() {
    let world = World::start(&configuration("process", "fail = [\"slow:2s\"]")).await;
    let start = world.post("/v1/verifications", &json!({ "to": ADA })).await;
    assert_eq!(start.body["delivery"]["status"], "queued");
    assert_eq!(start.header("preference-applied"), "");
    assert!(world.messages().is_empty());
    // The provider sleeps by the host's clock, and the lane watches how long.
    world.clock.sleepers(2).await;
    world.clock.advance(std::time::Duration::from_secs(2));
    assert_eq!(world.deliveries(&start.path()).await[0]["status"], "sent");
    assert_eq!(world.messages().len(), 1);
    world.stop().await;
}

/// `Prefer: wait` waits that long and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_over_answers_with_a_delivery_under_way() {
    let world = World::start(&configuration("thread", "fail = [\"slow:5s\"]")).await;
    let asked = json!({ "to": ADA });
    let starting = world.post_with("/v1/verifications", &asked, &[("prefer", "respond-async, wait=2")]);
    let move_on = async {
        world.clock.sleepers(3).await;
        world.clock.advance(std::time::Duration::from_secs(2));
    };
    let (start, ()) = tokio::join!(starting, move_on);
    assert_eq!((start.status, &start.body["delivery"]["status"]), (201, &json!("queued")));
    world.clock.sleepers(2).await;
    world.clock.advance(std::time::Duration::from_secs(3));
    assert_eq!(world.deliveries(&start.path()).await[0]["status"], "sent");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_method_the_preferred_one_goes_first_and_else_the_first_that_reaches_the_member() {
    let world = world("thread").await;
    for (person, method) in [
        (json!({ "member": { "fields": { "mobile": ADA, "email": "ada@example.com" } } }), "sms:code"),
        (json!({ "member": { "fields": { "email": "bob@example.com" } } }), "email:code"),
        (json!({ "to": "+447700900999" }), "sms:code"),
        (json!({ "to": "eve@example.com" }), "email:code"),
    ] {
        let start = world.begin(&person).await;
        assert_eq!((start.status, start.body["method"].as_str()), (201, Some(method)), "{person}");
    }
    let channels: Vec<_> = world.messages().iter().map(|message| message["channel"].clone()).collect();
    assert_eq!(channels, ["sms", "email", "sms", "email"]);
    world.stop().await;
}

/// J19: a start that reaches nobody starts nothing, and says of each method why.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_reaches_nobody_says_why_of_each_method() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": "07700900123" })).await;
    start.is_problem(422, "method-unavailable");
    let reasons: Vec<_> = start.body["unavailable"].as_array().unwrap().iter().collect();
    assert_eq!(reasons.len(), 2);
    assert_eq!(
        reasons[0],
        &json!({
            "id": "sms:code", "reason": "invalid_address",
            "detail": "`to` is no phone number: the number does not begin with `+` and its country code",
        })
    );
    let start = world.begin(&json!({ "to": ADA, "method": "whatsapp:code" })).await;
    start.is_problem(422, "method-unavailable");
    assert_eq!(start.body["unavailable"][0]["reason"], "not_offered");
    assert!(world.messages().is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_delivered_to_as_it_was_given_but_for_the_space_around_it() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": "  Ada.Lovelace+otp@Example.com " })).await;
    assert_eq!((start.status, &start.body["recipient"]), (201, &json!("A•••@Example.com")));
    world.code_for("Ada.Lovelace+otp@Example.com");
    world.stop().await;
}
