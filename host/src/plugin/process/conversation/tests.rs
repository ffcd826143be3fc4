//! A conversation with a process that is played by the test.

use super::*;
use crate::{
    clock::{ManualClock, millis},
    plugin::{
        copies::Copy,
        redact::Redactor,
        services::{hosts::Hosts, http::Http},
    },
};
use provider_api::abi::ops;
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, net::UnixStream, process::Command};

/// A conversation with a process whose frames the test writes itself.
fn begin(hand: &ManualClock) -> (Arc<Conversation>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let child = Command::new("sleep").arg("600").stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let blueprint = Blueprint {
        provider: "p".to_owned(),
        program: "sleep".into(),
        copy: Copy::nowhere(),
        cell: crate::plugin::sandbox::Cell::strict(),
        mark: None,
        config: Vec::new(),
        services: Services::new(Http::answering(None), Hosts::default(), false, hand.clock()),
        log: Log::new("p", Redactor::default()),
        clock: hand.clock(),
    };
    let (input, output) = ours.into_split();
    (Conversation::begin(&blueprint, child, input, output), theirs)
}

fn sleep(id: u64) -> Vec<u8> {
    let minute: Vec<u8> = frame::encode(&60_000_u64, &[]).into();
    wire::frame(Kind::Service, id, &[&ops::HOST_SLEEP.to_le_bytes(), &minute])
}

#[tokio::test]
async fn whoever_uses_the_id_of_a_call_under_way_is_ended() {
    let hand = ManualClock::at(millis(0));
    let (conversation, mut theirs) = begin(&hand);
    theirs.write_all(&[sleep(1), sleep(2)].concat()).await.unwrap();
    hand.sleepers(2).await;
    // One that was taken back is under way no more.
    theirs.write_all(&wire::frame(Kind::ServiceCancel, 2, &[])).await.unwrap();
    theirs.write_all(&sleep(2)).await.unwrap();
    let again = sleep(1);
    let (answer, written) = tokio::join!(conversation.ask(Kind::Call, &[]), theirs.write_all(&again));
    written.unwrap();
    assert!(matches!(&answer, Answer::Ended(how) if how == "it used an id twice"));
}
