//! A panic becomes that delivery's error, wherever it happens, and the provider goes on.

use super::{
    BOTH,
    stage::{Stage, chaos, named, still},
};
use passrelay::plugin::Isolation::Thread;
use provider_api::Failure;
use std::time::Duration;

/// Traps B1, B2 and B4.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_the_error_of_that_delivery_with_its_words_and_place() {
    for isolation in BOTH {
        let stage = Stage::one("panics", isolation).await;
        for (mode, words) in [
            ("panic", "boom in deliver at "),
            ("panic_after_await", "boom after await at "),
            ("panic_payload", "without a message at "),
        ] {
            let error = stage.deliver("panics", mode).await.unwrap_err();
            assert_eq!(error.failure, Failure::Broken, "{isolation:?} {mode}: {error}");
            assert!(error.text.contains(words), "{isolation:?} {mode}: {error}");
            assert!(error.text.contains("chaos/src/") && error.text.contains(".rs:"), "{mode}: {error}");
            assert!(stage.deliver("panics", "ok").await.is_ok(), "{isolation:?} {mode}");
        }
    }
}

/// What a provider does on threads of its own, and what it prints, is no answer of its.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_on_a_thread_of_its_own_or_a_line_on_standard_output_harms_no_delivery() {
    for isolation in BOTH {
        let stage = Stage::one("noisy", isolation).await;
        for mode in ["thread_panic", "print", "ok"] {
            let answer = stage.deliver("noisy", mode).await;
            assert!(answer.is_ok(), "{isolation:?} {mode}: {answer:?}");
        }
    }
}

/// Trap B3: the future that is dropped when its time has run out may panic.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_the_drop_of_a_timed_out_delivery_goes_no_further() {
    let log = harness::log::capture();
    for isolation in BOTH {
        let (hand, id) = (still(), named("bomb", isolation));
        let stage = Stage::open(&[chaos(&id, isolation)], &hand.clock()).await;
        let (bombed, ()) = tokio::join!(stage.deliver(&id, "drop_bomb"), async {
            // The lane and, by the host's service, the provider itself.
            hand.sleepers(2).await;
            hand.advance(Duration::from_secs(10));
        });
        assert_eq!(bombed.unwrap_err().failure, Failure::Unknown);
        let told = log.wait_for(&id, |entry| entry.to_string().contains("boom in drop of the future")).await;
        assert_eq!(told.level, tracing::Level::ERROR, "{told}");
        assert!(stage.deliver(&id, "ok").await.is_ok(), "{isolation:?}");
    }
}

/// The same where nobody waits any more: the caller is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_the_drop_of_a_cancelled_delivery_goes_no_further() {
    let log = harness::log::capture();
    for isolation in BOTH {
        let (hand, id) = (still(), named("cancelled_bomb", isolation));
        let stage = Stage::open(&[chaos(&id, isolation)], &hand.clock()).await;
        tokio::select! {
            answer = stage.deliver(&id, "drop_bomb") => panic!("it was answered: {answer:?}"),
            () = hand.sleepers(2) => {}
        }
        log.wait_for(&id, |entry| entry.to_string().contains("boom in drop of the future")).await;
        assert!(stage.deliver(&id, "ok").await.is_ok(), "{isolation:?}");
    }
}

/// Trap C3: a provider that blocks its thread starves only itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_thread_starves_its_own_provider_only() {
    let log = harness::log::capture();
    let hand = still();
    let stage = Stage::open(&[chaos("blocked", Thread), chaos("lively", Thread)], &hand.clock()).await;
    let (blocked, ()) = tokio::join!(stage.deliver("blocked", "block:3600000"), async {
        log.wait_for("blocked", |entry| entry.message().contains("blocks its thread now")).await;
        assert!(stage.deliver("lively", "ok").await.is_ok());
        hand.advance(Duration::from_secs(10));
    });
    assert_eq!(blocked.unwrap_err().failure, Failure::Unknown);
    let rest = stage.deliver("blocked", "ok").await.unwrap_err();
    assert!(rest.text.contains("quarantined"), "{rest}");
    assert!(stage.deliver("lively", "ok").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_hangs_on_a_thread_is_unknown_and_the_next_one_goes_through() {
    let hand = still();
    let stage = Stage::open(&[chaos("hangs", Thread)], &hand.clock()).await;
    let (hanging, ()) = tokio::join!(stage.deliver("hangs", "hang"), async {
        hand.sleepers(1).await;
        hand.advance(Duration::from_secs(10));
    });
    assert_eq!(hanging.unwrap_err().failure, Failure::Unknown);
    assert!(stage.deliver("hangs", "ok").await.is_ok());
}
