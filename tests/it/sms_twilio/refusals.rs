//! What Twilio refuses: the failure, its code, and what to do, as the API's deliveries tell them.

use super::{ADA, BOTH, stop, told, world};
use harness::{Twilio, twilio::Play};
use serde_json::json;

/// J54, J55, J56, L24, S11: each failure, with its usual HTTP status, a code and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_with_twilios_code_and_what_to_do() {
    for isolation in BOTH {
        let twilio = Twilio::start().await;
        let world = world(isolation, &twilio, "").await;
        let refusals = [
            (401, 20_003, "misconfigured", "compare `account_sid` and `auth_token`"),
            (403, 20_403, "misconfigured", "may not send"),
            (404, 20_404, "misconfigured", "knows no such account"),
            (400, 21_211, "invalid_recipient", "digits only"),
            (400, 21_212, "misconfigured", "`from` is no sender"),
            (400, 21_408, "blocked", "Geo permissions"),
            (400, 21_606, "rejected", "`from` cannot send"),
            (400, 21_608, "misconfigured", "Verified Caller IDs or upgrade"),
            (400, 21_610, "opted_out", "only they can undo it"),
            (400, 21_611, "throttled", "queue of the sender"),
            (400, 21_614, "not_reachable", "no mobile number"),
            (400, 21_617, "rejected", "1600 characters"),
            (400, 30_034, "blocked", "it cannot be bypassed"),
            (400, 99_998, "rejected", "https://www.twilio.com/docs/errors/99998"),
            (403, 99_998, "misconfigured", "https://www.twilio.com/docs/errors/99998"),
        ];
        for (place, (status, code, failure, said)) in refusals.into_iter().enumerate() {
            twilio.plays(Play::Refuse(status, code));
            let start = world.begin(&json!({ "to": format!("+4477009003{place:02}") })).await;
            let [delivery] = world.deliveries(&start.path()).await.try_into().unwrap();
            assert_eq!(
                told(&delivery),
                ("failed", Some(failure), Some(code.to_string().as_str())),
                "{delivery}"
            );
            assert!(delivery["detail"].as_str().unwrap().contains(said), "{delivery}");
            assert_eq!(twilio.posted().len(), place + 1, "{code}: one request");
        }
        stop(world, &twilio).await;
    }
}

/// Every row of the table of errors, by the real library.
#[tokio::test(flavor = "multi_thread")]
async fn every_error_of_the_table_arrives_as_its_failure() {
    let twilio = Twilio::start().await;
    let world = world("thread", &twilio, "").await;
    let rows = include_str!("../../../providers/sms_twilio/errors.tsv").lines().skip(1);
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('\t').collect()).collect();
    for (place, row) in rows.iter().enumerate() {
        let [code, failure, what_to_do] = row[..] else { panic!("{row:?}") };
        if ["unknown", "unavailable"].contains(&failure) {
            // A service that is down too often in a row is left alone: a success in between.
            let taken = world.begin(&json!({ "to": format!("+447700901{place:03}") })).await;
            assert_eq!(taken.body["delivery"]["status"], "sent");
        }
        if failure == "unknown" {
            // The host hands over once more where there is no other provider.
            twilio.plays(Play::Refuse(400, code.parse().unwrap()));
        }
        twilio.plays(Play::Refuse(400, code.parse().unwrap()));
        let start = world.begin(&json!({ "to": format!("+447700902{place:03}") })).await;
        let deliveries = world.deliveries(&start.path()).await;
        let expected = if failure == "unknown" {
            ("unknown", None, Some(code))
        } else {
            ("failed", Some(failure), Some(code))
        };
        assert_eq!(told(&deliveries[0]), expected, "{code}");
        assert_eq!(deliveries[0]["detail"], what_to_do, "{code}");
    }
    assert_eq!(rows.len(), 177);
    stop(world, &twilio).await;
}

/// The magic numbers of Twilio's test credentials do what they do there.
#[tokio::test(flavor = "multi_thread")]
async fn the_magic_numbers_fail_as_they_do_at_twilio() {
    let twilio = Twilio::start().await;
    let world = world("process", &twilio, "").await;
    for (number, failure, code) in [
        ("+15005550001", "invalid_recipient", "21211"),
        ("+15005550002", "blocked", "21612"),
        ("+15005550003", "blocked", "21408"),
        ("+15005550004", "opted_out", "21610"),
        ("+15005550009", "not_reachable", "21614"),
    ] {
        let start = world.begin(&json!({ "to": number })).await;
        let deliveries = world.deliveries(&start.path()).await;
        assert_eq!(told(&deliveries[0]), ("failed", Some(failure), Some(code)), "{number}");
    }
    let own = world.begin(&json!({ "to": Twilio::SENDER })).await;
    let deliveries = world.deliveries(&own.path()).await;
    assert_eq!(told(&deliveries[0]), ("failed", Some("rejected"), None), "it is the number in `from`");
    assert_eq!(twilio.posted().len(), 5, "and was not sent");
    stop(world, &twilio).await;
}

/// A message that is taken and failed in the same answer has failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_at_once_is_not_sent() {
    let twilio = Twilio::start().await;
    let world = world("process", &twilio, "").await;
    twilio.plays(Play::Fail(30_007));
    let start = world.begin(&json!({ "to": ADA })).await;
    let [delivery] = world.deliveries(&start.path()).await.try_into().unwrap();
    assert_eq!(told(&delivery), ("failed", Some("rejected"), Some("30007")));
    stop(world, &twilio).await;
}

/// Wrong credentials and a wrong sender are the operator's to mend, and quoted nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_senders_are_misconfigured() {
    for (own, code) in [
        ("auth_token = \"another-token-0123456789\"", "20003"),
        ("from = \"+15005550001\"", "21212"),
        ("from = \"+15005550007\"", "21606"),
        ("from = \"+15005550008\"", "21611"),
    ] {
        let twilio = Twilio::start().await;
        let world = world("process", &twilio, own).await;
        world.keeps_secret("another-token-0123456789");
        let start = world.begin(&json!({ "to": ADA })).await;
        let deliveries = world.deliveries(&start.path()).await;
        assert_eq!(told(&deliveries[0]).2, Some(code), "{own}");
        assert_eq!(twilio.posted().len(), 1, "{own}");
        stop(world, &twilio).await;
    }
}
