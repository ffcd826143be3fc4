//! What a provider's failures come to: the next one of the route, the same once more, or nobody.

use super::{ADA, BOTH, configuration};
use harness::World;
use provider_api::Failure;
use serde_json::{Value, json};
use std::time::Duration;

/// Two providers of one library on one route; the first fails as told.
fn route(isolation: &str, fail: &str) -> String {
    format!(
        r#"
        [providers.first]
        library = "dry_run"
        isolation = "{isolation}"
        config = {{ outbox = "@/first.jsonl", fail = [{fail}] }}
        [providers.second]
        library = "dry_run"
        isolation = "{isolation}"
        config = {{ outbox = "@/outbox.jsonl" }}
        [routes]
        sms = ["first", "second"]
        [applications.web]
        api_keys = ["key-of-web-0123456789"]
        methods = ["sms:code"]
        "#
    )
}

fn words(deliveries: &[Value]) -> Vec<(&str, &str)> {
    deliveries
        .iter()
        .map(|delivery| (delivery["provider"].as_str().unwrap(), delivery["status"].as_str().unwrap()))
        .collect()
}

/// An answer that is given again to somebody who would have waited says what became of the message in the end, by
/// whomever it went.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_given_again_names_the_delivery_that_took_over() {
    let world = World::start(&route("thread", &format!("\"unavailable to {ADA}\""))).await;
    let (start, wait) = (json!({ "to": ADA }), ("prefer", "wait=30"));
    let first = world.post_with("/v1/verifications", &start, &[("idempotency-key", "a-1"), wait]).await;
    let deliveries = world.deliveries(&first.path()).await;
    assert_eq!(words(&deliveries), [("first", "failed"), ("second", "sent")]);
    assert_eq!(first.body["delivery"]["id"], deliveries[1]["id"]);
    let again = world.post_with("/v1/verifications", &start, &[("idempotency-key", "a-1"), wait]).await;
    assert_eq!((again.status, &again.body["delivery"]), (201, &first.body["delivery"]));
    world.stop().await;
}

/// J9: two providers of one library stand in one route, and the table of `route::after` decides who takes over.
#[tokio::test(flavor = "multi_thread")]
async fn each_failure_is_told_and_the_next_provider_takes_over_or_not() {
    let number = |place: usize| format!("+4477009002{place:02}");
    for isolation in BOTH {
        let fail: Vec<String> = Failure::known()
            .enumerate()
            .map(|(place, failure)| format!("\"{failure} to {}\"", number(place)))
            .collect();
        let world = World::start(&route(isolation, &fail.join(", "))).await;
        for (place, failure) in Failure::known().enumerate() {
            let to = number(place);
            let start = world.begin(&json!({ "to": to })).await;
            let deliveries = world.deliveries(&start.path()).await;
            let stops = ["invalid_recipient", "not_reachable", "opted_out"].contains(&failure.as_str());
            let unknown = failure == Failure::Unknown;
            let first = ("first", if unknown { "unknown" } else { "failed" });
            let expected = if stops { vec![first] } else { vec![first, ("second", "sent")] };
            assert_eq!(words(&deliveries), expected, "{failure}");
            let told = &deliveries[0];
            assert_eq!(told["detail"], "`fail` says so");
            assert_eq!(told["settled_at"], "2026-01-02T03:04:05Z");
            let kind = (!unknown).then(|| json!(failure));
            assert_eq!((told.get("failure"), &told["failure_code"]), (kind.as_ref(), &json!("dry_run")));
            // A start that waited tells the delivery that came last, and so does the verification.
            let last = deliveries.last().unwrap();
            assert_eq!(start.body["delivery"]["id"], last["id"]);
            assert_eq!(world.get(&start.path()).await.body["delivery"]["status"], last["status"]);
            if !stops {
                let (message, code) = (world.messages().last().unwrap().clone(), world.code_for(&to));
                assert_eq!((&message["message"], &message["delivery"]), (&told["id"], &last["id"]));
                assert_eq!(message["repeated"], false, "the second provider never had it");
                assert_eq!(world.check(&start.path(), &code).await.body["valid"], true);
            }
        }
        world.stop().await;
    }
}

/// A failed delivery leaves the verification pending; one that nobody took by our fault or a service's costs neither
/// the pause nor a send, and the start that waited for it says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_nobody_took_is_given_back() {
    for failure in ["unavailable", "misconfigured", "throttled"] {
        let fail = format!("fail = [\"{failure} first 1\"]");
        let world = World::start(&configuration("process", &fail)).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        assert_eq!(start.body["delivery"]["failure"], failure);
        assert_eq!((start.status, &start.body["status"]), (201, &json!("pending")));
        assert_eq!(start.body["sends_left"], 5);
        assert_eq!(start.body["resend_after"], "2026-01-02T03:04:05Z");
        let again = world.begin(&json!({ "to": ADA })).await;
        assert_eq!(
            (&again.body["id"], &again.body["delivery"]["status"]),
            (&start.body["id"], &json!("sent"))
        );
        assert_eq!(again.body["sends_left"], 4);
        world.begin(&json!({ "to": ADA })).await.is_problem(429, "resend-too-soon");
        world.stop().await;
    }
}

