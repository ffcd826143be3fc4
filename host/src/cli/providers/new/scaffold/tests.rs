//! The provider as a host calls it, in this process: what is sent, and what becomes of each answer.

use super::Sender;
use provider_api::testing::{FakeHost, Harness, Sample, conforms, json};
use provider_api::{DeliveryError, Failure, HttpResponse, Receipt};

/// The sample of the conformance suite is the sample of these tests too.
fn sample() -> Sample {
    Sample::from_json(include_str!("../sample.json")).unwrap()
}

/// Hands the sample's message over to a service that behaves like this host.
fn deliver(host: &FakeHost) -> Result<Receipt, DeliveryError> {
    let sample = sample();
    let sender = Harness::<Sender>::with_host(host.clone()).open(sample.config)?;
    sender.deliver(&sample.message)
}

#[test]
fn a_message_is_handed_over_with_the_key_and_an_id() {
    let host = FakeHost::new().answers(HttpResponse::new(201, r#"{"id":"m-17"}"#));
    let receipt = deliver(&host).unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("m-17"));
    assert_eq!(receipt.segments, Some(1));

    let requests = host.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.url, "https://api.example.com/v1/messages");
    for (name, value) in [
        ("authorization", "Bearer sample-key-0123"),
        ("idempotency-key", "msg_conformance"),
    ] {
        let header = (name.to_owned(), value.to_owned());
        assert!(request.headers.contains(&header), "{header:?}");
    }
    let text = "493817 is your Example code.";
    let expected = json!({ "from": "Example", "to": "+447700900123", "text": text });
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, expected);
}

#[test]
fn every_answer_becomes_the_failure_that_the_host_acts_on() {
    for (status, body, expected) in [
        (404, r#"{"code":"bad_number"}"#, Failure::InvalidRecipient),
        (400, r#"{"code":"landline"}"#, Failure::NotReachable),
        (400, r#"{"code":"opted_out"}"#, Failure::OptedOut),
        (403, r#"{"code":"country_blocked"}"#, Failure::Blocked),
        (400, "no JSON at all", Failure::Rejected),
        (401, "", Failure::Misconfigured),
        (429, "", Failure::Throttled),
        (503, "", Failure::Unknown),
    ] {
        let error = deliver(&FakeHost::new().answers(HttpResponse::new(status, body))).unwrap_err();
        assert_eq!(error.failure, expected, "{status} {body}");
    }
}

#[test]
fn a_lost_answer_is_unknown_and_not_asked_for_again() {
    let host = FakeHost::new().fails(DeliveryError::unknown("the answer was lost"));
    assert_eq!(deliver(&host).unwrap_err().failure, Failure::Unknown);
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_service_that_repeats_what_it_was_sent_betrays_nobody() {
    let body = r#"{"code":"spam","message":"no 493817 to +447700900123"}"#;
    let error = deliver(&FakeHost::new().answers(HttpResponse::new(400, body))).unwrap_err();
    assert_eq!(error.code.as_deref(), Some("spam"));
    for secret in ["493817", "7700900"] {
        assert!(!error.text.contains(secret), "{error}");
    }
}

#[test]
fn it_says_how_long_to_wait() {
    let mut throttled = HttpResponse::new(429, "");
    throttled.headers = vec![("retry-after".to_owned(), "7".to_owned())];
    let error = deliver(&FakeHost::new().answers(throttled)).unwrap_err();
    assert_eq!(error.retry_after_ms, Some(7_000));
}

#[test]
fn a_wrong_configuration_is_refused_by_the_name_of_its_key() {
    for (key, value) in [("from", ""), ("base_url", "sms.example.com")] {
        let config = sample().with_key(key, json!(value)).config;
        let error = Harness::<Sender>::open(config).unwrap_err();
        assert!(error.text.contains(&format!("`{key}`")), "{error}");
    }
}

#[test]
fn it_conforms() {
    conforms::<Sender, _>(&sample()).assert();
}
