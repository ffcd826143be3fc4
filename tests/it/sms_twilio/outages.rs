//! What goes wrong between the host and Twilio: what is surely not taken, what may have been, and how often it is asked.

use super::{ADA, BOTH, stop, told, world};
use harness::{Twilio, twilio::Play};
use serde_json::{Value, json};
use std::time::Duration;

/// What becomes of one verification where the service always plays this; every delivery of it, and the requests.
async fn outage(isolation: &str, play: Play) -> (Vec<Value>, usize) {
    let twilio = Twilio::start().await;
    let world = world(isolation, &twilio, "").await;
    twilio.always_plays(play);
    let start = world.begin(&json!({ "to": ADA })).await;
    assert_eq!(start.status, 201);
    let deliveries = world.deliveries(&start.path()).await;
    let asked = twilio.posted().len();
    stop(world, &twilio).await;
    (deliveries, asked)
}

/// What was surely not taken fails, after a single request; if the service says when it takes more, it is put off.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_fails_after_one_request() {
    for isolation in BOTH {
        for pause in ["7", "-1"] {
            let (deliveries, asked) = outage(isolation, Play::Throttle(pause)).await;
            assert_eq!(told(&deliveries[0]), ("failed", Some("throttled"), Some("20429")));
            assert_eq!((told(&deliveries[1]), asked), (("queued", None, None), 1));
            assert!(deliveries[1]["not_before"].is_string());
        }
        for (play, failure, code, said) in [
            (Play::Page(429), "throttled", None, "not taken"),
            (Play::Refuse(503, 20_503), "unavailable", Some("20503"), "not taken"),
            (Play::Page(503), "unavailable", None, "not taken"),
            (Play::Page(400), "misconfigured", None, "`base_url`"),
            (Play::Page(401), "misconfigured", None, "credentials"),
            (Play::Page(404), "misconfigured", None, "`base_url`"),
        ] {
            let shown = format!("{isolation} {play:?}");
            let (deliveries, asked) = outage(isolation, play).await;
            assert_eq!((deliveries.len(), asked), (1, 1), "{shown}");
            assert_eq!(told(&deliveries[0]), ("failed", Some(failure), code), "{shown}");
            assert!(deliveries[0]["detail"].as_str().unwrap().contains(said), "{shown} {deliveries:?}");
        }
    }
}

/// What may have been taken is unknown: the provider asks once for each delivery. The host makes a second one, marked
/// as such, because there is no other provider.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_taken_is_unknown_and_asked_once_a_delivery() {
    for isolation in BOTH {
        for (play, said) in [
            (Play::Refuse(500, 20_500), "not known"),
            (Play::Page(500), "not known"),
            (Play::Page(502), "not known"),
            (Play::Page(504), "not known"),
            (Play::CutAfterReading, "lost"),
            (Play::CutInTheAnswer, "lost"),
            (Play::Malformed, "may have been taken"),
            (Play::Huge, "larger than 1 MiB"),
        ] {
            let shown = format!("{isolation} {play:?}");
            let code = matches!(play, Play::Refuse(..)).then_some("20500");
            let (deliveries, asked) = outage(isolation, play).await;
            let marks: Vec<_> = deliveries.iter().map(|delivery| delivery["repeated"].clone()).collect();
            assert_eq!((marks, asked), (vec![json!(false), json!(true)], 2), "{shown}");
            for delivery in &deliveries {
                assert_eq!(told(delivery), ("unknown", None, code), "{shown}");
                assert!(delivery["detail"].as_str().unwrap().contains(said), "{shown} {delivery}");
            }
        }
    }
}

/// Nobody knows whether it was read: the connection was there.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_before_it_is_read_is_unknown() {
    for isolation in BOTH {
        let (deliveries, read) = outage(isolation, Play::CutBeforeReading).await;
        assert_eq!((deliveries.len(), read), (2, 0), "{isolation}");
        assert_eq!(told(&deliveries[0]), ("unknown", None, None), "{isolation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_wrong_base_url_and_not_followed() {
    for isolation in BOTH {
        let elsewhere = Twilio::start().await;
        let (deliveries, asked) = outage(isolation, Play::Redirect(elsewhere.url())).await;
        assert_eq!((deliveries.len(), asked), (1, 1));
        assert_eq!(told(&deliveries[0]), ("failed", Some("misconfigured"), None));
        assert!(deliveries[0]["detail"].as_str().unwrap().contains("`base_url`"), "{deliveries:?}");
        assert!(elsewhere.posted().is_empty());
    }
}

/// Where nobody listens nothing was sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_twilio_that_is_not_there_is_unavailable() {
    for isolation in BOTH {
        let gone = Twilio::start().await;
        let there = Twilio::start().await;
        let url = gone.url();
        drop(gone);
        let providers = super::provider("sms_twilio", isolation, &there, "").replace(&there.url(), &url);
        let world = super::started(&providers).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        let [delivery] = world.deliveries(&start.path()).await.try_into().unwrap();
        assert_eq!(told(&delivery), ("failed", Some("unavailable"), None), "{isolation} {delivery}");
        stop(world, &there).await;
    }
}

/// A Twilio that is slow costs a start nothing, and one that answers too late is unknown.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_twilio_is_waited_for_as_long_as_the_provider_may_take() {
    for isolation in BOTH {
        let twilio = Twilio::start().await;
        let world = world(isolation, &twilio, "").await;
        twilio.plays(Play::Hold);
        let start = world.post("/v1/verifications", &json!({ "to": ADA })).await;
        assert_eq!(start.body["delivery"]["status"], "queued", "{isolation}");
        twilio.arrived(1).await;
        twilio.release();
        assert_eq!(told(&world.deliveries(&start.path()).await[0]), ("sent", None, None), "{isolation}");
        stop(world, &twilio).await;

        let twilio = Twilio::start().await;
        let world = super::world(isolation, &twilio, "").await;
        twilio.plays(Play::Hold);
        let start = world.post("/v1/verifications", &json!({ "to": ADA })).await;
        twilio.arrived(1).await;
        world.clock.advance(Duration::from_secs(10));
        let deliveries = world.deliveries(&start.path()).await;
        assert_eq!(told(&deliveries[0]), ("unknown", None, None), "{isolation}");
        assert_eq!(deliveries[0]["detail"], "the provider did not answer within 10s");
        assert_eq!(twilio.posted().len(), deliveries.len(), "one request a delivery");
        stop(world, &twilio).await;
    }
}
