//! The end of an OTP is posted to whoever wants to know: signed, until it is taken.

use super::{ADA, SECRET, ask, begin, check, configuration, hear, until, world};
use harness::{Received, Receiver, World};
use passrelay::seal::WebhookSecret;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;

/// How often the log says this of an OTP's event. The log is the whole process's, and ids are made of the time: so each
/// test here has a time of its own.
fn said(world: &World, words: &str, otp: &Value) -> usize {
    let id = format!("evt_{}", otp["otpId"].as_str().unwrap().replace('-', ""));
    world.log().lines().filter(|line| line.contains(words) && line.contains(&id)).count()
}

/// It is a signed update about this OTP, in this state.
#[track_caller]
fn tells(received: &Received, otp: &Value, status: &str) {
    assert_eq!(received.line, "POST /hook?token=s3cret");
    assert_eq!(received.header("content-type"), "application/json");
    let (id, at) = (received.header("webhook-id"), received.header("webhook-timestamp").parse().unwrap());
    let signature = WebhookSecret::read(SECRET).unwrap().sign(id, at, &received.body);
    assert_eq!(received.header("webhook-signature"), signature);
    assert_eq!(id, format!("evt_{}", otp["otpId"].as_str().unwrap().replace('-', "")));
    let body = received.json();
    let told = &body["data"][0];
    assert_eq!((&body["event"], &body["data"].as_array().unwrap().len()), (&json!("otp_update"), &1));
    assert_eq!((&told["otpId"], &told["status"]), (&otp["otpId"], &json!(status)));
}

/// X16, X30: each way to end is told once, with the whole OTP.
#[tokio::test(flavor = "multi_thread")]
async fn every_end_of_an_otp_is_told_once() {
    let world = world().await;
    world.clock.advance(Duration::from_secs(7));
    let mut receiver = Receiver::start().await;
    let asked = json!({ "to": ADA, "otpCallbackUrl": receiver.url, "maxAttempts": 1, "ttl": 60 });

    let verified = begin(&world, &asked).await;
    check(&world, &verified.path(), &world.code_for(ADA)).await;
    let received = receiver.next().await;
    tells(&received, &verified.body, "VERIFIED");
    assert_eq!(received.header("webhook-timestamp"), "1767323052", "the server's own time");
    let shown = ask(&world, Method::GET, &verified.path(), None).await;
    assert_eq!(received.json()["data"][0], shown.body);
    assert_eq!((&shown.body["cost"], &shown.body["otpCallbackUrl"]), (&json!(0.043), &json!(receiver.url)));

    let failed = begin(&world, &asked).await;
    check(&world, &failed.path(), "x").await;
    tells(&receiver.next().await, &failed.body, "FAILED");

    let canceled = begin(&world, &asked).await;
    ask(&world, Method::DELETE, &canceled.path(), None).await;
    tells(&receiver.next().await, &canceled.body, "CANCELLED");

    let superseded = begin(&world, &asked).await;
    let last = begin(&world, &asked).await;
    tells(&receiver.next().await, &superseded.body, "CANCELLED");
    assert!(receiver.is_idle(), "nothing is told of one that is pending");

    // What was said is kept before the clock runs on: else their leases would be over.
    let all = [&verified, &failed, &canceled, &superseded];
    until(|| all.iter().all(|otp| said(&world, "event told", &otp.body) == 1)).await;
    world.clock.advance(Duration::from_mins(1));
    tells(&receiver.next().await, &last.body, "EXPIRED");
    until(|| said(&world, "event told", &last.body) == 1).await;
    world.clock.advance(Duration::from_hours(12));
    let started = begin(&world, &asked).await;
    check(&world, &started.path(), &world.code_for(ADA)).await;
    tells(&receiver.next().await, &started.body, "VERIFIED");
    assert!(receiver.is_idle(), "none is told twice");
    assert!(!world.log().contains("s3cret"), "an address may hold a secret");
    world.stop().await;
}

