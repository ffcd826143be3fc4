//! `test_recipients`: sent nothing, proved with a code of the configuration, and otherwise like everybody.

use super::{ADA, configuration, wrong};
use harness::World;
use serde_json::json;
use std::time::Duration;

const EVE: &str = "+15005550006";
const CODE: &str = "135790";

async fn world() -> World {
    let recipients = format!("\n[applications.web.test_recipients]\n\"{EVE}\" = \"{CODE}\"\n");
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
