//! A library that was built with a later version of the boundary works in this host; see `foreign.rs` for an earlier one.

use super::{BOTH, stage::still};
use harness::{Dropped, built, provider};
use provider_api::Failure;
use serde_json::json;
use std::fs;

/// The package that types of the boundary belong to.
const OURS: &str = "passrelay-provider-api";

/// The fixture's, whose name is as long.
const THEIRS: &str = "newer-provider-fixture";

/// The fixture declares the boundary's types anew. Two packages of one name do not build together, so it gets the name
/// here: `abi_stable` then compares its types with the host's as those of provider-api 1.7.0.
fn newer() -> Vec<u8> {
    let mut bytes = fs::read(built("newer")).unwrap();
    let places: Vec<usize> = bytes
        .windows(THEIRS.len())
        .enumerate()
        .filter_map(|(at, window)| (window == THEIRS.as_bytes()).then_some(at))
        .collect();
    for at in places {
        bytes.splice(at..at + OURS.len(), OURS.bytes());
    }
    bytes
}

/// Trap A6: `abi_stable`'s check alone knows only one direction. Here the library has a function of the module, a method of
/// the object, keys and a kind of failure more than the host knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_of_a_later_version_is_loaded_and_delivers() {
    for isolation in BOTH {
        let dropped = Dropped::new();
        dropped.put("libnewer.so", &newer());
        let libraries = dropped.scan().await;
        let info = libraries.by_id("newer").unwrap_or_else(|| panic!("{:?}", libraries.refused()));
        assert_eq!(info.manifest.api, "1.7.0");
        let settings = provider("newer", isolation, json!({}));
        let providers = dropped.open_with(&[settings], &still().clock()).await;
        let lane = providers.lane("newer").unwrap();
        let receipt = lane.deliver(super::message("somebody")).await.unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("from afar"), "{isolation:?}");
        let error = lane.deliver(super::message("full_moon")).await.unwrap_err();
        assert_eq!(error.failure, Failure::Other("moon_phase".into()), "{isolation:?}");
        // It knows no operation of this name: a word that it never promised.
        assert!(lane.health().await.is_err(), "{isolation:?}");
    }
}

/// Types of another package are others, however alike.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_with_types_of_another_package_is_refused() {
    let dropped = Dropped::with(&["newer"]);
    let libraries = dropped.scan().await;
    let refusal = libraries.refused().first().unwrap();
    assert!(refusal.reason.contains("laid out differently"), "{refusal}");
}
