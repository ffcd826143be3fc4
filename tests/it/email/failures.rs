//! What the deliveries say when a server does not take a mail, and that nothing is sent twice.

use super::{BOTH, delivery, plain, world};
use harness::smtp::{Smtp, Step, Tls, Turn};
use provider_api::testing::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn each_reply_is_told_as_what_it_means() {
    for (place, (step, code, text, failure, told)) in [
        (Step::Greeting, 554, "5.7.1 ada.lovelace@example.com", "misconfigured", "554 5.7.1"),
        (Step::Greeting, 421, "4.3.2 closing", "unavailable", "421 4.3.2"),
        (Step::Mail, 451, "4.3.0 try again", "unavailable", "451 4.3.0"),
        (Step::Mail, 550, "5.7.1 not you", "misconfigured", "550 5.7.1"),
        (Step::Rcpt, 450, "4.2.0 greylisted", "throttled", "450 4.2.0"),
        (Step::Rcpt, 550, "5.1.1 <ada.lovelace@example.com> unknown", "invalid_recipient", "550 5.1.1"),
        (Step::Rcpt, 552, "5.2.2 full", "not_reachable", "552 5.2.2"),
        (Step::Rcpt, 550, "5.7.1 relaying denied", "blocked", "550 5.7.1"),
        (Step::Data, 452, "4.3.1 no room", "unavailable", "452 4.3.1"),
        (Step::End, 421, "4.7.0 slow down", "throttled", "421 4.7.0"),
        (Step::End, 554, "5.6.0 spam", "rejected", "554 5.6.0"),
    ]
    .into_iter()
    .enumerate()
    {
        let smtp = Smtp::start(Tls::None).await;
        smtp.then(step, Turn::Say(code, text));
        let world = world(BOTH[place % 2], &plain(&smtp)).await;
        let delivery = delivery(&world).await;
        assert_eq!(delivery["status"], "failed", "{delivery}");
        assert_eq!((&delivery["failure"], &delivery["failure_code"]), (&json!(failure), &json!(told)));
        assert!(smtp.mails().is_empty());
        // The server has nothing against the next one.
        assert_eq!(
            world.begin(&json!({ "to": "grace.hopper@example.com" })).await.body["delivery"]["status"],
            "sent"
        );
        world.keeps_secret(&super::code(&smtp.mails()[0]));
        world.stop().await;
    }
}

/// Before the end of the mail it was surely not taken. After it nobody knows: the host hands it over once more, and the
/// mail says that it is the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_told_as_what_may_have_become_of_the_mail() {
    for isolation in BOTH {
        for step in [Step::Greeting, Step::Mail, Step::Rcpt, Step::Data] {
            let smtp = Smtp::start(Tls::None).await;
            smtp.then(step, Turn::HangUp);
            let world = world(isolation, &plain(&smtp)).await;
            let delivery = delivery(&world).await;
            assert_eq!(
                (&delivery["status"], &delivery["failure"]),
                (&json!("failed"), &json!("unavailable"))
            );
            assert!(smtp.mails().is_empty());
            world.stop().await;
        }
        let smtp = Smtp::start(Tls::None).await;
        smtp.then(Step::End, Turn::HangUp);
        let world = world(isolation, &plain(&smtp)).await;
        let start = world.begin(&json!({ "to": super::ADA })).await;
        let deliveries = world.deliveries(&start.path()).await;
        let words: Vec<_> = deliveries.iter().map(|delivery| delivery["status"].clone()).collect();
        assert_eq!(words, ["unknown", "sent"]);
        let mail = smtp.mails().remove(0);
        let id = format!("message.{}@example.org", deliveries[0]["id"].as_str().unwrap());
        assert_eq!(super::parsed(&mail).message_id(), Some(id.as_str()), "the id of the first handing-over");
        world.keeps_secret(&super::code(&mail));
        world.stop().await;
    }
}

/// A server that says nothing is given up in the end, and the next mail has a connection of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_costs_one_delivery() {
    let smtp = Smtp::start(Tls::None).await;
    smtp.then(Step::Rcpt, Turn::Hold);
    let world = world("process", &plain(&smtp)).await;
    let start = world.post("/v1/verifications", &json!({ "to": super::ADA })).await;
    smtp.holds().await;
    world.clock.advance(Duration::from_secs(10));
    let deliveries = world.deliveries(&start.path()).await;
    assert_eq!(deliveries[0]["detail"], "the provider did not answer within 10s");
    assert_eq!((&deliveries[0]["status"], &deliveries[1]["status"]), (&json!("unknown"), &json!("sent")));
    world.keeps_secret(&super::code(&smtp.mails()[0]));
    world.stop().await;
}