/// What may have been taken, and what the recipient or the text is to blame for, costs what a send costs.
#[tokio::test(flavor = "multi_thread")]
async fn any_other_failure_costs_a_send() {
    for failure in ["unknown", "broken", "blocked", "rejected", "opted_out", "invalid_recipient"] {
        let world = World::start(&configuration("thread", &format!("fail = [\"{failure}\"]"))).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        assert_eq!(start.body["sends_left"], 4, "{failure}");
        world.begin(&json!({ "to": ADA })).await.is_problem(429, "resend-too-soon");
        world.clock.advance(Duration::from_secs(30));
        assert_eq!(world.begin(&json!({ "to": ADA })).await.body["sends_left"], 3, "{failure}");
        world.stop().await;
    }
}

/// A service that never comes back is not asked for nothing again and again: as many sends are given back as there are.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stays_down_costs_sends_in_the_end() {
    let policy = "\n[applications.web.code]\nsends = 3\n";
    let world = World::start(&(configuration("thread", "fail = [\"misconfigured\"]") + policy)).await;
    for _ in 0..3 {
        let start = world.begin(&json!({ "to": ADA })).await;
        assert_eq!(
            (&start.body["sends_left"], &start.body["delivery"]["status"]),
            (&json!(3), &json!("failed"))
        );
    }
    for left in [2, 1, 0] {
        assert_eq!(world.begin(&json!({ "to": ADA })).await.body["sends_left"], left);
        let refused = if left > 0 { "resend-too-soon" } else { "sends-used-up" };
        world.begin(&json!({ "to": ADA })).await.is_problem(429, refused);
        world.clock.advance(Duration::from_secs(30));
    }
    world.stop().await;
}

/// After an unknown outcome without a next provider, the same one gets the same message once more, so marked.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_repeated_once_on_the_only_provider() {
    for isolation in BOTH {
        let world = World::start(&configuration(isolation, "fail = [\"unknown first 1\"]")).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        let deliveries = world.deliveries(&start.path()).await;
        assert_eq!(words(&deliveries), [("dry_run", "unknown"), ("dry_run", "sent")]);
        assert_eq!((&deliveries[0]["repeated"], &deliveries[1]["repeated"]), (&json!(false), &json!(true)));
        let message = world.messages().last().unwrap().clone();
        assert_eq!((&message["repeated"], &message["message"]), (&json!(true), &deliveries[0]["id"]));
        world.stop().await;
    }
    let world = World::start(&configuration("thread", "fail = [\"unknown\"]")).await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let deliveries = world.deliveries(&start.path()).await;
    assert_eq!(
        words(&deliveries),
        [("dry_run", "unknown"), ("dry_run", "unknown")],
        "once more, not for ever"
    );
    world.stop().await;
}

/// A provider that never answers is given its time and no more; then the next one takes over.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_is_unknown_once_its_time_is_over() {
    for isolation in BOTH {
        let world = World::start(&route(isolation, "\"hang\"")).await;
        let start = world.post("/v1/verifications", &json!({ "to": ADA })).await;
        assert_eq!(start.body["delivery"]["status"], "queued");
        world.clock.sleepers(1).await;
        world.clock.advance(Duration::from_millis(9_999));
        assert_eq!(world.get(&start.path()).await.body["delivery"]["status"], "queued");
        world.clock.advance(Duration::from_millis(1));
        let deliveries = world.deliveries(&start.path()).await;
        assert_eq!(words(&deliveries), [("first", "unknown"), ("second", "sent")]);
        assert_eq!(deliveries[0]["detail"], "the provider did not answer within 10s");
        assert_eq!(deliveries[0]["settled_at"], "2026-01-02T03:04:15Z");
        world.stop().await;
    }
}

/// Nobody takes over once the verification is over: an answer that comes late sends no second message.
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_was_given_up_meanwhile_is_not_handed_on() {
    let world = World::start(&route("process", "\"hang\"")).await;
    let start = world.post("/v1/verifications", &json!({ "to": ADA })).await;
    world.clock.sleepers(1).await;
    assert_eq!(world.delete(&start.path()).await.body["status"], "canceled");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(words(&world.deliveries(&start.path()).await), [("first", "unknown")]);
    assert!(world.messages().is_empty());
    world.stop().await;
}

/// A panic is that delivery's error, in the host's own process too, and the next message finds the provider again.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_panics_costs_one_delivery() {
    for isolation in BOTH {
        let world = World::start(&route(isolation, "\"panic first 1\"")).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        let deliveries = world.deliveries(&start.path()).await;
        assert_eq!(words(&deliveries), [("first", "failed"), ("second", "sent")]);
        assert_eq!(deliveries[0]["failure"], "broken");
        let next = world.begin(&json!({ "to": "+447700900999" })).await;
        assert_eq!(words(&world.deliveries(&next.path()).await), [("first", "sent")]);
        world.stop().await;
    }
}

