//! `text` and `from` of a start: what its messages say and whom they come from.

use super::{ADA, configuration};
use harness::World;
use serde_json::json;
use std::time::Duration;

/// X4, X17, X20: resends say the same, and a library that knows senders gets the one that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_says_its_own_text_under_a_sender_of_the_application() {
    let world = World::start(&configuration("process", "")).await;
    let asked = json!({ "to": ADA, "text": "{{pin}} opens {site_name}'s door.", "from": "Acme" });
    let start = world.begin(&asked).await;
    assert_eq!(start.status, 201, "{:?}", start.body);
    world.clock.advance(Duration::from_secs(30));
    world.post_with(&format!("{}/deliveries", start.path()), &json!({}), &[("prefer", "wait=30")]).await;
    let code = world.code_for(ADA);
    let messages = world.messages();
    assert_eq!(messages.len(), 2);
    for message in messages {
        assert_eq!(message["text"], format!("{code} opens Example's door."));
        assert_eq!(message["sender"], "Acme");
    }
    world.stop().await;
}

/// What cannot be said, and a sender that is not listed, are told with their field, and nothing is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_without_its_code_and_a_sender_of_somebody_elses_are_refused() {
    let world = World::start(&configuration("thread", "")).await;
    let refused = world.begin(&json!({ "to": ADA, "text": "Hello {{ nmae }}", "from": "Bank" })).await;
    refused.is_problem(400, "invalid-request");
    assert_eq!(
        refused.body["errors"],
        json!([
            { "field": "text", "detail": "lacks its payload" },
            { "field": "from", "detail": "expected one of the application's own senders (`applications.web.senders`)" },
        ])
    );
    assert_eq!(world.messages().len(), 0);
    world.stop().await;
}
