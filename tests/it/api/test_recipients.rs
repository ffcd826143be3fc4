//! `test_recipients`: sent nothing, proved with a code of the configuration, and otherwise like everybody.

use super::{ADA, configuration, wrong};
use harness::World;
use serde_json::json;
use std::time::Duration;

const EVE: &str = "+15005550006";
const CODE: &str = "135790";

async fn world() -> World {
    limited("").await
}

/// A world with these limits.
async fn limited(limits: &str) -> World {
    let recipients = format!("\n[applications.web.test_recipients]\n\"{EVE}\" = \"{CODE}\"\n{limits}");
    let allowed = "allow_test_recipients = true\n";
    let world = World::start(&format!("{allowed}{}{recipients}", configuration("process", ""))).await;
    world.keeps_secret(CODE);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_recipient_is_sent_nothing_and_the_answer_says_so() {
    let world = world().await;
    let start = world.begin(&json!({ "to": EVE })).await;
    start.is(
        201,
        &json!({
            "id": start.body["id"], "status": "pending", "method": "sms:code", "recipient": "+1•••••••006",
            "test": true, "checks": 5, "checks_left": 5, "sends": 5, "sends_left": 4,
            "resend_after": "2026-01-02T03:04:35Z", "created_at": "2026-01-02T03:04:05Z",
            "expires_at": "2026-01-02T03:14:05Z",
        }),
    );
    world.get(&format!("{}/deliveries", start.path())).await.is(200, &json!({ "deliveries": [] }));
    assert_eq!(world.check(&start.path(), &wrong(CODE)).await.body["checks_left"], 4);
    assert_eq!(world.check(&start.path(), CODE).await.body["status"], "approved");
    world.check(&start.path(), CODE).await.is_problem(409, "verification-approved");
    assert!(world.messages().is_empty());
    world.stop().await;
}

/// Everything else holds for them as for everybody: pause, checks, time.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_recipient_lives_by_the_same_rules() {
    let world = world().await;
    let start = world.begin(&json!({ "to": EVE })).await;
    world.begin(&json!({ "to": EVE })).await.is_problem(429, "resend-too-soon");
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.begin(&json!({ "to": EVE })).await.body["id"], start.body["id"]);
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(world.check(&start.path(), &wrong(CODE)).await.body["checks_left"], left);
    }
    world.check(&start.path(), CODE).await.is_problem(409, "verification-exhausted");
    let ada = world.begin(&json!({ "to": ADA })).await;
    assert_eq!(
        world.check(&ada.path(), CODE).await.body["valid"],
        false,
        "the code is good for one recipient"
    );
    assert_eq!(world.messages().len(), 1);
    world.stop().await;
}

/// Nothing is sent to them, so nothing is counted with the limits of sends, and none is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_recipient_takes_nothing_of_the_limits_of_sends() {
    let quotas = "sends_per_recipient = \"1 per 10m\"\nsends_per_application = \"1 per 10m\"\n\
        sends_per_api_key = \"1 per 10m\"\nsends_per_client_ip = \"1 per 10m\"\n";
    let world = limited(&format!("[limits]\n{quotas}")).await;
    let asked = |to: &str| json!({ "to": to, "client": { "ip": "192.0.2.1" } });
    let start = world.begin(&asked(EVE)).await;
    for by_id in [false, true, false, true] {
        world.clock.advance(Duration::from_secs(30));
        let again = if by_id {
            world
                .post(&format!("{}/deliveries", start.path()), &json!({ "client": { "ip": "192.0.2.1" } }))
                .await
        } else {
            world.begin(&asked(EVE)).await
        };
        assert_eq!((again.status, &again.body["id"]), (201, &start.body["id"]));
        assert_eq!((again.header("ratelimit"), again.header("ratelimit-policy")), ("", ""));
        assert!(again.body.get("delivery").is_none(), "{}", again.body);
    }
    world.begin(&asked(EVE)).await.is_problem(429, "sends-used-up");
    let ada = world.begin(&asked(ADA)).await;
    let left = ada.header("ratelimit");
    assert!(left.starts_with("\"sends_per_recipient\";r=0;") && left.matches(";r=0;").count() == 4, "{left}");
    assert_eq!(world.messages().len(), 1);
    world.stop().await;
}
