//! Every way to encrypt with every way to log in, and what is told when one of them fails.

use super::{ADA, BOTH, HOST, delivery, plain, trusted, world};
use harness::smtp::{Authority, Identity, Mechanism, Smtp, Step, Tls, Turn};
use provider_api::testing::json;
use serde_json::Value;

const PASSWORD: &str = "correct-horse-battery";
const LOGIN: &str = "username = \"otp@example.org\"\npassword = \"correct-horse-battery\"";
const TOKEN: &str = "username = \"otp@example.org\"\naccess_token = \"correct-horse-battery\"";

#[tokio::test(flavor = "multi_thread")]
async fn every_encryption_goes_with_every_login() {
    let authority = Authority::new();
    let (_folder, ca_file) = trusted(&authority);
    let identity = || authority.identity(&[HOST]);
    let ways = [
        (None, String::new()),
        (Some(Mechanism::Plain), LOGIN.to_owned()),
        (Some(Mechanism::Login), LOGIN.to_owned()),
        (Some(Mechanism::Login), format!("{LOGIN}\nauth = \"login\"")),
        (Some(Mechanism::Xoauth2), TOKEN.to_owned()),
    ];
    for (tls, keys) in [
        (Tls::Implicit(identity()), format!("tls = \"implicit\"\n{ca_file}")),
        (Tls::StartTls(identity()), format!("tls = \"starttls\"\n{ca_file}")),
        (Tls::None, "tls = \"none\"".to_owned()),
    ] {
        for (place, (mechanism, login)) in ways.iter().enumerate() {
            let offered: Vec<Mechanism> = mechanism.iter().copied().collect();
            let smtp = Smtp::with_login(tls.clone(), &offered, "otp@example.org", &[PASSWORD]).await;
            let world = world(BOTH[place % 2], &format!("{keys}\nport = {}\n{login}", smtp.port())).await;
            world.keeps_secret(PASSWORD);
            assert_eq!(delivery(&world).await["status"], "sent", "{tls:?} {login}");
            let mail = smtp.mails().remove(0);
            world.keeps_secret(&super::code(&mail));
            assert_eq!(mail.encrypted, !matches!(tls, Tls::None));
            assert_eq!(mail.login.map(|(mechanism, _)| mechanism), *mechanism, "{tls:?} {login}");
            world.stop().await;
        }
    }
}

