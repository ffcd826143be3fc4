//! The provider as a host sees it, in this process, with a mail server that says what a test has written down.
//!
//! TLS, logins and a whole mail server are in the end-to-end tests of the workspace.

use super::Email;
use provider_api::{
    Address, Channel, DeliveryError, Failure, Message, Payload, Recipient,
    testing::{FakeHost, Harness, Sample, conforms, json},
};
use provider_tokio::WithTokio;
use serde_json::Value;
use sink::{Sink, Turn};

mod failures;
mod mails;
mod opening;
mod sink;
mod tokens;

const ADA: &str = "ada.lovelace@example.com";

type Opened = Harness<WithTokio<Email>>;

/// Opens with these keys on top of those that are needed.
fn open_with(host: FakeHost, keys: &Value) -> Result<Opened, DeliveryError> {
    let mut config = json!({ "host": "127.0.0.1", "tls": "none", "from": "Example <otp@example.org>" });
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    Harness::with_host(host).open(config)
}

fn open(keys: &Value) -> Result<Opened, DeliveryError> {
    open_with(FakeHost::new(), keys)
}

/// Opens with the address of this server.
fn on(sink: &Sink) -> Opened {
    open(&json!({ "port": sink.port() })).unwrap()
}

fn message() -> Message {
    let email = Channel::new("email").unwrap();
    Message::new("dlv_1", email, Recipient::new(ADA), Payload::code("493817"), "493817 is your code.")
}

#[test]
fn the_address_stands_in_the_field_of_the_operators_choice() {
    let email = Channel::new("email").ok();
    assert_eq!(open(&json!({})).unwrap().addresses(), [Address::email(email.clone(), "email")]);
    let own = open(&json!({ "member_email_field": "mail" })).unwrap();
    assert_eq!(own.addresses(), [Address::email(email, "mail")]);
}

#[test]
fn the_readme_names_every_key() {
    let transcript: Value = serde_json::from_str(include_str!("../conformance.json")).unwrap();
    let schema = &transcript[0]["answer"]["config_schema"];
    let keys = schema["properties"].as_object().unwrap();
    for key in keys.keys() {
        assert!(include_str!("../README.md").contains(&format!("| `{key}` |")), "{key}");
    }
    assert_eq!(keys.len(), 15);
}

#[test]
fn a_message_of_another_channel_is_rejected() {
    let mut message = message();
    message.channel = Channel::new("sms").unwrap();
    let error = open(&json!({})).unwrap().deliver(&message).unwrap_err();
    assert_eq!(error.failure, Failure::Rejected);
}

/// The end-to-end tests hold the loaded library against the same two files.
#[test]
fn it_conforms_and_its_transcript_is_the_committed_one() {
    let sink = Sink::new();
    let sample = Sample::from_json(include_str!("../sample.json")).unwrap();
    let report = conforms::<WithTokio<Email>, _>(&sample.with_key("port", json!(sink.port())));
    report.assert();
    assert!(sink.mails().len() > 10);

    let committed: Value = serde_json::from_str(include_str!("../conformance.json")).unwrap();
    let found = report.transcript_json();
    let beside = std::env::temp_dir().join("email-conformance.json");
    if serde_json::from_str::<Value>(&found).unwrap() != committed {
        std::fs::write(&beside, found).unwrap();
        panic!("conformance.json differs; if the change is meant, copy {} over it", beside.display());
    }
}
