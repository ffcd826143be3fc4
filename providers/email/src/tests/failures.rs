//! Every way in which a mail is not taken: what the host acts on, and what the operator reads.

use super::{ADA, Sink, Turn, message, on, open};
use crate::{config::Tls, connect::Server};
use lettre::transport::smtp::extension::ClientId;
use provider_api::{DeliveryError, Failure, testing::json};
use std::time::Duration;

#[track_caller]
fn failed(sink: &Sink) -> DeliveryError {
    let error = on(sink).deliver(&message()).unwrap_err();
    assert!(!error.text.contains(ADA) && !error.text.contains("quoted"), "{error}");
    assert!(!error.text.ends_with('.'), "{error}");
    error
}

/// RFC 5321 section 4.2.3 and RFC 3463, at each command.
#[test]
fn each_reply_is_the_failure_that_it_means() {
    use Failure::{Blocked, InvalidRecipient, Misconfigured, NotReachable, Rejected, Throttled, Unavailable};
    for (command, reply, failure, code) in [
        ("", "421 quoted", Unavailable, "421"),
        ("", "421 4.7.0 quoted", Throttled, "421 4.7.0"),
        ("", "554 5.7.1 quoted", Misconfigured, "554 5.7.1"),
        ("EHLO", "550 quoted", Misconfigured, "550"),
        ("MAIL", "421 4.4.2 quoted", Unavailable, "421 4.4.2"),
        ("MAIL", "450 quoted", Throttled, "450"),
        ("MAIL", "451 4.3.0 quoted", Unavailable, "451 4.3.0"),
        ("MAIL", "452 4.3.1 quoted", Unavailable, "452 4.3.1"),
        ("MAIL", "530 5.7.0 quoted", Misconfigured, "530 5.7.0"),
        ("MAIL", "550 5.1.8 quoted", Misconfigured, "550 5.1.8"),
        ("MAIL", "552 5.3.4 quoted", Rejected, "552 5.3.4"),
        ("MAIL", "553 5.7.1 quoted", Misconfigured, "553 5.7.1"),
        ("RCPT", "421 quoted", Unavailable, "421"),
        ("RCPT", "450 4.2.0 quoted", Throttled, "450 4.2.0"),
        ("RCPT", "450 4.7.1 quoted", Throttled, "450 4.7.1"),
        ("RCPT", "451 4.7.1 quoted", Throttled, "451 4.7.1"),
        ("RCPT", "452 quoted", Throttled, "452"),
        ("RCPT", "452 4.2.2 quoted", NotReachable, "452 4.2.2"),
        ("RCPT", "550 5.1.1 <ada.lovelace@example.com> quoted", InvalidRecipient, "550 5.1.1"),
        ("RCPT", "550-5.1.1 many\r\n550 5.1.1 quoted", InvalidRecipient, "550 5.1.1"),
        ("RCPT", "550 5.1.2 quoted", InvalidRecipient, "550 5.1.2"),
        ("RCPT", "550 5.1.10 quoted", InvalidRecipient, "550 5.1.10"),
        ("RCPT", "550 5.2.1 quoted", NotReachable, "550 5.2.1"),
        ("RCPT", "552 5.2.2 quoted", NotReachable, "552 5.2.2"),
        ("RCPT", "550 5.4.1 quoted", NotReachable, "550 5.4.1"),
        ("RCPT", "550 5.7.1 quoted", Blocked, "550 5.7.1"),
        ("RCPT", "554 5.7.26 quoted", Blocked, "554 5.7.26"),
        ("RCPT", "530 quoted", Misconfigured, "530"),
        ("RCPT", "550 <ada.lovelace@example.com> quoted", InvalidRecipient, "550"),
        ("RCPT", "550 5.5.0 quoted", InvalidRecipient, "550 5.5.0"),
        ("RCPT", "552 quoted", NotReachable, "552"),
        ("RCPT", "554 quoted", Blocked, "554"),
        ("RCPT", "556 quoted", NotReachable, "556"),
        ("RCPT", "501 quoted", Rejected, "501"),
        ("RCPT", "550 4.1.1 of another class", InvalidRecipient, "550"),
        ("DATA", "451 quoted", Unavailable, "451"),
        ("DATA", "554 5.5.1 quoted", Rejected, "554 5.5.1"),
        (".", "421 4.3.2 quoted", Unavailable, "421 4.3.2"),
        (".", "450 4.7.0 quoted", Throttled, "450 4.7.0"),
        (".", "452 4.3.1 quoted", Unavailable, "452 4.3.1"),
        (".", "550 5.7.1 quoted", Rejected, "550 5.7.1"),
        (".", "552 5.2.2 quoted", NotReachable, "552 5.2.2"),
        (".", "554 5.6.0 quoted", Rejected, "554 5.6.0"),
    ] {
        let sink = Sink::new().then(command, Turn::Say(reply));
        let error = failed(&sink);
        assert_eq!((error.failure, error.code.as_deref()), (failure, Some(code)), "{command} {reply}");
        assert!(sink.mails().is_empty());
    }
}

