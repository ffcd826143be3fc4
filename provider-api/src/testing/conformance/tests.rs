//! A good provider conforms, and of each bad one the report names the rule it breaks.

use super::{native::Native, *};
use crate::{
    Address, Availability, Candidate, Channel, Failure, Host, HttpRequest, Message, Payload, PayloadKind,
    Receipt, Recipient, Secret, glue::Facts,
};
use schemars::JsonSchema;
use serde_json::json;
use std::sync::{Mutex, PoisonError};

const FACTS: Facts = Facts {
    id: "subject",
    version: "1.2.3",
    host: crate::LEAST_HOST,
    title: "Subject",
    readme: "",
    channels: &["sms"],
    capabilities: &["availability"],
    needs: &[],
    hosts: &["sms.example.com"],
};

#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The key of the account.
    token: Secret,
    /// How it misbehaves.
    #[serde(default)]
    manner: String,
}

/// Behaves, but for the one manner its configuration names.
struct Subject {
    config: Config,
    host: Host,
    last: Mutex<String>,
}

impl Provider for Subject {
    type Config = Config;

    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        if config.manner == "quotes_its_token" && config.token.expose() != "t" {
            return Err(DeliveryError::misconfigured(format!("no account with `{}`", config.token.expose())));
        }
        Ok(Self { config, host, last: Mutex::default() })
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        match self.config.manner.as_str() {
            "slices_bytes" => drop(message.text[..message.text.len().min(15)].to_owned()),
            "trusts_words" => assert!(!matches!(message.payload.kind, PayloadKind::Other(_)), "code or link"),
            "echoes_the_code" if message.text.is_empty() => {
                let code = message.payload.expose();
                return Err(DeliveryError::new(Failure::Rejected, format!("no text for `{code}`")));
            }
            "always_panics" => panic!("boom"),
            "echoes_the_recipient" => return Ok(Receipt::new(message.recipient.as_str())),
            "always_simulates" => return Ok(Receipt::default().simulated()),
            "invents_failures" => return Err(DeliveryError::new(Failure::from_word("bored"), "not today")),
            "is_not_reentrant" => {
                self.last.lock().unwrap_or_else(PoisonError::into_inner).push('x');
            }
            _ => {}
        }
        let response =
            self.host.http(HttpRequest::post("https://sms.example.com/").body(message.text)).await?;
        if self.config.manner == "is_not_reentrant" {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            assert_eq!(last.pop(), Some('x'), "begun once");
            assert!(last.is_empty(), "one at a time");
        }
        if response.status == 201 { Ok(Receipt::new("r")) } else { Err(DeliveryError::unknown("no 201")) }
    }

    fn addresses(&self) -> Vec<Address> {
        let channel = if self.config.manner == "forgets_its_channel" { "fax" } else { "sms" };
        vec![Address::phone(Channel::new(channel).ok(), "mobile")]
    }

    async fn availability(&self, candidate: Candidate) -> Availability {
        match self.config.manner.as_str() {
            "expects_an_id" => drop(candidate.member.id.expect("every member has an id")),
            "gives_no_reason" => return Availability::unavailable("Because.", ""),
            _ => {}
        }
        Availability::available()
    }

    async fn close(&self) {
        assert_ne!(self.config.manner, "panics_in_close");
    }
}

fn sample(manner: &str) -> Sample {
    let recipient = Recipient::new("+447700900123");
    let text = "493817 is your code.";
    let message = Message::new("m1", Channel::new("sms").unwrap(), recipient, Payload::code("493817"), text);
    Sample::new(json!({ "token": "t", "manner": manner }), message).with_http(201, "")
}

fn report(manner: &str) -> Report {
    let sample = sample(manner);
    run(&Native::<Subject>::new(FACTS, &sample), &sample)
}

#[test]
fn a_good_provider_conforms() {
    let report = report("");
    report.assert();
    assert!(report.rules.len() > 25, "{report}");
}

#[test]
fn two_runs_have_the_same_transcript() {
    assert_eq!(report("").transcript, report("").transcript);
}

#[test]
fn a_transcript_holds_neither_code_nor_recipient_nor_secret() {
    let transcript = report("").transcript_json();
    assert!(
        !transcript.contains("493817") && !transcript.contains("7700900") && !transcript.contains("planted-")
    );
}

#[test]
fn of_a_bad_provider_the_report_names_the_rule() {
    for (manner, rule) in [
        ("quotes_its_token", "answers_reveal_nothing"),
        ("slices_bytes", "hostile_contents_are_survived"),
        ("trusts_words", "unknown_words_are_survived"),
        ("echoes_the_code", "answers_reveal_nothing"),
        ("echoes_the_recipient", "answers_reveal_nothing"),
        ("always_simulates", "sample_message_is_answered"),
        ("invents_failures", "sample_message_is_answered"),
        ("is_not_reentrant", "abandoned_delivery_harms_nothing"),
        ("forgets_its_channel", "every_channel_has_an_address"),
        ("expects_an_id", "availability_is_as_declared"),
        ("gives_no_reason", "availability_is_as_declared"),
        ("panics_in_close", "close_answers"),
    ] {
        let report = report(manner);
        assert!(report.violated().contains(&rule), "{manner}: {rule}\n{report}");
    }
}

