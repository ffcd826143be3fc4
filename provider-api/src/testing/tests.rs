//! The harness calls a provider as a host would, and the fake host answers as a test has written.

use super::{FakeHost, Harness, json};
use crate::{
    Address, Availability, Candidate, Channel, DeliveryError, Failure, Host, HttpRequest, HttpResponse,
    Member, Message, Payload, Provider, Receipt, Recipient, export::boundary::Exported, glue::Facts,
};
use schemars::JsonSchema;
use std::time::Duration;

#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    pause_ms: u64,
}

/// A library that declares what it does, or nothing.
struct Carrier<const DECLARED: bool> {
    config: Config,
    host: Host,
}

/// As `export_provider!` does it, of which a crate has only one.
impl<const DECLARED: bool> Exported<Config> for Carrier<DECLARED> {
    const FACTS: Facts = Facts {
        id: "carrier",
        version: "1.0.0",
        host: crate::LEAST_HOST,
        title: "",
        readme: "",
        channels: &["sms"],
        capabilities: if DECLARED { &["availability"] } else { &[] },
        needs: &[],
        hosts: if DECLARED { &["sms.example.com"] } else { &[] },
    };
}

impl<const DECLARED: bool> Provider for Carrier<DECLARED> {
    type Config = Config;

    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        Ok(Self { config, host })
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        assert!(!message.text.is_empty(), "no text");
        self.host.sleep(Duration::from_millis(self.config.pause_ms)).await;
        let mut request = HttpRequest::post("https://sms.example.com/").header("x-a", "b");
        if message.text == "front" {
            request = request.header("Host", "other.example.com");
        }
        let request = request.body(message.text);
        let response = self.host.http(request).await?;
        Ok(Receipt::new(String::from_utf8_lossy(&response.body)))
    }

    async fn availability(&self, _: Candidate) -> Availability {
        Availability::unavailable("asleep", "it is night")
    }
}

fn message(text: &str) -> Message {
    let recipient = Recipient::new("+447700900123");
    Message::new("m1", Channel::new("sms").unwrap(), recipient, Payload::code("493817"), text)
}

fn open(host: FakeHost) -> Harness<Carrier<true>> {
    Harness::with_host(host).open(json!({ "pause_ms": 1500 })).unwrap()
}

#[test]
fn a_message_goes_out_through_the_hosts_http_and_its_answer_comes_back() {
    let carrier = open(FakeHost::new().answers(HttpResponse::new(200, "r7")));
    assert_eq!(carrier.deliver(&message("hello")).unwrap(), Receipt::new("r7"));
    let requests = carrier.host().requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), requests[0].body.as_slice()), ("POST", b"hello".as_slice()));
    assert_eq!(requests[0].headers, [("x-a".to_owned(), "b".to_owned())]);
}

#[test]
fn a_sleep_takes_no_time_and_moves_the_clock() {
    let host = FakeHost::new().always(HttpResponse::new(200, ""));
    let before = host.now_ms();
    open(host.clone()).deliver(&message("hello")).unwrap();
    assert_eq!(host.now_ms(), before + 1500);
}

#[test]
fn answers_and_failures_come_in_order_and_then_a_request_is_told() {
    let carrier = open(
        FakeHost::new().fails(DeliveryError::unknown("cut off")).answers(HttpResponse::new(200, "second")),
    );
    assert_eq!(carrier.deliver(&message("hello")).unwrap_err().failure, Failure::Unknown);
    assert_eq!(carrier.deliver(&message("hello")).unwrap(), Receipt::new("second"));
    let error = carrier.deliver(&message("hello")).unwrap_err();
    assert_eq!(error.text, "the test has no answer for `POST https://sms.example.com/`");
}

#[test]
fn a_panic_becomes_an_error_with_its_place() {
    let error = open(FakeHost::new()).deliver(&message("")).unwrap_err();
    assert_eq!(error.failure, Failure::Broken);
    assert!(error.text.contains("no text") && error.text.contains("tests.rs:"), "{error}");
}

#[test]
fn an_abandoned_delivery_is_dropped_where_it_first_waits() {
    let carrier = open(FakeHost::new());
    assert!(carrier.abandon(&message("hello")));
    assert!(carrier.host().requests().is_empty());
    assert!(!carrier.abandon(&message("")));
}

#[test]
fn availability_is_only_answered_where_it_is_declared() {
    let sms = Channel::new("sms").unwrap();
    let candidate = Candidate::new(Member::default(), sms, Recipient::new("+447700900123"));
    let silent = Harness::<Carrier<false>>::open(json!({ "pause_ms": 0 })).unwrap();
    let error = silent.availability(&candidate).unwrap_err();
    assert!(error.text.contains("capability"), "{error}");
    let declared = open(FakeHost::new());
    assert_eq!(declared.availability(&candidate).unwrap().reason.as_deref(), Some("asleep"));
}

#[test]
fn a_header_that_names_another_host_is_refused() {
    let host = FakeHost::new().always(HttpResponse::new(200, ""));
    let error = open(host.clone()).deliver(&message("front")).unwrap_err();
    assert_eq!(error.text, "the URL alone says which host is asked, and no header `host`");
    assert!(host.requests().is_empty());
}

/// As a real host refuses it, so that an author's own test finds what `export_provider!` lacks.
#[test]
fn a_host_that_is_not_declared_is_not_asked() {
    let host = FakeHost::new().always(HttpResponse::new(200, ""));
    let silent = Harness::<Carrier<false>>::with_host(host.clone()).open(json!({ "pause_ms": 0 })).unwrap();
    let error = silent.deliver(&message("hello")).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured);
    assert_eq!(
        error.text,
        "the library does not declare the host `sms.example.com` (hint: `hosts` of its `export_provider!` does)"
    );
    assert!(host.requests().is_empty());
    open(host.clone()).deliver(&message("hello")).unwrap();
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn the_rest_answers_as_by_default() {
    let carrier = open(FakeHost::new());
    carrier.health().unwrap();
    carrier.close().unwrap();
    let email = Address::email(Channel::new("email").ok(), "email");
    assert_eq!(carrier.addresses(), [email, Address::phone(None, "mobile")]);
}

#[test]
fn a_wrong_configuration_names_its_key() {
    let error = Harness::<Carrier<true>>::open(json!({ "pause_ms": "hunter2" })).unwrap_err();
    assert_eq!(error.text, "the configuration is wrong: `pause_ms` has a value of the wrong kind");
}