/// Before the end of the mail was sent it was surely not taken; after it, nobody knows.
#[test]
fn a_lost_connection_is_unavailable_before_the_end_of_the_mail_and_unknown_after_it() {
    for command in ["", "EHLO", "MAIL", "RCPT", "DATA"] {
        let error = failed(&Sink::new().then(command, Turn::HangUp));
        assert_eq!(error.failure, Failure::Unavailable, "{command:?} {error}");
    }
    let error = failed(&Sink::new().then(".", Turn::HangUp));
    assert_eq!(error.failure, Failure::Unknown, "{error}");
    let error = failed(&Sink::new().then(".", Turn::Say("nonsense")));
    assert_eq!(error.failure, Failure::Unknown, "{error}");
    let error = failed(&Sink::new().then("", Turn::Say("HTTP/1.1 400 Bad Request")));
    assert_eq!(error.failure, Failure::Unavailable, "{error}");
    assert!(error.text.contains("does not speak SMTP"), "{error}");
}

/// A server that says nothing is given up before the host does, so that the answer can still tell the two apart.
#[test]
fn silence_is_unavailable_before_the_end_of_the_mail_and_unknown_after_it() {
    let cases = [
        ("", Failure::Unavailable, "set `tls = \"implicit\"`"),
        ("MAIL", Failure::Unavailable, "while naming the sender"),
        ("RCPT", Failure::Unavailable, "while naming the recipient"),
        ("DATA", Failure::Unavailable, "while announcing the mail"),
        (".", Failure::Unknown, "it may have taken it"),
    ];
    // Each has time enough to get to where the server falls silent, on a slow machine too.
    std::thread::scope(|scope| {
        for (command, failure, said) in cases {
            scope.spawn(move || {
                let sink = Sink::new().then(command, Turn::Silence);
                let provider = on(&sink);
                let mut message = message();
                message.deadline_ms = provider.host().now_ms() + 3_000;
                let error = provider.deliver(&message).unwrap_err();
                assert_eq!(error.failure, failure, "{command:?} {error}");
                assert!(error.text.contains(said), "{error}");
            });
        }
    });
}

#[test]
fn nobody_there_is_told() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for tls in ["none", "starttls", "implicit"] {
        let provider = open(&json!({ "port": port, "tls": tls })).unwrap();
        let error = provider.deliver(&message()).unwrap_err();
        assert_eq!(error.failure, Failure::Unavailable);
        assert!(
            error.text.contains(&format!("`127.0.0.1` on port {port} refuses the connection")),
            "{error}"
        );
    }
}

/// A label of 64 letters: no name server has to be asked to know that there is no such name.
#[test]
fn an_unknown_name_is_told() {
    let server = Server {
        host: "x".repeat(64),
        port: 465,
        tls: Tls::Implicit,
        tls_parameters: None,
        hello: ClientId::Domain("example.org".to_owned()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(server.connect(Duration::from_secs(5))).map(drop).unwrap_err();
    assert_eq!(error.failure, Failure::Unavailable);
    assert!(error.text.contains("of `host` leads to no address; look at its spelling"), "{error}");
}

#[test]
fn a_server_without_starttls_gets_nothing() {
    let sink = Sink::new();
    let provider = open(&json!({ "port": sink.port(), "tls": "starttls" })).unwrap();
    let error = provider.deliver(&message()).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured);
    assert!(error.text.contains("offers no STARTTLS"), "{error}");
    assert!(sink.commands().iter().all(|command| command.starts_with("EHLO") || command == "QUIT"));
}

#[test]
fn tls_spoken_to_a_plain_port_is_told() {
    let sink = Sink::new();
    let provider = open(&json!({ "port": sink.port(), "tls": "implicit" })).unwrap();
    let error = provider.deliver(&message()).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured);
    assert!(error.text.contains("set `tls = \"starttls\"`"), "{error}");
}

