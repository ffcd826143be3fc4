//! What holds for every provider.

use super::SmsTwilio;
use provider_api::testing::{Sample, conforms};
use serde_json::Value;

/// The host's tests hold the loaded library against the same two files.
#[test]
fn it_conforms_and_its_transcript_is_the_committed_one() {
    let sample = Sample::from_json(include_str!("../../sample.json")).unwrap();
    let report = conforms::<SmsTwilio, _>(&sample);
    report.assert();

    let committed: Value = serde_json::from_str(include_str!("../../conformance.json")).unwrap();
    let found = report.transcript_json();
    if serde_json::from_str::<Value>(&found).unwrap() != committed {
        let beside = std::env::temp_dir().join("sms-twilio-conformance.json");
        std::fs::write(&beside, found).unwrap();
        panic!("conformance.json differs; if the change is meant, copy {} over it", beside.display());
    }
}
