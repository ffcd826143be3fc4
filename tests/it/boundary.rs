//! The boundary between the host and its libraries.

mod availability;
mod bounds;
mod c;
mod conformance;
mod copies;
mod crashes;
mod faults;
mod foreign;
mod hostile;
mod hosts;
mod http;
mod loading;
mod log;
mod mutated;
mod newer;
mod opening;
mod panics;
mod process;
mod proxy;
mod refusals;
mod replacing;
mod secrets;
mod service;
mod signatures;
mod source;
mod stage;

use harness::Dropped;
use passrelay::{clock::Clock, plugin::Isolation};
use provider_api::{Channel, Message, Payload, Recipient};
use serde_json::json;

const BOTH: [Isolation; 2] = [Isolation::Process, Isolation::Thread];

fn message(to: &str) -> Message {
    let sms = Channel::new("sms").unwrap();
    Message::new("ver_1", sms, Recipient::new(to), Payload::code("493817"), "493817 is your code.")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_in_library_delivers() {
    for isolation in BOTH {
        let dropped = Dropped::with(&["dry_run"]);
        let outbox = dropped.path().join("outbox.jsonl");
        let providers =
            dropped.open("dry_run", isolation, json!({ "outbox": outbox }), &Clock::system()).await;
        let lane = providers.lane("dry_run").expect("the provider is open");
        let receipt = lane.deliver(message("+447700900123")).await.unwrap();
        assert!(receipt.reference.is_some());
        assert!(std::fs::read_to_string(outbox).unwrap().contains("493817"));
    }
}
