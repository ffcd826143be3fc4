//! The mails themselves, parsed back by another library than the one that wrote them.

use super::{ADA, Opened, Sink, message, on, open};
use mail_parser::{HeaderValue, Message as Parsed, MessageParser};
use proptest::prelude::*;
use provider_api::{Failure, Message, Payload, Recipient, testing::json};

fn sent(provider: &Opened, sink: &Sink, message: &Message) -> String {
    provider.deliver(message).unwrap();
    sink.mails().pop().unwrap()
}

fn parsed(mail: &str) -> Parsed<'_> {
    MessageParser::default().parse(mail.as_bytes()).unwrap()
}

fn names(parsed: &Parsed<'_>) -> Vec<String> {
    parsed.headers().iter().map(|header| header.name.as_str().to_lowercase()).collect()
}

/// The headers of RFC 5322, RFC 2045 and RFC 3834, and the text.
#[test]
fn a_text_becomes_a_mail_of_one_part() {
    let sink = Sink::new();
    let provider = open(&json!({ "port": sink.port(), "reply_to": "Help <help@example.org>" })).unwrap();
    let receipt = provider.deliver(&message()).unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("<message.dlv_1@example.org>"));
    assert!(!receipt.simulated && receipt.preview.is_empty());
    let mail = sink.mails().remove(0);
    assert_eq!(
        mail,
        "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n\
         From: Example <otp@example.org>\r\n\
         To: ada.lovelace@example.com\r\n\
         Subject: Your verification code\r\n\
         Message-ID: <message.dlv_1@example.org>\r\n\
         Auto-Submitted: auto-generated\r\n\
         Reply-To: Help <help@example.org>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n\
         493817 is your code.\r\n"
    );
    let said = sink.commands();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    assert_eq!(
        said,
        ["EHLO example.org", "MAIL FROM:<otp@example.org>", "RCPT TO:<ada.lovelace@example.com>", "DATA"]
    );
}

#[test]
fn html_becomes_the_better_of_two_parts() {
    let sink = Sink::new();
    let mut message = message();
    message.subject = Some("Ihr Code für Grüße".to_owned());
    message.html = Some("<p><b>493817</b> – gültig</p>\n".repeat(60));
    let mail = sent(&on(&sink), &sink, &message);
    let parsed = parsed(&mail);
    assert_eq!(parsed.subject(), Some("Ihr Code für Grüße"));
    assert_eq!(parsed.body_text(0).as_deref().map(str::trim_end), Some(message.text.as_str()));
    assert_eq!(
        parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(),
        message.html.unwrap().trim_end()
    );
    assert!(mail.contains("Content-Type: multipart/alternative;"), "{mail}");
    assert!(mail.find("text/plain").unwrap() < mail.find("text/html").unwrap(), "the best part is the last");
}

#[test]
fn a_link_has_a_subject_of_its_own_and_comes_whole() {
    let sink = Sink::new();
    let mut message = message();
    let link = format!("https://otp.example.com/l/{}?a=b&c=d", "x".repeat(1_200));
    message.payload = Payload::link(&link);
    message.text = format!("Follow {link}");
    let mail = sent(&on(&sink), &sink, &message);
    let parsed = parsed(&mail);
    assert_eq!(parsed.subject(), Some("Your verification link"));
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), message.text);
}

#[test]
fn a_message_that_is_handed_over_again_is_the_same_mail() {
    let sink = Sink::new();
    let provider = on(&sink);
    let mut message = message();
    message.html = Some("<p>493817</p>".to_owned());
    let first = sent(&provider, &sink, &message);
    message.repeated = true;
    assert_eq!(sent(&provider, &sink, &message), first);
}

/// Nothing of a mail waits until the server has confirmed the rest: it and the line that ends it are one piece.
#[test]
fn a_mail_and_its_end_are_written_at_once() {
    let sink = Sink::new();
    let mut message = message();
    message.html = Some("<p>493817</p>\n.\n..x\n".repeat(90));
    sent(&on(&sink), &sink, &message);
    assert_eq!((sink.mails().len(), sink.at_once()), (1, 1));
    assert!((2_000..8_000).contains(&sink.mails()[0].len()), "it fits what is read at once");
}

