//! What is declared is what is reached, and nothing beside it.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn reach(hosts: &[&str], config: &Value, schema: &Value) -> Reach {
    let hosts = hosts.iter().map(|host| Pattern::parse(host).unwrap()).collect();
    Reach::declared(hosts, config, schema, Target::plain)
}

fn reaches(hosts: &[&str], url: &str) -> bool {
    Target::plain(url).is_some_and(|target| reach(hosts, &json!({}), &json!({})).check(&target).is_ok())
}

#[test]
fn a_host_has_one_of_a_few_forms() {
    for good in [
        "*",
        "api.example.com",
        "api.example.com:8443",
        "localhost",
        "a_b.example",
        "xn--mnchen-3ya.example",
        "*.example.com",
        "*.example.com:65535",
        "192.0.2.1",
        "192.0.2.1:80",
        "[::1]",
        "[2001:db8::1]:8443",
        "{base_url}",
        "{oauth.token_url}",
    ] {
        assert!(is_pattern(good), "{good}");
        let pattern = Pattern::parse(good).unwrap();
        assert_eq!(pattern.to_string(), good);
    }
    for bad in [
        "",
        "API.example.com",
        "münchen.example",
        "api.example.com.",
        ".example.com",
        "a..b",
        "api.example.com:",
        "api.example.com:0",
        "api.example.com:080",
        "api.example.com:65536",
        "https://api.example.com",
        "api.example.com/v1",
        "user@api.example.com",
        "api.example.com%2f",
        "*.",
        "**",
        "*.*.com",
        "a.*.com",
        "*example.com",
        "*:443",
        "*.192.0.2.1",
        "127.1",
        "1",
        "192.0.2.256",
        "192.0.2.01",
        "0x7f.1",
        "example.0x1",
        "::1",
        "[::1",
        "[]",
        "{}",
        "{a..b}",
        "{.a}",
        "{a b}",
        "a\"b",
        "a b",
    ] {
        assert!(!is_pattern(bad), "{bad}");
        assert!(Pattern::parse(bad).is_err(), "{bad}");
    }
    // Only looked at by the compiler, and read by a host.
    assert!(is_pattern("[1::2::3]") && Pattern::parse("[1::2::3]").is_err());
    assert_eq!(Pattern::parse("[0:0:0:0:0:0:0:1]"), Pattern::parse("[::1]"));
    let many = vec!["a.example".to_owned(); MOST + 1];
    assert!(Pattern::parse_all(&many[1..]).is_ok() && Pattern::parse_all(&many).is_err());
}

#[test]
fn a_request_reaches_what_is_declared_and_nothing_beside_it() {
    for (host, url, expected) in [
        ("api.example.com", "https://api.example.com/v1?to=1", true),
        ("api.example.com", "http://api.example.com", true),
        ("api.example.com", "https://API.Example.COM:443#x", true),
        ("api.example.com", "https://api.example.com:8443/", false),
        ("api.example.com", "http://api.example.com:443/", false),
        ("api.example.com", "https://example.com/", false),
        ("api.example.com", "https://api.example.com.evil.example/", false),
        ("api.example.com", "https://xapi.example.com/", false),
        ("api.example.com:8443", "https://api.example.com:8443/", true),
        ("api.example.com:8443", "https://api.example.com/", false),
        ("api.example.com:443", "http://api.example.com:443/", true),
        ("*.example.com", "https://a.example.com/", true),
        ("*.example.com", "https://a.b.example.com/", true),
        ("*.example.com", "https://example.com/", false),
        ("*.example.com", "https://badexample.com/", false),
        ("*.example.com", "https://a.example.com:1/", false),
        ("*.example.com:1", "https://a.example.com:1/", true),
        ("*", "http://192.0.2.1:7/", true),
        ("192.0.2.1", "http://192.0.2.1/", true),
        ("192.0.2.1", "http://192.0.2.2/", false),
        ("[::1]:80", "http://[0::1]/", true),
        ("[::1]", "http://[::2]/", false),
    ] {
        assert_eq!(reaches(&[host], url), expected, "{host} {url}");
    }
    assert!(!reaches(&[], "https://api.example.com/"));
    assert!(reaches(&["a.example", "b.example"], "https://b.example/"));
}

/// A test reads URLs that mean the same to everybody; what only a parser can tell it does not read.
#[test]
fn a_plain_url_is_all_that_a_test_reads() {
    for url in [
        "api.example.com",
        "ftp://api.example.com/",
        "HTTPS://api.example.com/",
        "https:///api.example.com/",
        "https://user@api.example.com/",
        "https://api.example.com\\@evil.example/",
        "https://api%2eexample.com/",
        "https://api.example.com./",
        "https://münchen.example/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://a..b/",
        "https://a b/",
        " https://a.example/",
        "https://a.example:/",
        "https://a.example:70000/",
        "https://a.example:+1/",
        "https://[::1/",
        "https://*/",
        "https://{a}/",
    ] {
        assert_eq!(Target::plain(url), None, "{url}");
    }
}

