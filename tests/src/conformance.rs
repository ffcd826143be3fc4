//! The conformance suite, asked of a library's real file.

use crate::{Dropped, program};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, LibraryDoor, Sandbox, Workshop},
};
use provider_api::{
    NETWORK,
    testing::{Sample, conformance},
};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Runs the suite on the library with this id; the transcript, to be held against the native one's.
///
/// A sample that says what the service answers to HTTP requests is enough: nothing is sent then.
///
/// # Panics
///
/// When a rule is broken.
pub fn conform(id: &str, sample: &Sample, isolation: Isolation) -> Value {
    let runtime = Runtime::new().expect("a runtime");
    let dropped = Dropped::with(&[id]);
    let library = runtime.block_on(dropped.scan()).by_id(id).expect("the library is admitted").clone();
    let workshop = Workshop::of_program(program(), Clock::system());
    let needs_network = library.manifest.needs.iter().any(|need| need == NETWORK);
    let sandbox = if needs_network { Sandbox::Network } else { Sandbox::Strict };
    let door = LibraryDoor::new(library, isolation, workshop, runtime.handle().clone()).in_sandbox(sandbox);
    let report = conformance::run(&door.answering(sample.http.clone()), sample);
    report.assert();
    serde_json::to_value(report.transcript).expect("a transcript is JSON")
}