/// A test shows what is sent, masked, and sends it or not.
#[test]
fn a_test_shows_the_mail_and_sends_it_unless_it_is_a_dry_run() {
    let sink = Sink::new();
    let mut message = message();
    message.test = true;
    message.subject = Some("493817 is\nyours".to_owned());
    message.html = Some(format!("<p>493817 for {ADA}</p>"));
    for (dry, mails) in [(true, 0), (false, 1)] {
        let provider = open(&json!({ "port": sink.port(), "dry_run_in_test": dry })).unwrap();
        let receipt = provider.deliver(&message).unwrap();
        assert_eq!((receipt.simulated, sink.mails().len()), (dry, mails));
        assert_eq!(
            receipt.preview,
            [
                "MAIL FROM:<otp@example.org>",
                "RCPT TO:<a•••@example.com>",
                "",
                "Date: Thu, 01 Jan 2026 00:00:00 +0000",
                "From: Example <otp@example.org>",
                "To: a•••@example.com",
                "Subject: •••••• is yours",
                "Message-ID: <message.dlv_1@example.org>",
                "Auto-Submitted: auto-generated",
                "",
                "•••••• is your code.",
                "",
                "text/html:",
                "<p>•••••• for a•••@example.com</p>",
            ]
        );
    }
    // Whoever tries it on the sender's own mailbox sees that one masked too.
    message.recipient = Recipient::new("otp@example.org");
    let dry = open(&json!({ "dry_run_in_test": true })).unwrap();
    assert!(!dry.deliver(&message).unwrap().preview.join("\n").contains("otp@example.org"));
    message.recipient = Recipient::new(ADA);
    message.test = false;
    let provider = open(&json!({ "port": sink.port(), "dry_run_in_test": true })).unwrap();
    assert!(!provider.deliver(&message).unwrap().simulated);
    assert_eq!(sink.mails().len(), 2, "only a test is dry");
}

#[test]
fn a_recipient_that_is_no_mailbox_gets_nothing_and_is_not_quoted() {
    let sink = Sink::new();
    let provider = on(&sink);
    for bad in [
        "",
        "ada",
        "ada.lovelace@example.com, eve@example.net",
        "ada.lovelace@example.com\r\nRCPT TO:<eve@example.net>",
        "\"ada\r\n\"@example.com",
        "ada.lovelace@exämple.com",
    ] {
        let mut message = message();
        message.recipient = Recipient::new(bad);
        let error = provider.deliver(&message).unwrap_err();
        assert_eq!(error.failure, Failure::InvalidRecipient, "{bad}");
        assert!(!error.text.contains("lovelace"), "{error}");
    }
    assert_eq!(sink.connections(), 0);
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\r\n.\r\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\0".to_owned()),
        Just("\u{85}\u{2028}".to_owned()),
        Just("Bcc: eve@example.net".to_owned()),
        Just("--=_passrelay--".to_owned()),
        Just("=?utf-8?q?=0D=0ABcc:_eve?=".to_owned()),
        Just("MAIL FROM:<eve@example.net>".to_owned()),
        Just(".".to_owned()),
        "[a-z ]{0,12}",
        "\\PC{0,60}",
        "[ä漢]{0,90}",
        "[a-z]{990,1100}",
    ];
    proptest::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

/// The words of a text, without what separates them: white space may change on the way, words may not.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in subject, text, HTML and id: the same headers, one recipient, the text as it was.
    #[test]
    fn nothing_becomes_a_header_or_a_recipient(
        subject in hostile(), text in hostile(), html in hostile(), id in hostile(),
    ) {
        let sink = Sink::new();
        let mut message = message();
        message.subject = Some(subject.clone());
        message.text = format!("493817 {text}");
        message.html = Some(format!("<p>{html}"));
        message.id = id;
        let mail = sent(&on(&sink), &sink, &message);
        prop_assert!(mail.is_ascii());
        prop_assert!(mail.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0'])));
        let parsed = parsed(&mail);
        prop_assert_eq!(
            names(&parsed),
            ["date", "from", "to", "subject", "message-id", "auto-submitted", "mime-version", "content-type"]
        );
        prop_assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some(ADA));
        prop_assert_eq!(parsed.to().unwrap().iter().count(), 1);
        prop_assert_eq!(parsed.parts.len(), 3);
        let expected = message.text.replace("\r\n", "\n").replace('\r', "\n");
        let found = parsed.body_text(0).unwrap().replace("\r\n", "\n");
        prop_assert_eq!(found.trim_end(), expected.trim_end());
        let rcpt = sink.commands().into_iter().filter(|command| command.starts_with("RCPT")).count();
        prop_assert_eq!(rcpt, 1);
        let own = crate::mail::clean(&subject);
        if !own.is_empty() {
            prop_assert_eq!(words(parsed.subject().unwrap()), words(&own));
        }
    }

    /// Any name of the sender is read back as it was.
    #[test]
    fn the_senders_name_comes_back(name in "[a-zA-Zäßあ,.;:()@\\\\' -]{1,60}") {
        let name = name.trim();
        prop_assume!(!name.is_empty());
        let sink = Sink::new();
        let from = format!("{name} <otp@example.org>");
        let provider = open(&json!({ "port": sink.port(), "from": from })).unwrap();
        let mail = sent(&provider, &sink, &message());
        let parsed = parsed(&mail);
        let from = parsed.from().unwrap();
        prop_assert_eq!(from.iter().count(), 1);
        prop_assert_eq!(from.first().unwrap().address(), Some("otp@example.org"));
        prop_assert_eq!(words(from.first().unwrap().name().unwrap()), words(name));
        let auto = parsed.header("Auto-Submitted");
        prop_assert_eq!(auto, Some(&HeaderValue::Text("auto-generated".into())));
    }
}
