//! Being asked about a member happens while a person waits: it is short, and its faults count.

use super::{
    BOTH,
    stage::{Stage, chaos, gone, still},
};
use passrelay::plugin::{Isolation, Lane};
use provider_api::{Availability, Candidate, Channel, Member, Recipient};
use std::{sync::Arc, time::Duration};

async fn ask(stage: &Stage, about: &str) -> Availability {
    let sms = Channel::new("sms").unwrap();
    lane(stage).availability(Candidate::new(Member::default(), sms, Recipient::new(about))).await
}

fn lane(stage: &Stage) -> Arc<Lane> {
    stage.lane(&stage.providers.status()[0].id)
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_not_available_and_no_fault() {
    for isolation in BOTH {
        let hand = still();
        let stage = Stage::open(&[chaos("asked", isolation)], &hand.clock()).await;
        assert!(ask(&stage, "somebody").await.available, "{isolation:?}");
        for _ in 0..10 {
            let (silent, ()) = tokio::join!(ask(&stage, "hang"), async {
                hand.sleepers(1).await;
                hand.advance(Duration::from_millis(50));
            });
            assert!(!silent.available, "{isolation:?}");
        }
        assert!(ask(&stage, "somebody").await.available, "{isolation:?}");
        assert!(stage.deliver("asked", "ok").await.is_ok(), "{isolation:?}");
    }
}

/// Nothing is delivered by a provider that is not offered: were only deliveries to find out that it hangs, it would hang
/// for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_keeps_its_thread_to_itself_when_it_is_asked_is_ended_and_comes_back() {
    let log = harness::log::capture();
    let hand = still();
    let stage = Stage::open(&[chaos("spun", Isolation::Process)], &hand.clock()).await;
    let before = stage.told("spun", "pid").await;
    let (silent, ()) = tokio::join!(ask(&stage, "spin"), async {
        // Given up any earlier, it would never have begun.
        log.wait_for("spun", |entry| entry.to_string().contains("blocks its thread now")).await;
        hand.advance(Duration::from_millis(50));
    });
    assert!(!silent.available);
    log.wait_for("spun", |entry| entry.to_string().contains("quarantined")).await;
    gone(&before).await;
    hand.advance(Duration::from_mins(1));
    assert!(ask(&stage, "somebody").await.available);
    assert!(stage.deliver("spun", "ok").await.is_ok());
}

/// Section I of the traps: no storm of restarts, whoever asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_dies_when_it_is_asked_is_quarantined_and_comes_back() {
    let hand = still();
    let stage = Stage::open(&[chaos("asked", Isolation::Process)], &hand.clock()).await;
    for _ in 0..2 {
        assert!(!ask(&stage, "segv").await.available);
    }
    assert!(!ask(&stage, "somebody").await.available, "it is not even started again");
    assert!(stage.deliver("asked", "ok").await.unwrap_err().text.contains("quarantined"));
    hand.advance(Duration::from_mins(1));
    assert!(ask(&stage, "somebody").await.available);
    assert!(stage.deliver("asked", "ok").await.is_ok());
}
