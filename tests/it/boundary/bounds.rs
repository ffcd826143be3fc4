//! The bounds of a lane: its queue, its breaker, its quarantine.

use super::{
    BOTH,
    service::nobody,
    stage::{Stage, chaos, gone, named, still},
};
use passrelay::plugin::{Isolation, ProviderState, Settings};
use provider_api::{DeliveryError, Failure};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once_and_surely_hands_nothing_over() {
    for isolation in BOTH {
        let hand = still();
        let narrow = Settings { queue: 1, ..chaos("narrow", isolation) };
        let stage = Stage::open(&[narrow], &hand.clock()).await;
        let (first, second) = tokio::join!(stage.deliver("narrow", "sleep:1000"), async {
            hand.sleepers(2).await;
            let second = stage.deliver("narrow", "ok").await;
            hand.advance(Duration::from_secs(1));
            second
        });
        assert!(first.is_ok(), "{isolation:?} {first:?}");
        let error = second.unwrap_err();
        assert_eq!(error.failure, Failure::Unavailable, "{isolation:?}");
        assert!(error.text.contains("queue is full") && error.retry_after_ms.is_some(), "{error}");
        assert!(stage.deliver("narrow", "ok").await.is_ok(), "{isolation:?}: there is room again");
    }
}

/// After a crash thousands may be due at once: they wait for their turn and leave room for those who wait at a screen.
#[tokio::test(flavor = "multi_thread")]
async fn belated_messages_wait_for_a_place_and_leave_half_of_the_queue() {
    // Of an odd number fresh ones have the larger half.
    for queue in [4, 5] {
        let hand = still();
        let narrow = Settings { queue, ..chaos("belated", Isolation::Process) };
        let stage = Stage::open(&[narrow], &hand.clock()).await;
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let lane = stage.lane("belated");
            all.spawn(async move { lane.deliver_at(lane.place().await, super::message("sleep:1000")).await });
        }
        for _ in 0..3 {
            // Two of them, each with its deadline and its sleep.
            hand.sleepers(4).await;
            assert_eq!(stage.lane("belated").depth(), (2, queue));
            assert!(stage.deliver("belated", "ok").await.is_ok());
            hand.advance(Duration::from_secs(1));
            for _ in 0..2 {
                assert!(all.join_next().await.unwrap().unwrap().is_ok());
            }
        }
    }
}

