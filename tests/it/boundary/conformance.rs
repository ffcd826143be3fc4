//! A loaded library answers like the native one: the same suite, the same transcript.

use harness::conform;
use passrelay::plugin::Isolation;
use provider_api::testing::{Sample, json};
use serde_json::Value;

/// The native transcript is held against the same file by the provider's own tests.
#[test]
fn dry_run_answers_alike_natively_on_a_thread_and_in_a_process() {
    let native: Value =
        serde_json::from_str(include_str!("../../../providers/dry-run/conformance.json")).unwrap();
    let sample = Sample::from_json(include_str!("../../../providers/dry-run/sample.json")).unwrap();
    for isolation in [Isolation::Thread, Isolation::Process] {
        let folder = tempfile::tempdir().unwrap();
        let sample = sample.clone().with_key("outbox", json!(folder.path().join("outbox.jsonl")));
        assert_eq!(conform("dry_run", &sample, isolation), native, "{isolation:?}");
    }
}
