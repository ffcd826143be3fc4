//! A loaded library answers like the native one: the same suite, the same transcript.

use harness::{Dropped, built, program};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, LibraryDoor, Workshop},
};
use provider_api::testing::{Sample, conformance, json};
use serde_json::Value;
use tokio::runtime::Runtime;

/// The native transcript is held against the same file by the provider's own tests.
#[test]
fn dry_run_answers_alike_natively_on_a_thread_and_in_a_process() {
    let native: Value =
        serde_json::from_str(include_str!("../../../providers/dry-run/conformance.json")).unwrap();
    for isolation in [Isolation::Thread, Isolation::Process] {
        let transcript =
            conform("dry_run", include_str!("../../../providers/dry-run/sample.json"), isolation);
        assert_eq!(transcript, native, "{isolation:?}");
    }
}

/// Runs the suite on a library's file; the transcript.
fn conform(id: &str, sample: &str, isolation: Isolation) -> Value {
    let runtime = Runtime::new().unwrap();
    let dropped = Dropped::with(&[id]);
    assert!(built(id).exists());
    let library = runtime.block_on(dropped.scan()).by_id(id).unwrap().clone();
    let workshop = Workshop::of_program(program(), Clock::system());
    let door = LibraryDoor::new(library, isolation, workshop, runtime.handle().clone());
    let outbox = dropped.path().join("outbox.jsonl");
    let report =
        conformance::run(&door, &Sample::from_json(sample).unwrap().with_key("outbox", json!(outbox)));
    report.assert();
    serde_json::to_value(report.transcript).unwrap()
}