/// A process that is stopped reads nothing: what waits for it is bounded, and what was never sent surely did not leave.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_reads_nothing_is_not_sent_more_than_there_is_room_for() {
    let hand = still();
    let stage = Stage::open(&[chaos("deaf", Isolation::Process)], &hand.clock()).await;
    let pid = stage.told("deaf", "pid").await;
    assert!(std::process::Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let lane = stage.lane("deaf");
        let mut large = super::message("ok");
        large.text = "x".repeat(1 << 20);
        all.spawn(async move { lane.deliver(large).await });
    }
    // The process is ended once it was silent for a second of real time; whoever comes later is served by the next one.
    let errors = all.join_all().await.into_iter().filter_map(Result::err);
    let (held, unsent): (Vec<_>, Vec<_>) =
        errors.partition(|error| error.text.contains("ended while it held the message"));
    // What waits in the host, and what the socket takes.
    assert!((1..=18).contains(&held.len()), "{}", held.len());
    assert!(held.iter().all(|error| error.failure == Failure::Unknown), "{held:?}");
    assert!(unsent.iter().any(|error| error.text.contains("does not read what it is asked")), "{unsent:?}");
    assert!(unsent.iter().all(|error| error.failure == Failure::Unavailable), "{unsent:?}");
    gone(&pid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_five_times_in_a_row_is_left_alone_for_half_a_minute() {
    for isolation in BOTH {
        let hand = still();
        let settings = Settings { allow_private_addresses: true, ..chaos("down", isolation) };
        let stage = Stage::open(&[settings], &hand.clock()).await;
        let to = format!("http:{}", nobody().await);
        for _ in 0..5 {
            let error = stage.deliver("down", &to).await.unwrap_err();
            assert!(error.text.contains("no connection"), "{isolation:?} {error}");
        }
        let rest = stage.deliver("down", "ok").await.unwrap_err();
        assert_eq!(rest.failure, Failure::Unavailable);
        assert_eq!(rest.retry_after_ms, Some(30_000));
        assert!(resting(&stage).contains("failed too often in a row"), "{}", resting(&stage));
        hand.advance(Duration::from_secs(30));
        assert!(stage.deliver("down", "ok").await.is_ok(), "{isolation:?}: the trial decides");
        assert_eq!(resting(&stage), "");
    }
}

fn resting(stage: &Stage) -> String {
    match stage.providers.status().remove(0).state {
        ProviderState::Resting(why) => why,
        _ => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_dies_twice_is_quarantined_and_comes_back() {
    let log = harness::log::capture();
    let hand = still();
    let stage = Stage::open(&[chaos("dies", Isolation::Process)], &hand.clock()).await;
    for _ in 0..2 {
        assert_eq!(stage.deliver("dies", "segv").await.unwrap_err().failure, Failure::Unknown);
    }
    let rest = stage.deliver("dies", "ok").await.unwrap_err();
    assert!(rest.text.contains("quarantined"), "{rest}");
    hand.advance(Duration::from_secs(59));
    assert!(stage.deliver("dies", "ok").await.is_err());
    hand.advance(Duration::from_secs(1));
    assert!(stage.deliver("dies", "ok").await.is_ok());
    log.wait_for("dies", |entry| entry.message().contains("left alone for a while")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_panics_put_a_provider_in_quarantine() {
    for isolation in BOTH {
        let hand = still();
        let stage = Stage::open(&[chaos("panics", isolation)], &hand.clock()).await;
        for _ in 0..5 {
            assert_eq!(stage.deliver("panics", "panic").await.unwrap_err().failure, Failure::Broken);
        }
        let rest = stage.deliver("panics", "ok").await.unwrap_err();
        assert!(rest.text.contains("quarantined"), "{isolation:?} {rest}");
    }
}

/// Section G: a reply is bounded in both isolations.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_over_a_mebibyte_is_the_providers_fault() {
    for isolation in BOTH {
        let stage = Stage::one("huge", isolation).await;
        let error = stage.deliver("huge", "huge").await.unwrap_err();
        assert_eq!(error.failure, Failure::Broken, "{isolation:?}");
        assert!(error.text.contains("more than 1 MiB"), "{isolation:?} {error}");
        assert!(stage.deliver("huge", "ok").await.is_ok(), "{isolation:?}");
    }
}

/// Section G: the word of a newer provider-api is kept, not lost in a catch-all.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_this_version_does_not_know_keeps_its_word() {
    for isolation in BOTH {
        let stage = Stage::one("newer", isolation).await;
        let error: DeliveryError = stage.deliver("newer", "new_failure").await.unwrap_err();
        assert_eq!(error.failure, Failure::Other("moon_phase".into()), "{isolation:?}");
    }
}

/// What was given up while its thread was blocked would else be sent when the member has long had another code.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_given_up_while_the_thread_was_blocked_is_never_made() {
    let log = harness::log::capture();
    let hand = still();
    let id = named("belated", Isolation::Thread);
    let stage = Stage::open(&[chaos(&id, Isolation::Thread)], &hand.clock()).await;
    let given_up = async {
        log.wait_for(&id, |entry| entry.message().contains("blocks its thread now")).await;
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let lane = stage.lane(&id);
            all.spawn(async move { lane.deliver(super::message("log")).await });
        }
        hand.sleepers(9).await;
        hand.advance(Duration::from_secs(10));
        all.join_all().await
    };
    let (blocked, given_up) = tokio::join!(stage.deliver(&id, "block:2500"), given_up);
    assert_eq!(blocked.unwrap_err().failure, Failure::Unknown);
    assert!(given_up.iter().all(Result::is_err), "{given_up:?}");
    // Past the quarantine, to the end of the queue.
    let free = stage.lane(&id).raw_call(99, Vec::new()).await;
    assert!(free.is_ok(), "{free:?}");
    let logged = log.of_provider(&id);
    assert!(!logged.iter().any(|entry| entry.message() == "an error"), "it was made after all");
}