#[test]
fn a_provider_that_breaks_one_rule_breaks_no_other() {
    for (manner, rule) in [
        ("quotes_its_token", "answers_reveal_nothing"),
        ("echoes_the_recipient", "answers_reveal_nothing"),
        ("forgets_its_channel", "every_channel_has_an_address"),
        ("gives_no_reason", "availability_is_as_declared"),
        ("trusts_words", "unknown_words_are_survived"),
    ] {
        assert_eq!(report(manner).violated(), [rule], "{manner}");
    }
}

#[test]
fn a_panic_is_told_with_its_place() {
    let report = report("trusts_words").to_string();
    assert!(report.contains("code or link") && report.contains("tests.rs:"), "{report}");
}

#[test]
fn a_manifest_with_mistakes_is_told_rule_by_rule() {
    let facts = Facts {
        id: "Not A Word",
        version: "one",
        channels: &["SMS"],
        capabilities: &["telepathy"],
        needs: &["root"],
        hosts: &["https://sms.example.com", "{region}"],
        ..FACTS
    };
    let sample = sample("");
    let report = run(&Native::<Subject>::new(facts, &sample), &sample);
    for rule in [
        "manifest_is_complete",
        "channels_are_words",
        "capabilities_are_known",
        "needs_are_known",
        "hosts_are_known",
    ] {
        assert!(report.violated().contains(&rule), "{rule}\n{report}");
    }
}

#[test]
fn a_sample_that_does_not_open_ends_the_suite_early() {
    let sample = Sample::new(json!({}), sample("").message);
    let report = run(&Native::<Subject>::new(FACTS, &sample), &sample);
    assert!(report.violated().contains(&"sample_configuration_opens"), "{report}");
    assert!(report.to_string().contains("the key `token` is missing"), "{report}");
}

/// The author reads nothing but the violation: it says which method breaks the rule and what to write instead.
#[test]
fn a_violation_names_the_method_and_the_remedy() {
    for (manner, method, remedy) in [
        ("quotes_its_token", "open with", "leave it out, or show `Message::masked`"),
        ("trusts_words", "`deliver` does not come back: ", "return an `Err` rather than panic"),
        ("echoes_the_recipient", "deliver", "leave it out, or show `Message::masked`"),
        ("always_simulates", "`deliver` only simulates a message", "look at `Message::test` first"),
        ("invents_failures", "`deliver` fails with `bored`", "use a kind of `Failure`"),
        ("is_not_reentrant", "`deliver` answers otherwise", "hold no lock"),
        ("forgets_its_channel", "`addresses` declares none for the channel `sms`", "add `Address::phone`"),
        (
            "gives_no_reason",
            "`availability` says no without a reason",
            "a lower-case word such as `landline`",
        ),
        ("panics_in_close", "`close` does not come back: ", "return an `Err` rather than panic"),
    ] {
        let report = report(manner);
        let violations = || report.rules.iter().flat_map(|line| &line.violations);
        assert!(
            violations().any(|told| told.contains(method) && told.contains(remedy)),
            "{manner}\n{report}"
        );
    }
}

#[test]
fn a_sample_message_that_does_not_come_back_ends_the_deliveries_early() {
    let report = report("always_panics");
    let asked: Vec<&str> = report.rules.iter().map(|line| line.rule.as_str()).collect();
    assert!(report.violated().contains(&"sample_message_is_answered"), "{report}");
    assert!(
        !asked.contains(&"hostile_contents_are_survived") && asked.contains(&"close_answers"),
        "{report}"
    );
}

/// Takes anything as its configuration, and explains nothing.
struct Careless;

#[derive(Debug, serde::Deserialize, JsonSchema)]
struct Unexplained {
    #[serde(default)]
    anything: Value,
}

impl Provider for Careless {
    type Config = Unexplained;

    async fn open(config: Unexplained, _: Host) -> Result<Self, DeliveryError> {
        assert!(config.anything.is_null(), "expected null");
        Ok(Self)
    }

    async fn deliver(&self, _: Message) -> Result<Receipt, DeliveryError> {
        Ok(Receipt::default())
    }
}

#[test]
fn a_careless_configuration_is_told() {
    let sample = Sample::new(json!({}), sample("").message);
    let report = run(&Native::<Careless>::new(Facts { capabilities: &[], ..FACTS }, &sample), &sample);
    assert_eq!(report.violated(), ["every_key_is_explained", "wrong_values_are_survived"], "{report}");
}