/// A service that fails five times in a row is left alone for a while, and the next provider has its messages at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_is_left_alone_and_asked_again_later() {
    let world = World::start(&route("thread", "\"unavailable first 5\"")).await;
    let mut details = Vec::new();
    for place in 0..6 {
        let start = world.begin(&json!({ "to": format!("+44770090030{place}") })).await;
        let deliveries = world.deliveries(&start.path()).await;
        assert_eq!(words(&deliveries), [("first", "failed"), ("second", "sent")]);
        details.push(deliveries[0]["detail"].clone());
    }
    assert_eq!(details[4], "`fail` says so");
    assert_eq!(details[5], "its service failed too often in a row");
    world.clock.advance(Duration::from_secs(30));
    let start = world.begin(&json!({ "to": ADA })).await;
    assert_eq!(words(&world.deliveries(&start.path()).await), [("first", "sent")]);
    world.stop().await;
}

/// A service that says how long to leave it alone is not called before: a start meanwhile goes to the next provider at
/// once, and what is told then is what is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_asks_to_be_left_alone_is_left_alone_that_long() {
    for isolation in BOTH {
        let world = World::start(&route(isolation, "\"throttled:30s first 1\"")).await;
        let went = async |place: u8| {
            let start = world.begin(&json!({ "to": format!("+44770090040{place}") })).await;
            world.deliveries(&start.path()).await
        };
        let first = went(0).await;
        assert_eq!(words(&first), [("first", "failed"), ("second", "sent")]);
        assert_eq!(first[0]["failure_code"], "dry_run", "the service said so itself");
        world.clock.advance(Duration::from_millis(29_999));
        let meanwhile = went(1).await;
        assert_eq!(words(&meanwhile), [("first", "failed"), ("second", "sent")]);
        assert_eq!(
            (&meanwhile[0]["failure"], &meanwhile[0]["detail"], meanwhile[0].get("failure_code")),
            (&json!("throttled"), &json!("its service asked to be left alone"), None)
        );
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(words(&went(2).await), [("first", "sent")]);
        world.stop().await;
    }
}

/// Whoever only waits for a service's pause to end still checks codes: it must not be taken out of service.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_service_asks_for_a_pause_stays_ready() {
    let world = World::start(&configuration("thread", "fail = [\"throttled:30s\"]")).await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let deliveries = world.deliveries(&start.path()).await;
    assert_eq!(words(&deliveries), [("dry_run", "failed"), ("dry_run", "queued")]);
    assert_eq!(deliveries[0]["failure"], "throttled");
    world.get("/readyz").await.is(200, &json!({ "status": "ready" }));
    world.stop().await;
}

/// Nobody has to ask again: what a service asked to have later it gets later, under the same send.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_puts_off_is_sent_when_it_said_to() {
    for isolation in BOTH {
        let world = World::start(&configuration(isolation, "fail = [\"throttled:30s first 2\"]")).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        assert_eq!(
            (&start.body["delivery"]["status"], &start.body["sends_left"]),
            (&json!("queued"), &json!(4))
        );
        for expected in [&["failed", "failed", "queued"][..], &["failed", "failed", "sent"]] {
            world.clock.advance(Duration::from_secs(30));
            let settled = async {
                loop {
                    let deliveries = world.deliveries(&start.path()).await;
                    if words(&deliveries).iter().map(|(_, word)| *word).eq(expected.iter().copied()) {
                        return deliveries;
                    }
                }
            };
            let deliveries = tokio::time::timeout(Duration::from_secs(20), settled).await.unwrap();
            assert!(deliveries.iter().all(|delivery| delivery["repeated"] == false));
        }
        let code = world.code_for(ADA);
        assert_eq!(world.check(&start.path(), &code).await.body["valid"], true);
        world.stop().await;
    }
}

/// A service that says `throttled` and no more is asked again at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_names_no_time_is_not_left_alone() {
    let world = World::start(&route("thread", "\"throttled first 1\"")).await;
    for (place, expected) in [(0, &[("first", "failed"), ("second", "sent")][..]), (1, &[("first", "sent")])]
    {
        let start = world.begin(&json!({ "to": format!("+44770090050{place}") })).await;
        assert_eq!(words(&world.deliveries(&start.path()).await), expected);
    }
    world.stop().await;
}

/// What a provider repeats of its message reaches neither the log nor an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_tells_secrets_is_not_repeated() {
    for isolation in BOTH {
        let chaos = r#"
            [providers.chaos]
            isolation = "ISOLATION"
            [applications.web]
            api_keys = ["key-of-web-0123456789"]
            methods = ["chaos:code"]
        "#;
        let world = World::with(&["chaos"], &chaos.replace("ISOLATION", isolation)).await;
        for (to, status) in [("echo_secret", "failed"), ("log_secret", "sent")] {
            let start = world.begin(&json!({ "to": to })).await;
            let deliveries = world.deliveries(&start.path()).await;
            assert_eq!(words(&deliveries), [("chaos", status)]);
            assert!(!deliveries[0].to_string().contains(to), "{deliveries:?}");
        }
        world.stop().await;
    }
}