#[test]
fn a_key_stands_for_the_host_that_is_written_there_or_its_default() {
    let schema = json!({
        "properties": {
            "base_url": { "type": "string", "default": "https://default.example/v1" },
            "oauth": { "anyOf": [{ "$ref": "#/$defs/OAuth" }, { "type": "null" }] },
            "regions": { "type": "array" },
        },
        "$defs": { "OAuth": { "properties": { "token_url": { "default": "https://login.example/" } } } },
    });
    for (config, url, expected) in [
        (json!({}), "https://default.example/", true),
        (json!({ "base_url": null }), "https://default.example/", true),
        (json!({ "base_url": "" }), "https://default.example/", false),
        (json!({ "base_url": " http://127.0.0.1:8080/x " }), "http://127.0.0.1:8080/", true),
        (json!({ "base_url": "http://127.0.0.1:8080" }), "http://127.0.0.1/", false),
        (json!({ "base_url": "http://127.0.0.1:8080" }), "https://default.example/", false),
        // A library does not leave TLS where the operator wrote it.
        (json!({ "base_url": "https://own.example" }), "http://own.example/", false),
        (json!({ "base_url": "own.example" }), "http://own.example/", true),
        (json!({ "base_url": "own.example:8443" }), "https://own.example:8443/", true),
        (json!({ "base_url": "own.example:8443" }), "https://own.example/", false),
        (json!({ "base_url": "[::1]:8443" }), "https://[::1]:8443/", true),
        (json!({ "base_url": "ftp://own.example" }), "https://own.example/", false),
        (json!({ "base_url": "own.example/v1" }), "https://own.example/", false),
        (json!({ "base_url": "*" }), "https://own.example/", false),
        (json!({ "base_url": 7 }), "https://own.example/", false),
        (json!({ "regions": ["https://a.example", "b.example"] }), "https://b.example/", true),
        (json!({ "oauth": { "token_url": "https://own.example/token" } }), "https://own.example/", true),
        (json!({}), "https://login.example/", true),
    ] {
        let target = Target::plain(url).unwrap();
        let reach = reach(&["{base_url}", "{oauth.token_url}", "{regions}", "{none}"], &config, &schema);
        assert_eq!(reach.check(&target).is_ok(), expected, "{config} {url}");
    }
    let key = |key: &str| key.split('.').map(str::to_owned).collect::<Vec<_>>();
    assert!(is_key_of(&schema, &key("base_url")) && is_key_of(&schema, &key("oauth.token_url")));
    assert!(!is_key_of(&schema, &key("base_ulr")) && !is_key_of(&schema, &key("oauth.url")));
    let endless = json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }, { "$ref": "#" }] });
    assert!(!is_key_of(&endless, &key("a.b")));
}

#[test]
fn a_request_must_be_declared_and_permitted() {
    let declared =
        reach(&["*.example.com", "{base_url}"], &json!({ "base_url": "http://a.test:81" }), &json!({}));
    let permit = |hosts: &[&str]| {
        let hosts = hosts.iter().map(|host| Pattern::parse(host).unwrap()).collect();
        declared.clone().permitting(Some(hosts))
    };
    let check = |reach: &Reach, url: &str| reach.check(&Target::plain(url).unwrap());
    let not_permitted = |host: &str| Err(Unreachable::NotPermitted(host.to_owned()));
    let undeclared = |host: &str| Err(Unreachable::Undeclared(host.to_owned()));
    let some = permit(&["a.example.com", "b.test"]);
    assert_eq!(check(&some, "https://a.example.com/"), Ok(()));
    assert_eq!(check(&some, "https://b.example.com/"), not_permitted("b.example.com"));
    assert_eq!(check(&some, "http://a.test:81/"), not_permitted("a.test:81"));
    assert_eq!(check(&some, "https://b.test/"), undeclared("b.test"));
    assert_eq!(check(&permit(&["*"]), "http://a.test:81/"), Ok(()));
    assert_eq!(check(&permit(&[]), "http://a.test:81/"), not_permitted("a.test:81"));
    assert_eq!(check(&declared, "http://a.test:81/"), Ok(()));
}

#[test]
fn what_an_operator_permits_could_be_declared_or_not() {
    for (declared, permitted, could_be) in [
        ("a.example.com", "a.example.com", true),
        ("a.example.com", "b.example.com", false),
        ("a.example.com", "*.example.com", true),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.a.example.com", "*.example.com", true),
        ("*.example.com", "*.a.example.com", true),
        ("*.example.com", "*.ample.com", false),
        ("a.example.com", "*", true),
        ("*", "a.example.com:1", true),
        ("a.example.com", "a.example.com:443", true),
        ("a.example.com", "a.example.com:8443", false),
        ("a.example.com:1", "a.example.com:2", false),
    ] {
        let reach = reach(&[declared], &json!({}), &json!({}));
        assert_eq!(reach.could_be(&Pattern::parse(permitted).unwrap()), could_be, "{declared} {permitted}");
    }
    assert!(["*", "*.com"].iter().all(|wide| Pattern::parse(wide).unwrap().is_wide()));
    assert!(["*.example.com", "com", "{a}"].iter().all(|host| !Pattern::parse(host).unwrap().is_wide()));
}

proptest! {
    #[test]
    fn what_the_compiler_takes_is_read_and_written_the_same(text in "[a-c0x:.*{}\\[\\]-]{0,12}|\\PC{0,12}") {
        let read = Pattern::parse(&text);
        prop_assert!(is_pattern(&text) || read.is_err());
        if !text.starts_with('[') {
            prop_assert_eq!(is_pattern(&text), read.is_ok());
            prop_assert!(read.is_err() || read.unwrap().to_string() == text);
        }
    }

    /// What could be both is what some request matches.
    #[test]
    fn a_request_that_is_declared_and_permitted_shows_that_both_could_be(
        declared in "(\\*\\.)?[ab]\\.[cd](:(80|443|1))?", permitted in "(\\*\\.)?([ab]\\.)?[ab]\\.[cd](:(80|443|1))?",
        url in "https?://([ab]\\.){1,3}[cd](:(80|443|1))?/",
    ) {
        let pattern = Pattern::parse(&permitted).unwrap();
        let reach = reach(&[&declared], &json!({}), &json!({}));
        let both = reach.clone().permitting(Some(vec![pattern.clone()]));
        let passes = both.check(&Target::plain(&url).unwrap()).is_ok();
        prop_assert!(!passes || reach.could_be(&pattern));
    }
}