#[test]
fn a_refused_login_names_its_keys_and_not_its_secret() {
    for (reply, code, said) in [
        ("535 5.7.8 quoted hunter2", "535 5.7.8", "look at `username` and `password`"),
        ("534 5.7.9 quoted", "534 5.7.9", "use an app password or `oauth`"),
        ("538 5.7.11 quoted", "538 5.7.11", "wants TLS before the login"),
        ("530 5.7.0 quoted", "530 5.7.0", "refuses the login"),
    ] {
        let sink = Sink::new().then("AUTH", Turn::Say(reply));
        let login = json!({ "port": sink.port(), "username": "otp", "password": "hunter2" });
        let error = open(&login).unwrap().deliver(&message()).unwrap_err();
        assert_eq!((&error.failure, error.code.as_deref()), (&Failure::Misconfigured, Some(code)));
        assert!(error.text.contains(said) && !error.text.contains("hunter2"), "{error}");
        assert!(sink.mails().is_empty());
    }
    let sink = Sink::new().then("AUTH", Turn::Say("454 4.7.0 quoted"));
    let login = json!({ "port": sink.port(), "username": "otp", "password": "hunter2" });
    let error = open(&login).unwrap().deliver(&message()).unwrap_err();
    assert_eq!(error.failure, Failure::Unavailable, "{error}");
}

#[test]
fn a_server_that_offers_no_such_login_is_told() {
    let sink = Sink::new().then("EHLO", Turn::Say("250-sink\r\n250 AUTH CRAM-MD5 XOAUTH2"));
    let login = json!({ "port": sink.port(), "username": "otp", "password": "hunter2" });
    let error = open(&login).unwrap().deliver(&message()).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured);
    assert!(error.text.contains("does not offer to log in by PLAIN or LOGIN; look at `auth`"), "{error}");
}

#[test]
fn connections_are_used_again() {
    let sink = Sink::new();
    let provider = on(&sink);
    for _ in 0..5 {
        provider.deliver(&message()).unwrap();
    }
    assert_eq!((sink.connections(), sink.mails().len()), (1, 5));
    provider.close().unwrap();
    assert_eq!(sink.commands().last().map(String::as_str), Some("QUIT"));
}

/// What was kept and has died meanwhile costs neither a mail nor a second one.
#[test]
fn a_stale_connection_is_survived_without_loss_or_double() {
    for turn in [Turn::HangUp, Turn::Say("421 4.4.2 idle for too long"), Turn::Say("nonsense")] {
        let sink = Sink::new();
        let provider = on(&sink);
        provider.deliver(&message()).unwrap();
        let sink = sink.then("MAIL", turn);
        provider.deliver(&message()).unwrap();
        assert_eq!((sink.connections(), sink.mails().len()), (2, 2));
    }
    // What is refused is refused: no new connection is made for it.
    let sink = Sink::new();
    let provider = on(&sink);
    provider.deliver(&message()).unwrap();
    let sink = sink.then("MAIL", Turn::Say("550 5.7.1 no"));
    assert_eq!(provider.deliver(&message()).unwrap_err().failure, Failure::Misconfigured);
    assert_eq!((sink.connections(), sink.mails().len()), (1, 1));
}

#[test]
fn there_are_no_more_connections_than_allowed() {
    let sink = Sink::new();
    let provider = open(&json!({ "port": sink.port(), "connections": 2 })).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| provider.deliver(&message()).unwrap());
        }
    });
    assert!(sink.connections() <= 2, "{}", sink.connections());
    assert_eq!(sink.mails().len(), 12);
}

#[test]
fn a_delivery_that_is_given_up_takes_its_connection_with_it() {
    let sink = Sink::new();
    let provider = open(&json!({ "port": sink.port(), "connections": 1 })).unwrap();
    assert!(provider.abandon(&message()));
    provider.deliver(&message()).unwrap();
    assert_eq!(sink.mails().len(), 1);
}
