//! Access tokens: fetched when they are needed, renewed before their end, and once more when they are refused.

use super::{Opened, Sink, Turn, message, open, open_with};
use provider_api::{
    DeliveryError, Failure, HttpResponse,
    testing::{FakeHost, json},
};
use std::time::Duration;

fn granted(token: &str) -> HttpResponse {
    HttpResponse::new(
        200,
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 }).to_string(),
    )
}

fn with_refresh(host: &FakeHost, sink: &Sink) -> Opened {
    let oauth = json!({
        "token_url": "https://login.example.com/token", "client_id": "app",
        "client_secret": "s&cret", "refresh_token": "r1",
    });
    open_with(
        host.clone(),
        &json!({ "port": sink.port(), "username": "otp", "oauth": oauth, "connections": 1 }),
    )
    .unwrap()
}

fn bodies(host: &FakeHost) -> Vec<String> {
    host.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect()
}

/// `user=otp^Aauth=Bearer TOKEN^A^A` in base64.
fn logins(sink: &Sink) -> Vec<String> {
    sink.commands().into_iter().filter(|command| command.starts_with("AUTH")).collect()
}

const T1: &str = "AUTH XOAUTH2 dXNlcj1vdHABYXV0aD1CZWFyZXIgdDEBAQ==";
const T2: &str = "AUTH XOAUTH2 dXNlcj1vdHABYXV0aD1CZWFyZXIgdDIBAQ==";

#[test]
fn a_token_of_the_configuration_is_sent_as_it_is() {
    let sink = Sink::new();
    let keys = json!({ "port": sink.port(), "username": "otp", "access_token": "t1" });
    open(&keys).unwrap().deliver(&message()).unwrap();
    assert_eq!(logins(&sink), [T1]);
}

/// RFC 6749 section 6, request and answer.
#[test]
fn a_token_is_fetched_by_a_refresh_token_and_kept() {
    let (host, sink) = (FakeHost::new().answers(granted("t1")), Sink::new());
    let provider = with_refresh(&host, &sink);
    assert!(host.requests().is_empty(), "opening asks nobody");
    provider.deliver(&message()).unwrap();
    provider.deliver(&message()).unwrap();
    assert_eq!(
        bodies(&host),
        ["grant_type=refresh_token&refresh_token=r1&client_id=app&client_secret=s%26cret"]
    );
    let request = &host.requests()[0];
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://login.example.com/token"));
    assert!(request.headers.contains(&("content-type".into(), "application/x-www-form-urlencoded".into())));
    assert_eq!(logins(&sink), [T1]);
}

/// RFC 6749 section 4.4.
#[test]
fn an_application_asks_for_itself_where_there_is_no_refresh_token() {
    let (host, sink) = (FakeHost::new().answers(granted("t1")), Sink::new());
    let oauth = json!({
        "token_url": "https://login.example.com/token", "client_id": "app", "client_secret": "s",
        "scope": "https://mail.example.com/.default",
    });
    let keys = json!({ "port": sink.port(), "username": "otp", "oauth": oauth });
    open_with(host.clone(), &keys).unwrap().deliver(&message()).unwrap();
    assert_eq!(
        bodies(&host),
        [
            "grant_type=client_credentials&client_id=app&client_secret=s&scope=https%3A%2F%2Fmail.example.com%2F.default"
        ]
    );
}

#[test]
fn a_token_is_renewed_shortly_before_its_end_and_the_newest_refresh_token_is_used() {
    let rotated = json!({ "access_token": "t1", "expires_in": 3600, "refresh_token": "r2" });
    let host = FakeHost::new().answers(HttpResponse::new(200, rotated.to_string())).answers(granted("t2"));
    // Each mail has a connection of its own here, so each needs a login.
    let sink = Sink::new();
    let provider = with_refresh(&host, &sink);
    provider.deliver(&message()).unwrap();
    host.advance(Duration::from_secs(3_539));
    let sink = sink.then("MAIL", Turn::HangUp);
    provider.deliver(&message()).unwrap();
    assert_eq!(bodies(&host).len(), 1);
    host.advance(Duration::from_secs(1));
    let sink = sink.then("MAIL", Turn::HangUp);
    provider.deliver(&message()).unwrap();
    assert!(bodies(&host)[1].contains("refresh_token=r2"));
    assert_eq!(logins(&sink), [T1, T1, T2]);
}

