//! A Test of the provider: what is shown, and what is sent.

use super::{ACCOUNT, NUMBER, SID, TOKEN, config, deliver, message, open, with};
use proptest::prelude::*;
use provider_api::{
    HttpResponse, Message,
    testing::{FakeHost, json},
};

fn test() -> Message {
    let mut message = message();
    message.test = true;
    message
}

fn shown(from: &str) -> Vec<String> {
    vec![
        format!("POST https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"),
        "To: +44•••••••123".to_owned(),
        from.to_owned(),
        "Body: •••••• is your code.".to_owned(),
        "ValidityPeriod: 600".to_owned(),
        "RiskCheck: enable".to_owned(),
    ]
}

// J39, J45, J47
#[test]
fn a_test_with_dry_run_sends_nothing_and_shows_what_would_be_sent() {
    let (bodies, receipt) = deliver(with(&json!({ "dry_run_in_test": true })), &test());
    let receipt = receipt.unwrap();
    assert!(bodies.is_empty() && receipt.simulated);
    assert_eq!((receipt.reference, receipt.segments), (None, Some(1)));
    assert_eq!(receipt.preview, shown("From: +16175551212"));
}

// J46
#[test]
fn a_test_without_dry_run_is_sent_and_shows_what_was_sent() {
    let (bodies, receipt) = deliver(config(), &test());
    let receipt = receipt.unwrap();
    assert_eq!((bodies.len(), receipt.simulated), (1, false));
    assert_eq!(receipt.reference.as_deref(), Some(SID));
    assert_eq!(receipt.preview, shown("From: +16175551212"));
}

// J47
#[test]
fn dry_run_concerns_tests_alone() {
    let (bodies, receipt) = deliver(with(&json!({ "dry_run_in_test": true })), &message());
    let receipt = receipt.unwrap();
    assert_eq!((bodies.len(), receipt.simulated, receipt.preview.len()), (1, false, 0));
}

// J54
#[test]
fn a_simulated_test_finds_the_same_mistakes() {
    let mut wrong = test();
    wrong.recipient = provider_api::Recipient::new("07700900123");
    let (bodies, result) = deliver(with(&json!({ "dry_run_in_test": true })), &wrong);
    assert!(bodies.is_empty() && result.is_err());
}

#[test]
fn a_preview_is_readable_and_tells_no_secret() {
    let mut test = test();
    test.text = "493817\r\nfor +447700900123 & \u{1f600}".to_owned();
    test.callback_url = Some("https://otp.example.com/c?d=493817".to_owned());
    // Digits of the operator's own that look like the code are none.
    let service = format!("MG493817{}", "0b".repeat(13));
    let receipt = deliver(with(&json!({ "from": service })), &test).1.unwrap();
    assert_eq!(receipt.preview[2], format!("MessagingServiceSid: {service}"));
    assert_eq!(receipt.preview[3], "Body: ••••••\\r\\nfor +44•••••••123 & \u{1f600}");
    assert_eq!(receipt.preview[6], "StatusCallback: https://otp.example.com/c?d=••••••");
    let all = receipt.preview.join("\n");
    for secret in [TOKEN, "Basic", "7700900"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn a_test_that_twilio_refuses_says_why() {
    let body = json!({ "code": 21_608, "message": "…", "status": 400 });
    let host = FakeHost::new().always(HttpResponse::new(400, body.to_string()));
    let error = open(host, config()).deliver(&test()).unwrap_err();
    assert_eq!(error.code.as_deref(), Some("21608"));
    assert!(error.text.contains("Verified Caller IDs"), "{error}");
}

proptest! {
    /// Whatever the text: Twilio gets it to the letter, and the preview has a line for each parameter without code
    /// and number.
    #[test]
    fn any_text_arrives_whole_and_is_shown_masked(before in ".{1,200}", after in "[^0-9]{0,200}") {
        let mut test = test();
        test.text = format!("{before}493817{after}{NUMBER}");
        let (bodies, receipt) = deliver(config(), &test);
        let sent: Vec<_> = form_urlencoded::parse(bodies[0].as_bytes()).into_owned().collect();
        prop_assert!(sent.contains(&("Body".to_owned(), test.text.clone())));
        let preview = receipt.unwrap().preview;
        prop_assert_eq!(preview.len(), sent.len() + 1);
        for line in preview {
            prop_assert!(!line.contains("493817") && !line.contains(NUMBER) && !line.chars().any(char::is_control));
        }
    }
}
