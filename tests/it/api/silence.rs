//! A provider that does not answer while a person waits for the list of methods.

use super::{ADA, configuration};
use harness::World;
use serde_json::json;
use std::time::Duration;

/// J18: silence for 50 ms is an answer too, and the next question finds the provider again.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_silent_about_a_member_is_unavailable() {
    // With somebody in its table it has a word about members, and is asked.
    let world = World::start(&configuration("process", "unavailable = { \"42\" = \"opted_out\" }")).await;
    let asked = json!({ "member": { "fields": { "mobile": ADA } } });
    world.processes().freeze();
    let move_on = async {
        world.clock.sleepers(1).await;
        world.clock.advance(Duration::from_millis(50));
    };
    let (answer, ()) = tokio::join!(world.post("/v1/methods", &asked), move_on);
    let start = json!({ "to": ADA });
    let move_on = async {
        world.clock.sleepers(1).await;
        world.clock.advance(Duration::from_millis(50));
    };
    let (refused, ()) = tokio::join!(world.begin(&start), move_on);
    refused.is_problem(503, "not-answering");
    assert_eq!(refused.header("retry-after"), "1", "it is not refused for good");
    world.processes().thaw();
    assert_eq!(answer.body["methods"], json!([]));
    assert_eq!(
        answer.body["unavailable"][1],
        json!({ "id": "sms:code", "reason": "not_answering", "detail": "provider not answering" })
    );
    assert_eq!(world.post("/v1/methods", &asked).await.body["methods"][0]["id"], "sms:code");
    world.stop().await;
}
