//! Whatever a provider does to its process costs one delivery.

use super::stage::{Stage, chaos, gone, still};
use passrelay::plugin::Isolation::Process;
use provider_api::Failure;
use std::time::Duration;

/// Traps B1 and B6.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_costs_one_delivery_and_the_next_one_goes_through() {
    let ends = [
        ("segv", "signal 11 (SIGSEGV)"),
        ("abort", "signal 6 (SIGABRT)"),
        ("exit", "code 0"),
        ("stack", "signal 6 (SIGABRT)"),
        ("doublepanic", "signal 6 (SIGABRT)"),
        ("oom", "signal 6 (SIGABRT)"),
    ];
    let settings: Vec<_> = ends.iter().map(|(mode, _)| chaos(&format!("ends_by_{mode}"), Process)).collect();
    let stage = Stage::open(&settings, &still().clock()).await;
    for (mode, how) in ends {
        let id = format!("ends_by_{mode}");
        let error = stage.deliver(&id, mode).await.unwrap_err();
        assert_eq!(error.failure, Failure::Unknown, "{mode}: {error}");
        assert!(error.text.contains(how), "{mode}: {error}");
        let again = stage.deliver(&id, "ok").await;
        assert!(again.is_ok(), "{mode}: {again:?}");
    }
}

/// Trap B6: a poll that never returns starves its own process, which is ended and started again.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_keeps_its_thread_to_itself_is_ended_and_started_again() {
    let log = harness::log::capture();
    let hand = still();
    let stage = Stage::open(&[chaos("spins", Process), chaos("sleeps", Process)], &hand.clock()).await;
    for (id, mode) in [("spins", "loop"), ("sleeps", "block:3600000")] {
        let before = stage.told(id, "pid").await;
        let stuck = stage.deliver(id, mode);
        let wait = async {
            log.wait_for(id, |entry| entry.to_string().contains("blocks its thread now")).await;
            hand.advance(Duration::from_secs(10));
        };
        let (stuck, ()) = tokio::join!(stuck, wait);
        let error = stuck.unwrap_err();
        assert_eq!(error.failure, Failure::Unknown, "{mode}: {error}");
        let rest = stage.deliver(id, "ok").await.unwrap_err();
        assert!(rest.text.contains("quarantined"), "{mode}: {rest}");
        hand.advance(Duration::from_mins(1));
        let after = stage.told(id, "pid").await;
        assert_ne!(before, after, "{mode}");
        gone(&before).await;
    }
}

/// A future that waits for nothing is only dropped: its process stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_never_answers_is_unknown_and_its_process_stays() {
    let hand = still();
    let stage = Stage::open(&[chaos("hangs", Process)], &hand.clock()).await;
    let before = stage.told("hangs", "pid").await;
    let (hanging, ()) = tokio::join!(stage.deliver("hangs", "hang"), async {
        hand.sleepers(1).await;
        hand.advance(Duration::from_secs(10));
    });
    let error = hanging.unwrap_err();
    assert_eq!(error.failure, Failure::Unknown);
    assert!(error.text.contains("did not answer within 10s"), "{error}");
    assert_eq!(stage.told("hangs", "pid").await, before);
}
