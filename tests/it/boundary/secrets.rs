//! Whatever a provider says, no code, no full recipient and no configured secret is in the log or in an error.

use super::{
    BOTH,
    stage::{Stage, chaos, named, still},
};
use harness::log::{Typed, capture};
use passrelay::plugin::{Isolation, Settings};
use provider_api::{
    Candidate, Channel, DeliveryError, EmailAddress, HttpRequest, HttpResponse, Member, Message, Payload,
    PhoneNumber, Recipient, Secret,
};
use serde_json::json;

const CODE: &str = "730561";
const NUMBER: &str = "+447700900866";
const TOKEN: &str = "token-5f4d3c2b1a";

/// The first word tells the library what to do; all of it is the recipient.
fn message(word: &str) -> Message {
    let text = format!("{CODE} is your code.");
    let sms = Channel::new("sms").unwrap();
    Message::new("ver_1", sms, Recipient::new(format!("{word} {NUMBER}")), Payload::code(CODE), text)
}

async fn open(id: &str, isolation: Isolation) -> Stage {
    let settings = Settings { config: json!({ "token": TOKEN }), ..chaos(id, isolation) };
    Stage::open(&[settings], &still().clock()).await
}

fn assert_clean(text: &str) {
    for secret in [CODE, "7700900866", TOKEN] {
        assert!(!text.contains(secret), "`{secret}` in: {text}");
    }
}

/// Section H. A token that no configuration holds is hidden by the name of its field; in free text nobody can know it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_logs_has_lost_the_code_the_recipient_and_the_configured_token() {
    let log = capture();
    for isolation in BOTH {
        let id = named("indiscreet", isolation);
        let stage = open(&id, isolation).await;
        assert!(stage.lane(&id).deliver(message("log_secret")).await.is_ok());
        let words = log.wait_for(&id, |entry| entry.message().starts_with("the code")).await;
        assert_eq!(words.message(), "the code [code] goes to •••66 with [secret]", "{isolation:?}");
        let entries = log.of_provider(&id);
        let fields = entries.iter().find(|entry| entry.message() == "fields").unwrap();
        for hidden in ["code", "token", "text"] {
            assert_eq!(fields.fields.get(hidden), Some(&Typed::Text("[hidden]".into())), "{isolation:?}");
        }
        let number = entries.iter().find(|entry| entry.message() == "a number").unwrap();
        assert_eq!(number.fields.get("number"), Some(&Typed::Text("[hidden]".into())), "{isolation:?}");
        for entry in entries {
            assert_clean(&entry.to_string());
        }
    }
}

/// The log of two providers on threads: each is cleaned of its own messages, whoever was opened first.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_provider_of_a_library_is_cleaned_of_its_own_messages() {
    let log = capture();
    let ids = ["indiscreet_first", "indiscreet_second"];
    let settings = ids.map(|id| chaos(id, Isolation::Thread));
    let stage = Stage::open(&settings, &still().clock()).await;
    for id in ids {
        assert!(stage.lane(id).deliver(message("log_secret")).await.is_ok());
        log.wait_for(id, |entry| entry.message().starts_with("the code [code] goes to •••66")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_in_an_error_is_cleaned() {
    for isolation in BOTH {
        let stage = open("blabs", isolation).await;
        let error = stage.lane("blabs").deliver(message("echo_secret")).await.unwrap_err();
        assert_eq!(error.text, "cannot send [code] to •••66 with [secret]", "{isolation:?}");
        assert_eq!(error.code.as_deref(), Some("[code]"), "{isolation:?}");
    }
}

/// Section H: a `{:?}` in a hurry tells nothing.
#[test]
fn no_debug_of_a_public_type_shows_a_code_or_a_full_recipient() {
    let number = PhoneNumber::parse(NUMBER).unwrap();
    let email = EmailAddress::parse("ada.lovelace@example.com").unwrap();
    let sms = Channel::new("sms").unwrap();
    let body = format!("{CODE} {NUMBER}");
    let request = HttpRequest::post(format!("https://example.com/{NUMBER}"))
        .header("authorization", TOKEN)
        .body(body.clone());
    let member = Member::with_fields([("mobile", NUMBER)]);
    let shown = [
        format!("{:?}", message("to")),
        format!("{:?}", Payload::code(CODE)),
        format!("{:?}", Payload::link(format!("https://example.com/{CODE}"))),
        format!("{:?}", Recipient::new(NUMBER)),
        format!("{number:?}"),
        format!("{:?}", Candidate::new(member.clone(), sms, Recipient::new(NUMBER))),
        format!("{member:?}"),
        format!("{request:?}"),
        format!("{:?}", HttpResponse::new(200, body)),
        format!("{:?}", Secret::new(TOKEN)),
        format!("{:?}", Settings { config: json!({ "token": TOKEN }), ..chaos("shown", Isolation::Process) }),
    ];
    for text in shown {
        assert_clean(&text);
    }
    assert!(!format!("{email:?}").contains("lovelace"), "{email:?}");
    // What an error says is the provider's own: it is cleaned on its way, not when it is shown.
    assert!(format!("{:?}", DeliveryError::unknown("why")).contains("why"));
}