/// The 334 of XOAUTH2 is a refusal that waits for an answer; 535 is one that does not.
#[test]
fn a_refused_token_is_fetched_anew_once() {
    for refusal in ["535 5.7.8 expired", "334 eyJzdGF0dXMiOiI0MDEifQ=="] {
        let host = FakeHost::new().answers(granted("t1")).answers(granted("t2"));
        let sink = Sink::new().then("AUTH", Turn::Say(refusal));
        with_refresh(&host, &sink).deliver(&message()).unwrap();
        assert_eq!((logins(&sink), sink.mails().len()), (vec![T1.to_owned(), T2.to_owned()], 1));

        let host = FakeHost::new().always(granted("t1"));
        let sink = Sink::new().then("AUTH", Turn::Say(refusal)).then("AUTH", Turn::Say(refusal));
        let error = with_refresh(&host, &sink).deliver(&message()).unwrap_err();
        assert_eq!(error.failure, Failure::Misconfigured);
        assert!(error.text.contains("refuses the access token"), "{error}");
        assert_eq!((host.requests().len(), logins(&sink).len(), sink.mails().len()), (2, 2, 0));
    }
    let sink = Sink::new().then("AUTH", Turn::Say("334 eyJzdGF0dXMiOiI0MDEifQ=="));
    let keys = json!({ "port": sink.port(), "username": "otp", "access_token": "t1" });
    let error = open(&keys).unwrap().deliver(&message()).unwrap_err();
    assert_eq!((error.failure, error.code.as_deref()), (Failure::Misconfigured, Some("334")));
}

#[test]
fn no_token_is_told_and_no_mail_is_sent() {
    let refusal = |error: &str| {
        HttpResponse::new(400, json!({ "error": error, "error_description": "r1" }).to_string())
    };
    for (answer, failure, said) in [
        (refusal("invalid_grant"), Failure::Misconfigured, "`oauth.refresh_token`"),
        (refusal("invalid_client"), Failure::Misconfigured, "`oauth.client_id` or `oauth.client_secret`"),
        (refusal("invalid_scope"), Failure::Misconfigured, "`oauth.scope`"),
        (refusal("unauthorized_client"), Failure::Misconfigured, "its registration"),
        (refusal("s&cret"), Failure::Misconfigured, "none of a token endpoint"),
        (HttpResponse::new(404, ""), Failure::Misconfigured, "none of a token endpoint"),
        (HttpResponse::new(200, "<html>"), Failure::Misconfigured, "none of a token endpoint"),
        (granted("t1\r\nRSET"), Failure::Misconfigured, "none of a token endpoint"),
        (HttpResponse::new(429, ""), Failure::Throttled, "too often"),
        (HttpResponse::new(503, ""), Failure::Unavailable, "out of order"),
    ] {
        let (host, sink) = (FakeHost::new().answers(answer), Sink::new());
        let error = with_refresh(&host, &sink).deliver(&message()).unwrap_err();
        assert_eq!(error.failure, failure, "{error}");
        assert!(error.text.contains(said), "{error}");
        assert!(!error.to_string().contains("s&cret") && !error.to_string().contains("r1"), "{error}");
        assert_eq!(sink.connections(), 0, "a connection without a token is of no use");
    }
    // The answer was lost, and so may be the token; the mail was surely not sent.
    let host = FakeHost::new().fails(DeliveryError::unknown("the answer was lost"));
    let error = with_refresh(&host, &Sink::new()).deliver(&message()).unwrap_err();
    assert_eq!(error.failure, Failure::Unavailable);
}