/// What the only delivery says: its failure, its code, its words. No mail was taken and nobody logged in.
async fn refused(isolation: &str, smtp: &Smtp, keys: &str) -> (String, String, String) {
    let world = world(isolation, &format!("port = {}\n{keys}", smtp.port())).await;
    world.keeps_secret(PASSWORD);
    world.keeps_secret("a-password-that-is-wrong");
    let told = delivery(&world).await;
    world.stop().await;
    assert!(smtp.mails().is_empty());
    let word = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    assert_eq!(word("status"), "failed", "{told}");
    (word("failure"), word("failure_code"), word("detail"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_good_is_told_and_nothing_is_sent() {
    let authority = Authority::new();
    let (_folder, ca_file) = trusted(&authority);
    let stranger = Authority::new();
    for (identity, ca_file, said) in [
        (authority.expired(&[HOST]), ca_file.as_str(), "has expired"),
        (authority.identity(&["mail.example.net"]), ca_file.as_str(), "is for another name; set `host`"),
        (Identity::self_signed(&[HOST]), ca_file.as_str(), "name its file in `ca_file`"),
        (Identity::of_an_authority(&[HOST]), ca_file.as_str(), "make one with `CA:FALSE`"),
        (stranger.identity(&[HOST]), ca_file.as_str(), "name its file in `ca_file`"),
        (authority.identity(&[HOST]), "", "name its file in `ca_file`"),
    ] {
        for (isolation, tls, server) in [
            ("process", "implicit", Tls::Implicit(identity.clone())),
            ("thread", "starttls", Tls::StartTls(identity.clone())),
        ] {
            let smtp = Smtp::with_login(server, &[Mechanism::Plain], "otp@example.org", &[PASSWORD]).await;
            let keys = format!("tls = \"{tls}\"\n{ca_file}\n{LOGIN}");
            let (failure, _, detail) = refused(isolation, &smtp, &keys).await;
            assert_eq!(failure, "misconfigured", "{detail}");
            assert!(detail.contains(said), "{detail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_told_without_its_secret() {
    let wrong = "username = \"otp@example.org\"\npassword = \"a-password-that-is-wrong\"";
    let wrong_token = "username = \"otp@example.org\"\naccess_token = \"a-password-that-is-wrong\"";
    for isolation in BOTH {
        for (offered, login, code, said) in [
            (Mechanism::Plain, wrong, "535", "look at `username` and `password`"),
            (Mechanism::Login, wrong, "535", "look at `username` and `password`"),
            (Mechanism::Xoauth2, wrong_token, "535", "refuses the access token"),
            (Mechanism::Xoauth2, LOGIN, "", "does not offer to log in by PLAIN or LOGIN"),
            (Mechanism::Plain, TOKEN, "", "does not offer to log in by XOAUTH2"),
        ] {
            let smtp = Smtp::with_login(Tls::None, &[offered], "otp@example.org", &[PASSWORD]).await;
            let (failure, told, detail) =
                refused(isolation, &smtp, &format!("tls = \"none\"\n{login}")).await;
            assert_eq!((failure.as_str(), told.as_str()), ("misconfigured", code), "{detail}");
            assert!(detail.contains(said), "{detail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_that_is_mixed_up_is_told() {
    let smtp = Smtp::start(Tls::None).await;
    let (failure, _, detail) = refused("process", &smtp, "tls = \"implicit\"").await;
    assert_eq!(failure, "misconfigured");
    assert!(detail.contains("does not speak TLS from the first byte; set `tls = \"starttls\"`"), "{detail}");
    let (failure, _, detail) = refused("thread", &smtp, "tls = \"starttls\"").await;
    assert_eq!(failure, "misconfigured");
    assert!(detail.contains("offers no STARTTLS"), "{detail}");
}

/// An answer that somebody puts behind the one to STARTTLS must not become the answer to what is said encrypted: every
/// later one would answer the command before, and a mail that is refused would count as taken.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_smuggled_in_before_the_encryption_is_not_believed() {
    let authority = Authority::new();
    let (_folder, ca_file) = trusted(&authority);
    for isolation in BOTH {
        let smtp = Smtp::start(Tls::StartTls(authority.identity(&[HOST]))).await;
        smtp.then(Step::StartTls, Turn::Say(250, "mail.test"));
        smtp.then(Step::End, Turn::Say(554, "5.6.0 spam"));
        let (failure, _, detail) = refused(isolation, &smtp, &format!("tls = \"starttls\"\n{ca_file}")).await;
        assert_eq!(failure, "misconfigured", "{detail}");
        assert!(detail.contains("says something unencrypted after STARTTLS"), "{detail}");
    }
}

/// What can be known without a mail is told when the server starts, and then no delivery is tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_opened_says_why() {
    let smtp = Smtp::start(Tls::None).await;
    for (keys, said) in [
        ("tls = \"implicit\"\nca_file = \"@/no-such-file.pem\"".to_owned(), "`ca_file` is `"),
        (format!("{}\npassword = \"correct-horse-battery\"", plain(&smtp)), "`username` is missing"),
    ] {
        let world = world("process", &keys).await;
        world.keeps_secret(PASSWORD);
        assert!(world.log().contains(said), "{}", world.log());
        let start = world.begin(&json!({ "to": ADA })).await;
        assert_ne!(start.body["delivery"]["status"], "sent", "{}", start.body);
        world.stop().await;
    }
    assert_eq!(smtp.connections(), 0);
}
