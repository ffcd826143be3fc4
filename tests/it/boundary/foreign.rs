//! Libraries that were built elsewhere: by another compiler, with another allocator, against an earlier boundary.

use super::BOTH;
use harness::{Dropped, provider};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Lane, ProviderState, Providers},
};
use provider_api::Failure;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

/// Opens a provider of the only library that was dropped in.
async fn opened(dropped: &Dropped, id: &str, isolation: Isolation) -> (Providers, Arc<Lane>) {
    let providers = dropped.open_with(&[provider(id, isolation, json!({}))], &Clock::system()).await;
    let lane = providers.lane(id).unwrap_or_else(|| panic!("{:?}", providers.status()));
    (providers, lane)
}

/// Whatever type of Rust's own crosses the boundary is laid out by chance here, and by another compiler.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_of_another_compiler_that_lays_out_types_by_chance_works() {
    let Some(library) = of_nightly("libchaos.so") else { return };
    let bytes = fs::read(library).unwrap();
    let says = |words: &[u8]| memchr::memmem::find(&bytes, words).is_some();
    assert!(says(b"-nightly ("), "it is none of a nightly compiler");
    for isolation in BOTH {
        let dropped = Dropped::new();
        dropped.put("libchaos.so", &bytes);
        let (providers, lane) = opened(&dropped, "chaos", isolation).await;
        assert!(!lane.manifest().config_schema.is_null() && lane.addresses().len() == 1, "{isolation:?}");
        let receipt = lane.deliver(super::message("ok")).await.unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("ver_1"), "{isolation:?}");
        let error = lane.deliver(super::message("new_failure")).await.unwrap_err();
        assert_eq!(error.failure, Failure::Other("moon_phase".into()), "{isolation:?}");
        // A future, its waker and a panic's payload, across and back.
        let error = lane.deliver(super::message("panic_after_await")).await.unwrap_err();
        assert!(error.text.contains("boom after await"), "{isolation:?}: {error}");
        assert!(lane.deliver(super::message("ok")).await.is_ok(), "{isolation:?}");
        providers.close().await;
    }
}

/// Each side frees what it made.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_with_an_allocator_of_its_own_works() {
    for isolation in BOTH {
        let dropped = Dropped::with(&["other_allocator"]);
        let (providers, lane) = opened(&dropped, "other_allocator", isolation).await;
        for _ in 0..20 {
            let receipt = lane.deliver(super::message("somebody")).await.unwrap();
            assert!(receipt.reference.is_some_and(|reference| reference.len() > 50), "{isolation:?}");
            let error = lane.deliver(super::message("nobody")).await.unwrap_err();
            assert_eq!((error.failure, error.text.len()), (Failure::Rejected, 300), "{isolation:?}");
        }
        let error = lane.deliver(super::message("panic")).await.unwrap_err();
        assert!(error.text.contains("boom boom"), "{isolation:?}: {error}");
        assert!(lane.deliver(super::message("somebody")).await.is_ok(), "{isolation:?}");
        providers.close().await;
    }
}

/// Its messages lack every key that came later, and of the operations it knows one; see `newer.rs` for the other way.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_of_an_earlier_version_is_loaded_and_delivers() {
    for isolation in BOTH {
        let dropped = Dropped::with(&["older"]);
        let libraries = dropped.scan().await;
        let info = libraries.by_id("older").unwrap_or_else(|| panic!("{:?}", libraries.refused()));
        assert_eq!((info.manifest.host.as_str(), info.manifest.title.as_str()), ("", ""));
        let (providers, lane) = opened(&dropped, "older", isolation).await;
        let receipt = lane.deliver(super::message("somebody")).await.unwrap();
        assert_eq!(receipt.reference, None, "{isolation:?}");
        let error = lane.deliver(super::message("nobody")).await.unwrap_err();
        assert_eq!((error.failure, error.text.as_str()), (Failure::Rejected, ""), "{isolation:?}");
        // What it does not know is told, and costs it nothing.
        assert!(lane.health().await.is_err(), "{isolation:?}");
        assert_eq!(providers.status().remove(0).state, ProviderState::Ready, "{isolation:?}");
        assert!(lane.deliver(super::message("somebody")).await.is_ok(), "{isolation:?}");
        providers.close().await;
    }
}

/// Where `.ci/run` puts what it builds with a nightly compiler.
fn of_nightly(name: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/foreign/nightly/debug").join(name);
    is_there(file.exists()).then_some(file)
}

/// Says loudly that the test is left out; where a nightly compiler is there to build the file, that is a failure in CI.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is to see what was left out")]
fn is_there(there: bool) -> bool {
    let missing = "LEFT OUT: no library of a nightly compiler is in `target/foreign`; `.ci/run` builds it";
    let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let could_be = || {
        let asked = Command::new("rustup").args(["run", "nightly", "rustc", "-V"]).output();
        asked.is_ok_and(|asked| asked.status.success())
    };
    assert!(there || !is_ci || !could_be(), "{missing}");
    if !there {
        eprintln!("{missing}");
    }
    there
}
