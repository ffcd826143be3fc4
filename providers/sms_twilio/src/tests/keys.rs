//! Every key's mistakes: named, with a remedy, without a secret.

use super::{ACCOUNT, SmsTwilio, TOKEN, deliver, message, open, taken, with};
use provider_api::{
    Address, Failure,
    testing::{FakeHost, Harness, json},
};
use serde_json::Value;

/// What is wrong with the configuration.
fn mistake(keys: &Value) -> String {
    let host = FakeHost::new();
    let error = Harness::<SmsTwilio>::with_host(host.clone()).open(with(keys)).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured);
    assert!(host.requests().is_empty(), "opening sends nothing");
    for secret in [TOKEN, "hunter2", ACCOUNT] {
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
    error.text
}

// J29, J30, J52, S17, S18, L8, L9
#[test]
fn credentials_are_the_token_or_an_api_key_and_whole() {
    let key = format!("SK{}", "0a".repeat(16));
    for (keys, said) in [
        (json!({ "account_sid": null }), "the key `account_sid` is missing"),
        (json!({ "account_sid": "" }), "`account_sid` is no SID; it is `AC` and 32 hexadecimal digits"),
        (json!({ "account_sid": key }), "`account_sid` is no SID"),
        (json!({ "account_sid": format!("AC{}", "0g".repeat(16)) }), "`account_sid` is no SID"),
        (json!({ "account_sid": format!("{ACCOUNT}\n") }), "`account_sid` is no SID"),
        (
            json!({ "auth_token": null }),
            "`auth_token` is missing; give it, or `api_key_sid` and `api_key_secret`",
        ),
        (json!({ "auth_token": "" }), "`auth_token` is empty"),
        (json!({ "auth_token": "hunter2 " }), "`auth_token` has white space in it"),
        (json!({ "auth_token": "hunter2\n" }), "without line breaks"),
        (json!({ "auth_token": 7 }), "`auth_token` has a value of the wrong kind"),
        (
            json!({ "api_key_sid": key, "api_key_secret": "hunter2" }),
            "keep the token or the API key, not both",
        ),
        (json!({ "api_key_sid": key }), "not both"),
        (json!({ "api_key_secret": "hunter2" }), "not both"),
        (json!({ "auth_token": null, "api_key_sid": key }), "`api_key_secret` is missing"),
        (json!({ "auth_token": null, "api_key_secret": "hunter2" }), "`api_key_sid` is missing"),
        (
            json!({ "auth_token": null, "api_key_sid": ACCOUNT, "api_key_secret": "hunter2" }),
            "`api_key_sid` is no SID; it is `SK`",
        ),
        (
            json!({ "auth_token": null, "api_key_sid": key, "api_key_secret": "" }),
            "`api_key_secret` is empty",
        ),
    ] {
        let text = mistake(&keys);
        assert!(text.contains(said), "{keys}: {text}");
    }
}

// J17, J32, J48
#[test]
fn the_phone_field_must_be_named() {
    assert!(
        mistake(&json!({ "member_phone_field": null })).contains("the key `member_phone_field` is missing")
    );
    assert!(mistake(&json!({ "member_phone_field": " " })).contains("such as `mobile`"));
    let own = open(FakeHost::new(), with(&json!({ "member_phone_field": "cell" })));
    assert_eq!(own.addresses(), [Address::phone(None, "cell")]);
}

// J40
#[test]
fn the_base_url_is_twilios_unless_another_is_given() {
    for (base, url) in [
        (json!(null), "https://api.twilio.com/2010-04-01/"),
        (json!(""), "https://api.twilio.com/2010-04-01/"),
        (json!("  "), "https://api.twilio.com/2010-04-01/"),
        (json!("https://api.twilio.com/"), "https://api.twilio.com/2010-04-01/"),
        (json!("http://127.0.0.1:8080"), "http://127.0.0.1:8080/2010-04-01/"),
        (json!("https://proxy.example.com/twilio//"), "https://proxy.example.com/twilio/2010-04-01/"),
        (json!("http://[::1]:1"), "http://[::1]:1/2010-04-01/"),
        (json!("http://10.0.0.7"), "http://10.0.0.7/2010-04-01/"),
        (json!("http://mock:80"), "http://mock:80/2010-04-01/"),
    ] {
        let host = FakeHost::new().always(taken());
        open(host.clone(), with(&json!({ "base_url": base }))).deliver(&message()).unwrap();
        assert!(host.requests()[0].url.starts_with(url), "{base}: {}", host.requests()[0].url);
    }
    for (base, said) in [
        ("api.twilio.com", "begins with `https://`"),
        ("ftp://api.twilio.com", "begins with `https://`"),
        ("http://api.twilio.com", "is unencrypted"),
        ("http://93.184.216.34:80", "is unencrypted"),
        ("http://[2606:4700::1]", "is unencrypted"),
        ("https://", "has no host name"),
        ("https:///x", "has no host name"),
        ("https://:80", "has no host name"),
        ("https://user:hunter2@api.twilio.com", "has a user name in it"),
        ("https://api.twilio.com?x=1", "has a query"),
        ("https://api.twilio.com/#x", "has a query or a fragment"),
        ("https://api twilio.com", "has white space"),
    ] {
        let text = mistake(&json!({ "base_url": base }));
        assert!(text.starts_with("`base_url` ") && text.contains(said), "{base}: {text}");
    }
}

#[test]
fn the_status_callback_is_a_url_that_twilio_takes() {
    for (callback, said) in [
        ("", "begins with `https://`"),
        ("example.com/x", "begins with `https://`"),
        ("https://my_host.example.com/x", "has an underscore in its host name"),
        ("https://user:hunter2@example.com/x", "has a user name in it"),
        ("https://example.com/a b", "has white space"),
    ] {
        let text = mistake(&json!({ "status_callback": callback }));
        assert!(text.starts_with("`status_callback` ") && text.contains(said), "{callback}: {text}");
    }
    let (bodies, _) =
        deliver(with(&json!({ "status_callback": "https://example.com/a_b#rc=2" })), &message());
    assert!(bodies[0].ends_with("&StatusCallback=https%3A%2F%2Fexample.com%2Fa_b%23rc%3D2"));
}

#[test]
fn the_other_keys_are_held_to_their_kinds() {
    for (keys, said) in [
        (json!({ "from": null }), "the key `from` is missing"),
        (json!({ "from": "+1 617 555 1212" }), "`from` is no number"),
        (json!({ "risk_check": "off" }), "`risk_check`"),
        (json!({ "dry_run_in_test": "yes" }), "`dry_run_in_test` has a value of the wrong kind"),
        (json!({ "autth_token": "hunter2" }), "the key `autth_token` is not known"),
    ] {
        let text = mistake(&keys);
        assert!(text.contains(said), "{keys}: {text}");
    }
}

#[test]
fn a_provider_does_not_show_its_credentials() {
    let shown = format!("{:?}", open(FakeHost::new(), super::config()));
    assert!(!shown.contains(TOKEN) && !shown.contains("Basic"), "{shown}");
}
