//! The provider as a host calls it, in this process: what is published, and what becomes of each answer.

use super::Ntfy;
use provider_api::testing::{FakeHost, Harness, Sample, conforms, json};
use provider_api::{
    Address, Availability, Candidate, Channel, DeliveryError, Failure, HttpResponse, Member, Message,
    Payload, Receipt, Recipient,
};
use serde_json::Value;

const TOPIC: &str = "ada-5Jk2pX9wQz71";

fn sample() -> Sample {
    Sample::from_json(include_str!("../sample.json")).unwrap()
}

fn open(host: &FakeHost, config: Value) -> Harness<Ntfy> {
    Harness::<Ntfy>::with_host(host.clone()).open(config).unwrap()
}

/// Hands a message over to a server that answers like this.
fn deliver(status: u16, body: &str, message: &Message) -> Result<Receipt, DeliveryError> {
    let host = FakeHost::new().answers(HttpResponse::new(status, body));
    open(&host, sample().config).deliver(message)
}

fn published(host: &FakeHost) -> Value {
    serde_json::from_slice(&host.requests()[0].body).unwrap()
}

#[test]
fn a_message_is_published_to_the_topic_with_the_token() {
    let host = FakeHost::new().answers(HttpResponse::new(200, r#"{"id":"n1","event":"message"}"#));
    let receipt = open(&host, sample().config).deliver(&sample().message).unwrap();
    assert_eq!(receipt, Receipt::new("n1"));
    assert_eq!(host.requests()[0].url, "https://ntfy.example.com");
    let token = ("authorization".to_owned(), "Bearer tk_sample0123456789".to_owned());
    assert!(host.requests()[0].headers.contains(&token));
    let text = "493817 is your Example code.";
    let expected = json!({
        "topic": TOPIC, "title": "Example", "message": text, "priority": 4, "tags": ["key"],
    });
    assert_eq!(published(&host), expected);
}

#[test]
fn a_link_is_followed_by_a_tap_and_a_subject_is_the_title() {
    let host = FakeHost::new().always(HttpResponse::new(200, "{}"));
    let mut message = sample().message;
    message.payload = Payload::link("https://otp.example.com/l/1");
    message.subject = Some("Sign in".to_owned());
    open(&host, sample().config).deliver(&message).unwrap();
    let body = published(&host);
    assert_eq!(body["click"], "https://otp.example.com/l/1");
    assert_eq!(body["title"], "Sign in");
}

#[test]
fn every_answer_becomes_the_failure_that_the_host_acts_on() {
    for (status, body, expected, code) in [
        (401, r#"{"code":40101,"error":"unauthorized"}"#, Failure::Misconfigured, Some("40101")),
        (403, r#"{"code":40301,"error":"forbidden"}"#, Failure::Misconfigured, Some("40301")),
        (429, r#"{"code":42901,"error":"limit reached"}"#, Failure::Throttled, Some("42901")),
        (400, "no JSON at all", Failure::Rejected, None),
        (302, "", Failure::Misconfigured, None),
        (502, "", Failure::Unknown, None),
    ] {
        let error = deliver(status, body, &sample().message).unwrap_err();
        assert_eq!((error.failure, error.code.as_deref()), (expected, code), "{status} {body}");
    }
}

#[test]
fn a_lost_answer_is_unknown_and_not_asked_for_again() {
    let host = FakeHost::new().fails(DeliveryError::unknown("the answer was lost"));
    let error = open(&host, sample().config).deliver(&sample().message).unwrap_err();
    assert_eq!((error.failure, host.requests().len()), (Failure::Unknown, 1));
}

#[test]
fn a_server_that_repeats_what_it_was_sent_betrays_nobody() {
    let body = json!({ "error": format!("no 493817 for {TOPIC}") }).to_string();
    let error = deliver(400, &body, &sample().message).unwrap_err();
    assert!(!error.text.contains("493817") && !error.text.contains(TOPIC), "{error}");
}

#[test]
fn a_test_shows_what_is_sent_and_sends_nothing_where_that_is_asked_for() {
    let mut message = sample().message;
    message.test = true;
    let sent = deliver(200, r#"{"id":"n1"}"#, &message).unwrap();
    assert!(!sent.simulated && sent.reference.as_deref() == Some("n1"));

    let host = FakeHost::new();
    let dry = open(&host, sample().with_key("dry_run_in_test", json!(true)).config);
    let receipt = dry.deliver(&message).unwrap();
    assert!(receipt.simulated && host.requests().is_empty());
    assert_eq!((&receipt.preview, &receipt.preview[0][..]), (&sent.preview, "POST https://ntfy.example.com"));
    let shown = receipt.preview.join("\n");
    assert!(shown.contains("is your Example code.") && !shown.contains("493817") && !shown.contains(TOPIC));
}

#[test]
fn a_member_is_reached_at_a_topic_that_nobody_guesses() {
    let open_server = json!({ "server": "https://ntfy.example.com" });
    let availability = |config: Value, topic: &str| {
        let push = Channel::new("push").unwrap();
        let candidate = Candidate::new(Member::default(), push, Recipient::new(topic));
        open(&FakeHost::new(), config).availability(&candidate).unwrap()
    };
    assert_eq!(availability(open_server.clone(), TOPIC), Availability::available());
    for (topic, reason) in [("ada", "guessable_topic"), ("no/topic/at/all/really", "invalid_topic")] {
        let answer = availability(open_server.clone(), topic);
        assert_eq!((answer.available, answer.reason.as_deref()), (false, Some(reason)), "{topic}");
    }
    assert!(availability(sample().config, "ada").available, "a server with tokens keeps strangers out");
}

#[test]
fn the_topic_stands_in_the_field_that_the_operator_names() {
    let config = sample().with_key("member_topic_field", json!("phone_app")).config;
    let expected = Address::other(Channel::new("push").ok(), "phone_app", "ntfy_topic");
    assert_eq!(open(&FakeHost::new(), config).addresses(), [expected]);
}

#[test]
fn a_wrong_configuration_is_refused_by_the_name_of_its_key() {
    for (key, value) in
        [("server", "ntfy.sh"), ("server", "https://ntfy.sh/topic"), ("member_topic_field", " ")]
    {
        let error = Harness::<Ntfy>::open(sample().with_key(key, json!(value)).config).unwrap_err();
        assert!(error.text.contains(&format!("`{key}`")), "{error}");
    }
}

#[test]
fn it_conforms() {
    conforms::<Ntfy, _>(&sample()).assert();
}
