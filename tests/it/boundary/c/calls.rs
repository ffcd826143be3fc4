//! Calls of a provider in C, in both directions, right and wrong: a wrong one costs one delivery.

use super::Unruly;
use crate::boundary::stage::still;
use harness::log::capture;
use passrelay::clock::Clock;
use provider_api::{Failure, abi::Reply};
use std::time::Duration;
use tracing::Level;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_come_at_once_or_from_a_thread_and_counts_once() {
    let unruly = Unruly::open(&[], &Clock::system()).await;
    assert_eq!(unruly.reference("ok").await, "done");
    assert_eq!(unruly.reference("late").await, "in the end");
    assert_eq!(unruly.reference("twice").await, "first");
    assert_eq!(unruly.reference("told").await, "canceled 0, counted 0", "the second answer did nothing");
    assert_eq!(unruly.reference("stranger").await, "done", "nor does one to a call that never was");
    let hundred: Vec<_> = (0..100).map(|_| unruly.reference("late")).collect();
    for late in hundred {
        assert_eq!(late.await, "in the end");
    }
    let unknown = unruly.lane().raw_call(99, b"\x04\0\0\0null".to_vec()).await;
    assert_eq!(unknown, Ok(Reply::UnknownOp));
}

/// What the host waited for in vain the provider hears of, and its answer comes too late for anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_never_answered_is_unknown_and_canceled() {
    let (log, hand) = (capture(), still());
    let unruly = Unruly::named("unruly_waits", &[], &hand.clock()).await;
    let (error, ()) = tokio::join!(unruly.deliver("never"), async {
        log.wait_for("unruly_waits", |entry| entry.message() == "it keeps quiet").await;
        hand.advance(Duration::from_secs(10));
    });
    assert_eq!(error.unwrap_err().failure, Failure::Unknown);
    assert_eq!(unruly.reference("told").await, "canceled 1, counted 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_the_providers_fault_and_the_next_one_goes_through() {
    let wrong = [
        ("is_null", "the provider answered with a null pointer"),
        ("is_rubbish", "is unreadable"),
        ("is_huge", "has 2097152 bytes, more than 1 MiB"),
        ("is_endless", "more than 1 MiB"),
        ("is_status", "with the status 77, which is none"),
        ("declines", "does not know"),
    ];
    for (to, why) in wrong {
        let unruly = Unruly::open(&[], &Clock::system()).await;
        let error = unruly.deliver(to).await.unwrap_err();
        assert_eq!(error.failure, Failure::Broken, "{to}: {error}");
        assert!(error.text.contains(why), "{to}: {error}");
        assert_eq!(unruly.reference("ok").await, "done", "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_c_costs_one_delivery() {
    for (to, how) in [("segv", "signal 11 (SIGSEGV)"), ("abort", "signal 6 (SIGABRT)")] {
        let unruly = Unruly::open(&[], &Clock::system()).await;
        let error = unruly.deliver(to).await.unwrap_err();
        assert_eq!(error.failure, Failure::Unknown, "{error}");
        assert!(error.text.contains(how), "{error}");
        assert_eq!(unruly.reference("ok").await, "done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_the_host_is_answered_once_also_where_it_is_no_good() {
    let unruly = Unruly::open(&[], &Clock::system()).await;
    assert_eq!(unruly.reference("sleep").await, "served");
    assert_eq!(unruly.reference("unknown_service").await, "unknown");
    assert_eq!(unruly.reference("nobody_asks").await, "done");
    for (to, why) in [("null_request", "it has a null pointer"), ("huge_request", "it is larger than 1 MiB")]
    {
        let error = unruly.deliver(to).await.unwrap_err();
        assert_eq!(error.failure, Failure::Misconfigured, "{to}: {error}");
        assert!(error.text.contains(why), "{to}: {error}");
    }
    assert_eq!(unruly.reference("ok").await, "done");
}

/// Events have their level, what is no text or no level is none, and the code is in none of them.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_in_c_logs_arrives_with_its_level_and_without_the_code() {
    let log = capture();
    let unruly = Unruly::named("unruly_logs", &[], &Clock::system()).await;
    assert_eq!(unruly.reference("log").await, "done");
    log.wait_for("unruly_logs", |entry| entry.message() == "the last").await;
    let mut told = log.of_provider("unruly_logs");
    told.retain(|entry| entry.target == "provider::unruly_logs::c");
    let levels: Vec<_> = told.iter().map(|entry| (entry.level, entry.message())).collect();
    let expected = [
        (Level::ERROR, "an error"),
        (Level::WARN, "a warning"),
        (Level::INFO, "an information"),
        (Level::DEBUG, "a detail"),
        (Level::TRACE, "a trace \u{fffd}"),
    ];
    let expected = expected.map(|(level, message)| (level, message.to_owned()));
    assert_eq!(levels.get(..5), Some(&expected[..]), "{levels:?}");
    assert_eq!(levels.len(), 7, "{levels:?}");
    let (level, message) = &levels[5];
    assert!(*level == Level::WARN && message.contains("ver_1") && !message.contains("493817"), "{message}");
}
