//! What is wrong is told when the provider is opened, with the key and a remedy, and nothing secret in it.

use super::{open, open_with};
use provider_api::{
    Failure,
    testing::{FakeHost, json},
};
use serde_json::Value;

#[track_caller]
fn refused(keys: &Value, said: &str) {
    let error = open(keys).map(drop).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured, "{error}");
    assert!(error.text.contains(said), "{keys}: {error}");
    assert!(!error.text.contains("hunter2"), "{error}");
    assert!(!error.text.ends_with('.'), "{error}");
}

#[test]
fn opening_sends_nothing_and_needs_no_network() {
    let remote =
        json!({ "host": "nobody.invalid", "tls": "implicit", "username": "otp", "password": "hunter2" });
    let host = FakeHost::new();
    let opened = open_with(host.clone(), &remote).unwrap();
    opened.health().unwrap();
    opened.close().unwrap();
    assert!(host.requests().is_empty());
}

#[test]
fn a_missing_or_unknown_key_is_named() {
    let host = provider_api::testing::Harness::<provider_tokio::WithTokio<crate::Email>>::open(json!({}));
    assert_eq!(host.unwrap_err().text, "the configuration is wrong: the key `host` is missing");
    refused(&json!({ "hots": "x" }), "the key `hots` is not known");
    refused(&json!({ "tls": "ssl" }), "`tls` has a value of the wrong kind");
    refused(&json!({ "oauth": { "token_url": "hunter2", "client_id": [] } }), "`oauth.client_id`");
}

#[test]
fn the_server_is_judged() {
    for host in [
        "",
        " ",
        "smtp.example.com:465",
        "smtp://smtp.example.com",
        "a b",
        "a\r\nb",
        "smtp..example.com",
        "-",
    ] {
        refused(&json!({ "host": host, "tls": "implicit" }), "`host` ");
    }
    refused(&json!({ "port": 0 }), "`port` is 0");
    refused(&json!({ "host": "smtp.example.com" }), "`tls` is \"none\" and `host` is another machine");
    refused(&json!({ "host": "192.0.2.1" }), "unencrypted");
    refused(&json!({ "hello": "a b" }), "`hello` is no name");
    refused(&json!({ "connections": 0 }), "`connections` is a number from 1 to 64");
    refused(&json!({ "member_email_field": " " }), "`member_email_field` is empty");
    for loopback in ["localhost", "127.0.0.1", "127.1.2.3", "::1"] {
        open(&json!({ "host": loopback })).unwrap();
    }
}

#[test]
fn the_sender_is_judged() {
    for (from, said) in [
        ("", "the address is empty"),
        ("Example", "exactly one `@`"),
        ("Example <otp@example>", "no domain name"),
        ("a@example.org, b@example.org", "exactly one `@`"),
        ("Eve\r\nBcc: eve@example.net <otp@example.org>", "holds a line break"),
    ] {
        refused(&json!({ "from": from }), said);
        refused(&json!({ "reply_to": from }), "`reply_to` ");
    }
    for from in ["otp@example.org", "Exämple <otp@example.org>", "\"Example, Ltd.\" <otp@example.org>"] {
        open(&json!({ "from": from })).unwrap();
    }
}

#[test]
fn a_file_of_certificates_is_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("ca.pem");
    refused(&json!({ "tls": "implicit", "ca_file": missing }), "cannot be read");
    for garbage in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&missing, garbage).unwrap();
        refused(&json!({ "tls": "starttls", "ca_file": missing }), "`ca_file` is `");
    }
    refused(&json!({ "ca_file": missing }), "of no use with `tls = \"none\"`");
}

#[test]
fn a_login_is_whole_or_refused() {
    let secret = json!("hunter2");
    let oauth =
        json!({ "token_url": "https://login.example.com/token", "client_id": "c", "client_secret": secret });
    for (keys, said) in [
        (json!({ "password": secret }), "`username` is missing"),
        (json!({ "access_token": secret }), "`username` is missing"),
        (json!({ "oauth": oauth }), "`username` is missing"),
        (json!({ "auth": "plain" }), "`auth` is set and `username` is missing"),
        (json!({ "username": "otp" }), "without anything to prove it"),
        (json!({ "username": "otp", "auth": "login" }), "`password` is missing"),
        (json!({ "username": "otp", "auth": "xoauth2" }), "set `password`, `access_token` or `oauth`"),
        (
            json!({ "username": "otp", "auth": "xoauth2", "password": secret }),
            "takes `access_token` or `oauth`",
        ),
        (json!({ "username": "otp", "auth": "plain", "access_token": secret }), "a token is set"),
        (json!({ "username": "otp", "password": secret, "oauth": oauth }), "only one of"),
        (json!({ "username": "otp", "password": "hunter2\n" }), "`password` holds a line break"),
        (json!({ "username": "otp", "password": "" }), "`password` is empty"),
        (json!({ "username": "otp", "access_token": "hunter2\r\n" }), "`access_token` holds a line break"),
    ] {
        refused(&keys, said);
    }
}

#[test]
fn where_tokens_come_from_is_judged() {
    for (oauth, said) in [
        (json!({ "token_url": "hunter2", "client_id": "c" }), "`oauth.token_url` is no address"),
        (json!({ "token_url": "http://login.example.com/hunter2", "client_id": "c" }), "use `https:`"),
        (
            json!({ "token_url": "https://login.example.com/t", "client_id": " " }),
            "`oauth.client_id` is empty",
        ),
        (
            json!({ "token_url": "https://login.example.com/t", "client_id": "c" }),
            "neither `refresh_token` nor",
        ),
    ] {
        refused(&json!({ "username": "otp", "oauth": oauth }), said);
    }
}
