//! `passrelay providers test email`: what it shows is what is sent, with the code masked.

use super::{ADA, BOTH, parsed, plain, sandbox};
use harness::{
    Console,
    smtp::{Mail, Smtp, Tls},
};
use serde_json::{Value, json};

/// Runs a Test of a provider with these keys and a text of the operator's. It is another process, so this thread may
/// wait for it.
fn test(isolation: &str, keys: &str) -> Value {
    let sandbox = sandbox(isolation);
    let console = Console::with(&["email"]);
    console.write(
        "passrelay.toml",
        &format!(
            r#"
            [providers.email]
            isolation = "{isolation}"
            {sandbox}
            [providers.email.config]
            host = "localhost"
            from = "Grüße <otp@example.org>"
            {keys}
            [providers.email.templates]
            generic = {{ subject = "{{code}} für dich", text = "Dein Code:\n{{code}}", html = "<b>{{code}}</b>" }}
            "#
        ),
    );
    let told = console.run(&format!("providers test email --to {ADA} --json"));
    for secret in ["123456", ADA] {
        assert!(!told.out.contains(secret) && !told.err.contains(secret), "{told:?}");
    }
    told.json()
}

/// The lines that show this mail.
fn shown(mail: &Mail) -> Value {
    let parsed = parsed(mail);
    let masked = |text: &str| text.replace("123456", "••••••").replace(ADA, "a•••@example.com");
    let (date, from) = (parsed.header_raw("Date").unwrap().trim(), parsed.from().unwrap().first().unwrap());
    let lines = [
        format!("MAIL FROM:<{}>", mail.from),
        masked(&format!("RCPT TO:<{}>", mail.to.join(" "))),
        String::new(),
        format!("Date: {date}"),
        format!("From: {} <{}>", from.name().unwrap(), from.address().unwrap()),
        masked(&format!("To: {}", parsed.to().unwrap().first().unwrap().address().unwrap())),
        masked(&format!("Subject: {}", parsed.subject().unwrap())),
        format!("Message-ID: <{}>", parsed.message_id().unwrap()),
        format!("Auto-Submitted: {}", parsed.header_raw("Auto-Submitted").unwrap().trim()),
        String::new(),
    ];
    let text = masked(&parsed.body_text(0).unwrap());
    let html = masked(&parsed.body_html(0).unwrap());
    let parts = text.lines().chain(["", "text/html:"]).chain(html.lines()).map(str::to_owned);
    lines.into_iter().chain(parts).collect()
}

/// J44–J47: a mail is sent, and shown as it was read back.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_shows_the_mail_that_it_sends() {
    for isolation in BOTH {
        let smtp = Smtp::start(Tls::None).await;
        let told = test(isolation, &plain(&smtp));
        assert_eq!((&told["delivered"], &told["simulated"]), (&json!(true), &json!(false)), "{told}");
        let [mail] = smtp.mails().try_into().unwrap();
        assert!(mail.content.contains("123456"), "the code of a Test is in the mail");
        assert_eq!(told["preview"], shown(&mail));
        assert_eq!(told["reference"], format!("<{}>", parsed(&mail).message_id().unwrap()));
    }
}

/// J45: with `dry_run_in_test` the same is shown and nobody is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_test_shows_the_mail_that_it_would_send() {
    let smtp = Smtp::start(Tls::None).await;
    let told = test("process", &format!("{}\ndry_run_in_test = true", plain(&smtp)));
    assert_eq!((&told["delivered"], &told["simulated"]), (&json!(false), &json!(true)), "{told}");
    assert_eq!((smtp.connections(), smtp.mails().len()), (0, 0));
    // But for the date and the id, which are each Test's own.
    let sent = test("thread", &plain(&smtp));
    let stable = |told: &Value| -> Vec<Value> {
        let lines = told["preview"].as_array().unwrap().iter();
        let own = |line: &&Value| {
            ["Date: ", "Message-ID: "].iter().any(|own| line.as_str().unwrap().starts_with(own))
        };
        lines.filter(|line| !own(line)).cloned().collect()
    };
    assert_eq!(stable(&told), stable(&sent));
    assert_eq!(smtp.mails().len(), 1);
}
