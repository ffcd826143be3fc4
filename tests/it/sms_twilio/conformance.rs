//! The loaded library answers like the native one.

use harness::conform;
use passrelay::plugin::Isolation;
use provider_api::testing::Sample;
use serde_json::Value;

/// The native transcript is held against the same file by the provider's own tests.
#[test]
fn sms_twilio_answers_alike_natively_on_a_thread_and_in_a_process() {
    let native: Value =
        serde_json::from_str(include_str!("../../../providers/sms_twilio/conformance.json")).unwrap();
    let sample = Sample::from_json(include_str!("../../../providers/sms_twilio/sample.json")).unwrap();
    for isolation in [Isolation::Thread, Isolation::Process] {
        assert_eq!(conform("sms_twilio", &sample, isolation), native, "{isolation:?}");
    }
}
