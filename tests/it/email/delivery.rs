//! A code that arrives, and connections that last.

use super::{ADA, BOTH, code, parsed, plain, prove, world};
use harness::smtp::{Smtp, Step, Tls, Turn};
use provider_api::testing::json;

/// J62: from the start by the API to the code that was read out of the mail.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_by_email_sends_a_mail_whose_code_approves() {
    for isolation in BOTH {
        let smtp = Smtp::start(Tls::None).await;
        let world = world(isolation, &plain(&smtp)).await;
        let member = json!({ "id": "42", "name": "Ada\", <eve@example.net>", "fields": { "email": ADA } });
        let start = world.begin(&json!({ "member": member, "method": "email:code" })).await;
        assert_eq!(start.body["delivery"]["status"], "sent", "{}", start.body);
        assert_eq!(start.body["recipient"], "a•••@example.com");
        let delivery = world.deliveries(&start.path()).await.remove(0);
        let reference = format!("<message.{}@example.org>", delivery["id"].as_str().unwrap());

        let mail = smtp.mails().remove(0);
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("otp@example.org", &[ADA.to_owned()][..]));
        let parsed = parsed(&mail);
        assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Example"));
        assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some(ADA));
        assert_eq!(format!("<{}>", parsed.message_id().unwrap()), reference);
        assert_eq!(parsed.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
        assert!(parsed.bcc().is_none() && parsed.date().is_some() && parsed.subject().is_some());
        assert!(parsed.body_text(0).unwrap().contains(&code(&mail)));
        prove(&world, &smtp, &start.path()).await;
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_share_a_connection_and_a_stale_one_is_survived() {
    for isolation in BOTH {
        let smtp = Smtp::start(Tls::None).await;
        let world = world(isolation, &plain(&smtp)).await;
        for (place, connection) in [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
            // The connection that is kept dies with the next mail's first command: unseen, or with a farewell.
            match place {
                3 => smtp.then(Step::Mail, Turn::HangUp),
                5 => smtp.then(Step::Mail, Turn::Say(421, "4.4.2 idle for too long")),
                _ => {}
            }
            let start = world.begin(&json!({ "to": format!("ada.{place}@example.com") })).await;
            assert_eq!(start.body["delivery"]["status"], "sent", "{place}");
            assert_eq!((smtp.mails().len(), smtp.connections()), (place + 1, connection));
            prove(&world, &smtp, &start.path()).await;
        }
        world.stop().await;
    }
}

/// Many at once: each mail once, no more connections than allowed.
#[tokio::test(flavor = "multi_thread")]
async fn many_mails_at_once_arrive_once_each() {
    let smtp = Smtp::start(Tls::None).await;
    let world = world("process", &format!("{}\nconnections = 3", plain(&smtp))).await;
    let recipients: Vec<String> = (0..20).map(|place| format!("ada.{place}@example.com")).collect();
    let bodies: Vec<_> = recipients.iter().map(|to| json!({ "to": to })).collect();
    let world = std::sync::Arc::new(world);
    let starts = bodies.into_iter().map(|body| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move { world.begin(&body).await.body["delivery"]["status"].clone() })
    });
    for start in starts.collect::<Vec<_>>() {
        assert_eq!(start.await.unwrap(), "sent");
    }
    let mails = smtp.mails();
    for mail in &mails {
        world.keeps_secret(&code(mail));
    }
    let mut found: Vec<String> = mails.into_iter().flat_map(|mail| mail.to).collect();
    let mut expected = recipients;
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert!(smtp.connections() <= 3, "{}", smtp.connections());
    std::sync::Arc::into_inner(world).unwrap().stop().await;
}
