//! A library that was built against an earlier boundary.

use super::{BOTH, stage::still};
use harness::{Dropped, provider};
use passrelay::plugin::{Isolation, Lane, ProviderState, Providers};
use provider_api::Failure;
use serde_json::json;
use std::sync::Arc;

/// Opens a provider of the only library that was dropped in.
async fn opened(dropped: &Dropped, id: &str, isolation: Isolation) -> (Providers, Arc<Lane>) {
    let providers = dropped.open_with(&[provider(id, isolation, json!({}))], &still().clock()).await;
    let lane = providers.lane(id).unwrap_or_else(|| panic!("{:?}", providers.status()));
    (providers, lane)
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
