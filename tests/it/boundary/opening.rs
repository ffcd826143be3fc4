//! A provider that cannot be opened, or goes badly, says why; the others serve.

use super::{
    BOTH,
    stage::{Stage, chaos, named, still},
};
use harness::Dropped;
use passrelay::plugin::{ProviderState, Settings};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_panics_or_refuses_in_open_says_why_and_the_others_serve() {
    for isolation in BOTH {
        for (mode, words) in
            [("panic_open", "boom in open at "), ("err_open", "misconfigured: chaos does not want to open")]
        {
            let bad = Settings { config: json!({ "mode": mode }), ..chaos("bad", isolation) };
            let stage = Stage::open(&[bad, chaos("good", isolation)], &still().clock()).await;
            let status = stage.providers.status().remove(0);
            assert!(
                matches!(&status.state, ProviderState::Failed(reason) if reason.contains(words)),
                "{isolation:?} {status:?}"
            );
            assert!(stage.deliver("good", "ok").await.is_ok());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_is_given_up_after_twenty_seconds() {
    for isolation in BOTH {
        let hand = still();
        let clock = hand.clock();
        let slow = Settings { config: json!({ "mode": "slow_open" }), ..chaos("slow", isolation) };
        let (stage, ()) = tokio::join!(Stage::open(std::slice::from_ref(&slow), &clock), async {
            // The host, and the provider by the host's service.
            hand.sleepers(2).await;
            hand.advance(Duration::from_secs(20));
        });
        let status = stage.providers.status().remove(0);
        assert!(
            matches!(&status.state, ProviderState::Failed(reason) if reason.contains("within 20 s")),
            "{isolation:?} {status:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_panics_when_it_goes_is_told_of_and_harms_nobody() {
    let log = harness::log::capture();
    for isolation in BOTH {
        let id = named("goes_badly", isolation);
        let bad = Settings { config: json!({ "mode": "panic_drop" }), ..chaos(&id, isolation) };
        let stage = Stage::open(&[bad], &still().clock()).await;
        assert!(stage.deliver(&id, "ok").await.is_ok());
        stage.providers.close().await;
        drop(stage);
        // A process is ended with everything in it; on a thread the provider is dropped, and the panic told.
        if isolation == passrelay::plugin::Isolation::Thread {
            log.wait_for(&id, |entry| entry.to_string().contains("boom in drop of the provider")).await;
        }
    }
}

/// Trap A1: a loader that keeps one root module for the process would give each of them the first one's.
#[tokio::test(flavor = "multi_thread")]
async fn different_libraries_in_one_process_stay_what_they_are() {
    let dropped = Dropped::with(&["chaos", "dry_run"]);
    let outbox = dropped.path().join("outbox.jsonl");
    let thread = passrelay::plugin::Isolation::Thread;
    let settings = [
        chaos("chaos", thread),
        chaos("second", thread),
        harness::provider("dry_run", thread, json!({ "outbox": outbox })),
    ];
    let providers = dropped.open_with(&settings, &still().clock()).await;
    for (id, library, delivers) in
        [("chaos", "chaos", false), ("second", "chaos", false), ("dry_run", "dry_run", true)]
    {
        let lane = providers.lane(id).unwrap();
        assert_eq!(lane.manifest().id, library);
        // Only `dry_run` delivers to a number: the others know no such misbehaviour.
        assert_eq!(lane.deliver(super::message("+447700900123")).await.is_ok(), delivers, "{id}");
    }
}
