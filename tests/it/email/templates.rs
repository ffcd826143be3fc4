//! What a mail says: the operator's texts and the built-in ones, with whatever a member calls themself.

use super::{ADA, BOTH, code, parsed, plain, prove, world};
use harness::{
    World,
    smtp::{Mail, Smtp, Tls},
};
use provider_api::testing::json;
use serde_json::Value;

/// Every part of a mail, the code in each of them.
const OPERATORS: &str = r#"
[providers.email.templates]
generic = { subject = "{code} – Grüße an {member_name} ✉", text = "Hallo {member_name},\n.\n{code}\n", html = "<p title='{member_name}'>Hallo {member_name}: <b>{code}</b></p>" }
[limits]
sends_per_recipient = "off"
"#;

/// Sends Ada, who calls herself this, a mail.
async fn mail_to(world: &World, smtp: &Smtp, name: &str, locale: Option<&str>) -> (Mail, Value) {
    let member = json!({ "id": name, "name": name, "locale": locale, "fields": { "email": ADA } });
    let start = world.begin(&json!({ "member": member })).await;
    assert_eq!(start.body.pointer("/delivery/status"), Some(&json!("sent")), "{}", start.body);
    let delivery = world.deliveries(&start.path()).await.remove(0);
    prove(world, smtp, &start.path()).await;
    (smtp.mails().pop().unwrap(), delivery)
}

/// J33–J36, J62: whatever a member calls themself stands in the text as it is, in the HTML as no markup, and nowhere
/// as a header; a name that would be a link is left out.
#[tokio::test(flavor = "multi_thread")]
async fn an_operators_mail_has_its_parts_and_a_hostile_name_changes_none_of_them() {
    for isolation in BOTH {
        let smtp = Smtp::start(Tls::None).await;
        let world = world(isolation, &format!("{}{OPERATORS}", plain(&smtp))).await;
        for (name, said, escaped) in [
            ("Ada", "Ada", "Ada"),
            (
                "<script>'\"&</script>",
                "<script>'\"&</script>",
                "&lt;script&gt;&#x27;&quot;&amp;&lt;&#x2f;script&gt;",
            ),
            ("{{ code }} {payload} {% if", "{{ code }} {payload} {% if", "{{ code }} {payload} {% if"),
            ("\u{202e}A\u{2066}da\u{2028}Bcc: eve", "AdaBcc: eve", "AdaBcc: eve"),
            ("=?utf-8?q?evil=2Eexample?=", "=?utf-8?q?evil=2Eexample?=", "=?utf-8?q?evil=2Eexample?="),
            ("Win at https://evil.example/x", "", ""),
        ] {
            let (mail, delivery) = mail_to(&world, &smtp, name, None).await;
            let (code, parsed) = (code(&mail), parsed(&mail));
            // No mail program finds an encoded word in it.
            let subject = format!("{code} – Grüße an {} ✉", said.replace("=?", "= ?")).replace("  ", " ");
            assert_eq!(parsed.subject(), Some(subject.as_str()), "{name}");
            let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
            assert_eq!(text.trim_end(), format!("Hallo {said},\n.\n{code}"), "{name}");
            let html = format!("<p title='{escaped}'>Hallo {escaped}: <b>{code}</b></p>");
            assert_eq!(parsed.body_html(0).unwrap().trim_end(), html, "{name}");
            assert_eq!((parsed.text_body_count(), parsed.html_body_count()), (1, 1), "{name}");
            let names: Vec<&str> = parsed.headers().iter().map(|header| header.name.as_str()).collect();
            assert_eq!(
                names,
                [
                    "Date",
                    "From",
                    "To",
                    "Subject",
                    "Message-ID",
                    "Auto-Submitted",
                    "MIME-Version",
                    "Content-Type"
                ]
            );
            assert_eq!(parsed.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
            let id = format!("message.{}@example.org", delivery["id"].as_str().unwrap());
            assert_eq!(parsed.message_id(), Some(id.as_str()));
            assert_eq!(mail.to, [ADA]);
        }
        world.stop().await;
    }
}

/// L14, L19: the built-in mail in the member's language, each part of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_mail_is_in_the_members_language() {
    for (isolation, locale, subject, greeting, lead) in [
        ("process", "de-AT", "Ihr Code für Example", "Guten Tag ", "Ihr Code für Example lautet:"),
        ("thread", "ja", "Exampleの認証コード", " 様", "Exampleの認証コード："),
    ] {
        let smtp = Smtp::start(Tls::None).await;
        let world = world(isolation, &plain(&smtp)).await;
        let (mail, _) = mail_to(&world, &smtp, "Ada <b>", Some(locale)).await;
        let (code, parsed) = (code(&mail), parsed(&mail));
        assert_eq!(parsed.subject(), Some(subject));
        let (text, html) = (parsed.body_text(0).unwrap(), parsed.body_html(0).unwrap());
        for part in [&text, &html] {
            assert!(part.contains(greeting) && part.contains(lead) && part.contains(&code), "{part}");
        }
        assert!(text.contains("Ada <b>") && html.contains("Ada &lt;b&gt;"), "{text} {html}");
        let tag = locale.split('-').next().unwrap();
        assert!(html.contains(&format!("<html lang=\"{tag}\">")), "{html}");
        world.stop().await;
    }
}