/// H7: what was not taken is sent again under the same id, when its pause is over; 410 is the last word.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_is_sent_again_and_410_ends_it() {
    let world = world().await;
    world.clock.advance(Duration::from_secs(11));
    let mut receiver = Receiver::start().await;
    receiver.answers(&[
        "500 Broken\r\n",
        "302 Elsewhere\r\nlocation: /other\r\n",
        "503 Busy\r\nretry-after: 3600\r\n",
        "410 Gone\r\n",
    ]);
    let asked = json!({ "to": ADA, "otpCallbackUrl": receiver.url });
    let started = begin(&world, &asked).await;
    check(&world, &started.path(), &world.code_for(ADA)).await;
    let first = receiver.next().await;
    tells(&first, &started.body, "VERIFIED");
    for (times, pause) in [(1, 6), (2, 331), (3, 3_961)] {
        until(|| said(&world, "event not taken", &started.body) == times).await;
        assert!(receiver.is_idle());
        world.clock.advance(Duration::from_secs(pause));
        let again = receiver.next().await;
        assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
        tells(&again, &started.body, "VERIFIED");
    }
    until(|| said(&world, "event given up", &started.body) == 1).await;
    world.stop().await;
}

/// A receiver in the server's own network is not reached unless the operator allows it; without a secret nothing is signed.
#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_unless_they_are_allowed() {
    let file = configuration().replace("allow_private_addresses = true", "allow_private_addresses = false");
    let world = World::start(&file).await;
    world.clock.advance(Duration::from_secs(13));
    let mut receiver = Receiver::start().await;
    let asked = json!({ "to": ADA, "otpCallbackUrl": receiver.url });
    let started = begin(&world, &asked).await;
    check(&world, &started.path(), &world.code_for(ADA)).await;
    let why = "a private address, which `allow_private_addresses = true` would permit";
    until(|| said(&world, why, &started.body) == 1).await;
    assert_eq!(said(&world, "event not taken", &started.body), 1);
    assert!(receiver.is_idle());
    world.stop().await;

    let secret = format!("webhook_secret = \"{SECRET}\"\n");
    let world = World::start(&configuration().replace(&secret, "")).await;
    let started = begin(&world, &asked).await;
    check(&world, &started.path(), &world.code_for(ADA)).await;
    let received = receiver.next().await;
    assert!(received.has("webhook-id") && !received.has("webhook-signature"));
    world.stop().await;
}

/// Receivers of one application that never answer hold up its own events, and nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn slow_receivers_of_one_application_hold_up_no_other() {
    let world = world().await;
    world.clock.advance(Duration::from_secs(17));
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", slow.local_addr().unwrap());
    let held = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&held);
    let holding = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Ok((stream, _)) = slow.accept().await {
            all.push(stream);
            count.store(all.len(), Ordering::Relaxed);
        }
    });
    for number in 10..50 {
        let asked = json!({ "to": format!("+4477009001{number}"), "otpCallbackUrl": url, "ttl": 60 });
        assert_eq!(ask(&world, Method::POST, "/otp", Some(&asked)).await.status, 201);
    }
    // The last to be due.
    let mut receiver = Receiver::start().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("http://{}/otp", world.address()));
    let asked = json!({ "to": ADA, "otpCallbackUrl": receiver.url, "ttl": 61 });
    let other =
        hear(request.header("x-api-key", "key-of-other-0123456789").json(&asked).send().await.unwrap()).await;
    assert_eq!(other.status, 201, "{}", other.body);
    world.clock.advance(Duration::from_secs(61));
    let received = receiver.next().await;
    assert_eq!(received.json()["data"][0]["otpId"], other.body["otpId"]);
    until(|| held.load(Ordering::Relaxed) >= 32).await;
    assert_eq!(held.load(Ordering::Relaxed), 32, "and no more of one application at once");
    world.stop().await;
    holding.abort();
}

/// The address of the application is that of OTPs which were started in this face.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_an_application_is_told_what_was_started_here_and_nothing_else() {
    let mut receiver = Receiver::start().await;
    let own = format!("senders = [\"Acme\"]\nwebhook_url = \"{}\"", receiver.url);
    let world = World::start(&configuration().replace("senders = [\"Acme\"]", &own)).await;
    world.clock.advance(Duration::from_secs(19));
    let native = world.begin(&json!({ "to": ADA })).await;
    assert_eq!(world.check(&native.path(), &world.code_for(ADA)).await.body["valid"], true);
    let started = begin(&world, &json!({ "to": ADA })).await;
    check(&world, &started.path(), &world.code_for(ADA)).await;
    tells(&receiver.next().await, &started.body, "VERIFIED");
    until(|| said(&world, "event told", &started.body) == 1).await;
    assert!(receiver.is_idle());
    world.stop().await;
}
