//! What an author types: a new crate, its conformance, a first message, and what is said where it goes wrong.

mod conform;
mod new;
mod scaffold;
mod service;
mod try_it;

use harness::Console;
use provider_api::testing::{Sample, json};

/// The sample of `dry_run` with an outbox in the console's folder.
fn sample_of_dry_run(console: &Console) -> String {
    let sample = Sample::from_json(include_str!("../../providers/dry-run/sample.json")).unwrap();
    serde_json::to_string(&sample.with_key("outbox", json!(console.file("outbox.jsonl")))).unwrap()
}
