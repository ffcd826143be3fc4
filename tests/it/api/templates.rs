//! What a message says: by purpose, language, number, application and provider.

use super::{ADA, BOTH};
use harness::World;
use serde_json::{Value, json};
use std::time::Duration;

const CONFIGURATION: &str = r#"
    [site]
    name = "Example"
    support_email = "help@example.com"
    [site.variables]
    company = "ACME & Sons"
    [site.prefixes]
    "+41" = "fr"
    [providers.dry_run]
    isolation = "ISOLATION"
    [providers.dry_run.config]
    outbox = "@/outbox.jsonl"
    [providers.dry_run.templates.locales.de]
    generic = "{{pin}} von {company}"
    sign_in = "{% if member_name %}{member_name}: {% endif %}{payload} für {site_name}"
    [providers.dry_run.templates.locales.fr]
    generic = "{{ code }} pour {{ site_name }}, {expiry_minutes} min"
    [applications.web]
    api_keys = ["key-of-web-0123456789"]
    methods = ["email:code", "sms:code", "call:code"]
    [applications.web.templates.call]
    generic = "[[OTP]] called"
    [applications.web.templates.email]
    register = { subject = "Welcome to {site_name}", text = "{code}", html = "<p>{code}</p>" }
    [applications.web.code]
    pause = "0s"
    [limits]
    sends_per_recipient = "off"
    [routes]
    sms = ["dry_run"]
    email = ["dry_run"]
    call = ["dry_run"]
"#;

async fn world(isolation: &str) -> World {
    World::start(&CONFIGURATION.replace("ISOLATION", isolation)).await
}

/// The message that a start led to, with the code in its text replaced.
async fn told(world: &World, body: &Value) -> (String, Value) {
    let started = world.begin(body).await;
    assert_eq!(started.status, 201, "{}", started.body);
    let message = world.messages().pop().unwrap();
    let word = |name| message.get(name).and_then(Value::as_str).unwrap();
    let text = word("text").replace(word("code"), "CODE");
    (text, message)
}

/// J33–J38, L14–L20, X4, X5
#[tokio::test(flavor = "multi_thread")]
async fn a_message_says_what_the_operator_wrote_for_whom_it_reaches() {
    for isolation in BOTH {
        let world = world(isolation).await;
        for (body, text, locale) in [
            // ours, where the provider has no text for the language
            (json!({ "to": ADA }), "CODE is your Example code.", json!("en")),
            (json!({ "to": ADA, "locale": "it" }), "CODE è il tuo codice Example.", json!("it")),
            (json!({ "to": ADA, "purpose": "sign_in" }), "CODE is your Example sign-in code.", json!("en")),
            // the provider's, by language and purpose
            (json!({ "to": ADA, "locale": "de-AT" }), "CODE von ACME & Sons", json!("de")),
            (json!({ "to": ADA, "locale": "DE", "purpose": "sign_in" }), "CODE für Example", json!("de")),
            // by the number
            (json!({ "to": "+4915123456789" }), "CODE von ACME & Sons", json!("de")),
            (json!({ "to": "+41781234567" }), "CODE pour Example, 10 min", json!("fr")),
            (json!({ "to": "+41781234567", "locale": "de" }), "CODE von ACME & Sons", json!("de")),
            // the application's, for its channel only
            (json!({ "to": ADA, "locale": "de", "method": "call:code" }), "CODE called", json!("de")),
        ] {
            let mut body = body;
            if body["method"].is_null() {
                body["method"] = json!("sms:code");
            }
            let (said, message) = told(&world, &body).await;
            assert_eq!((said.as_str(), &message["locale"]), (text, &locale), "{body}");
        }
        world.stop().await;
    }
}

/// J36: a name is said as it is, but not one that a phone would make a link of.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_called_by_name_but_never_sends_a_link_in_our_name() {
    let world = world("thread").await;
    for (id, name, text) in [
        ("1", "Ada", "Ada: CODE für Example"),
        ("2", "{{ code }} {payload}", "{{ code }} {payload}: CODE für Example"),
        ("3", "Win at evil.example", "CODE für Example"),
        ("4", "\u{202e}Ada", "Ada: CODE für Example"),
    ] {
        let fields = json!({ "mobile": ADA });
        let member = json!({ "id": id, "name": name, "locale": "de", "fields": fields });
        let body = json!({ "member": member, "purpose": "sign_in", "method": "sms:code" });
        assert_eq!(told(&world, &body).await.0, text, "{name}");
    }
    world.stop().await;
}

/// Whoever asks again without saying a language or a name gets the same text again.
#[tokio::test(flavor = "multi_thread")]
async fn a_resend_keeps_language_and_name() {
    let world = world("thread").await;
    let member = json!({ "id": "1", "name": "Ada", "locale": "de", "fields": { "mobile": ADA } });
    let body = json!({ "member": member, "purpose": "sign_in", "method": "sms:code" });
    let (first, _) = told(&world, &body).await;
    world.clock.advance(Duration::from_mins(4));
    let member = json!({ "id": "1", "fields": { "mobile": ADA } });
    let (second, message) =
        told(&world, &json!({ "member": member, "purpose": "sign_in", "method": "sms:code" })).await;
    assert_eq!((first.as_str(), second.as_str()), ("Ada: CODE für Example", "Ada: CODE für Example"));
    assert_eq!((&message["locale"], world.messages().len()), (&json!("de"), 2));

    // What is left of the code's life is told anew.
    let french = json!({ "to": "+41781234567", "method": "sms:code" });
    assert_eq!(told(&world, &french).await.0, "CODE pour Example, 10 min");
    world.clock.advance(Duration::from_mins(4));
    assert_eq!(told(&world, &french).await.0, "CODE pour Example, 6 min");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_has_a_subject_in_its_language() {
    let world = world("process").await;
    let to = "ada@example.com";
    let (said, message) = told(&world, &json!({ "to": to, "purpose": "register" })).await;
    assert_eq!((said.as_str(), &message["subject"]), ("CODE", &json!("Welcome to Example")));
    let (said, message) = told(&world, &json!({ "to": to, "locale": "nl" })).await;
    assert_eq!(message["subject"], "Je code voor Example");
    assert!(said.contains("CODE") && said.contains("10 min.") && said.contains("help@example.com"), "{said}");
    // A provider's text without a subject gets ours, in the member's language.
    let (said, message) = told(&world, &json!({ "to": to, "locale": "fr" })).await;
    assert_eq!(
        (said.as_str(), &message["subject"]),
        ("CODE pour Example, 10 min", &json!("Votre code Example"))
    );
    world.stop().await;
}

/// A text that fails when it is needed costs no message; the log says which one and why, and no value.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_fails_gives_way_to_the_built_in_one_and_is_logged() {
    let failing = "\n[applications.web.templates.sms]\n\
                   generic = \"{code}{% if purpose == 'bind_mfa' %}{{ code|upper }}{% endif %}\"\n";
    let world = World::start(&(CONFIGURATION.replace("ISOLATION", "thread") + failing)).await;
    let sms = |purpose: &str| json!({ "to": ADA, "method": "sms:code", "purpose": purpose });
    assert_eq!(told(&world, &sms("generic")).await.0, "CODE");
    assert!(!world.log().contains("cannot be rendered"));
    assert_eq!(told(&world, &sms("bind_mfa")).await.0, "CODE is your Example code.");
    let log = world.log();
    let line = log.lines().find(|line| line.contains("a text cannot be rendered")).unwrap();
    assert!(line.contains("unknown filter") && line.contains("bind_mfa"), "{line}");
    world.stop().await;
}
