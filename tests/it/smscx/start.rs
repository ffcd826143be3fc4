//! `POST /otp`: what is asked for is what is sent and shown.

use super::{ADA, ask, begin, configuration, settled, world};
use harness::World;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

/// X4, X7–X10, X16–X32: every override reaches the message, and everything is shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_every_override_sends_what_was_asked_for() {
    let world = world().await;
    let asked = json!({
        "phoneNumber": "+33612424100", "from": "Acme", "ttl": 300, "maxAttempts": 4, "pinType": "letters", "pinLength": 5,
        "template": "Your code {{pin}}", "template_fr": "Votre code {{pin}} ({site_name})",
        "trackId": "d4ccd6a8-b7cb-11ed-afa1-0242ac120002", "otpCallbackUrl": "http://127.0.0.1:9/otp",
    });
    let started = begin(&world, &asked).await;
    let expected = json!({
        "otpId": started.body["otpId"], "trackId": "d4ccd6a8-b7cb-11ed-afa1-0242ac120002",
        "phoneNumber": "+33612424100", "countryIso": "FR", "status": "PENDING", "cost": 0.0, "parts": 1, "maxAttempts": 4,
        "attempts": 0, "ttl": 300, "otpCallbackUrl": "http://127.0.0.1:9/otp", "dateCreated": "2026-01-02 03:04:05",
        "dateExpires": "2026-01-02 03:09:05",
    });
    assert_eq!(started.body, expected);
    assert_eq!((started.header("x-rate-limit-limit"), started.header("x-rate-limit-remaining")), ("5", "4"));
    assert_eq!(started.header("x-rate-limit-reset"), "1767323645", "ten minutes later");
    assert!(started.header("x-response-time").ends_with("ms") && !started.header("x-request-id").is_empty());
    let [message] = world.messages().try_into().unwrap();
    let pin = world.code_for("+33612424100");
    assert!(pin.len() == 5 && pin.bytes().all(|byte| byte.is_ascii_uppercase()), "{pin}");
    assert_eq!(message["text"], format!("Votre code {pin} (Example)"));
    assert_eq!((&message["sender"], &message["channel"]), (&json!("Acme"), &json!("sms")));
    // X25, X26: once its service took it.
    let shown = ask(&world, Method::GET, &started.path(), None).await;
    let mut expected = expected;
    expected["cost"] = json!(0.043);
    assert_eq!((shown.status, &shown.body), (200, &expected));
    assert_eq!(shown.header("x-rate-limit-limit"), "60");
    world.stop().await;
}

/// X6, X19, X23: a national number with its country; an unapproved sender is replaced by the provider's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_national_number_is_read_in_its_country_and_a_strangers_name_is_left_out() {
    let world = world().await;
    let started = begin(&world, &json!({ "to": "07700 900123", "countryIso": "GB", "from": "Bank" })).await;
    assert_eq!((&started.body["phoneNumber"], &started.body["countryIso"]), (&json!(ADA), &json!("GB")));
    let [message] = world.messages().try_into().unwrap();
    assert_eq!((&message["recipient"], message.get("sender")), (&json!(ADA), None));
    assert_eq!(message["text"], format!("{} is your Example code.", world.code_for(ADA)));
    world.stop().await;
}

/// There is no resend: each start takes the place of the one before, whatever was asked, as often as the limits allow.
#[tokio::test(flavor = "multi_thread")]
async fn each_start_takes_the_place_of_the_one_before_until_the_limit_is_reached() {
    let world = world().await;
    let mut last = begin(&world, &json!({ "to": ADA })).await;
    for _ in 0..4 {
        let next = begin(&world, &json!({ "to": ADA })).await;
        assert_ne!(next.body["otpId"], last.body["otpId"]);
        let before = ask(&world, Method::GET, &last.path(), None).await;
        assert_eq!(before.body["status"], "CANCELLED");
        last = next;
    }
    let refused = ask(&world, Method::POST, "/otp", Some(&json!({ "to": ADA }))).await;
    refused.is(429, "rate_limit", 429);
    assert_eq!((refused.header("retry-after"), refused.header("x-rate-limit-remaining")), ("600", "0"));
    let pending = ask(&world, Method::GET, &last.path(), None).await;
    assert_eq!(pending.body["status"], "PENDING", "nothing was changed");
    world.clock.advance(Duration::from_mins(10));
    begin(&world, &json!({ "to": ADA })).await;
    world.stop().await;
}

/// X3, X16: what a request does not say is as its application has it, the address of events too.
#[tokio::test(flavor = "multi_thread")]
async fn an_applications_own_settings_are_the_defaults() {
    let own = r#"
        [applications.web.code]
        length = 8
        alphabet = "alphanumeric"
        lifetime = "2m"
        checks = 7
        [applications.web.templates.sms]
        generic = "PIN {payload}"
    "#;
    let url = "senders = [\"Acme\"]\nwebhook_url = \"http://127.0.0.1:9/default\"\n";
    let file = configuration().replace("senders = [\"Acme\"]\n", url) + own;
    let world = World::start(&file).await;
    let started = begin(&world, &json!({ "to": ADA })).await;
    let told = ["ttl", "maxAttempts", "otpCallbackUrl", "trackId"].map(|name| started.body[name].clone());
    assert_eq!(told, [json!(120), json!(7), json!("http://127.0.0.1:9/default"), json!(null)]);
    let [message] = world.messages().try_into().unwrap();
    let pin = world.code_for(ADA);
    assert_eq!((pin.len(), &message["text"]), (8, &json!(format!("PIN {pin}"))));
    settled(&world, &started.path()).await;
    world.stop().await;
}
