//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), quoted or bare.

use super::{Problem, problem::FieldError};
use crate::verifier::Idempotency;
use axum::http::HeaderMap;
use serde_json::Value;
use zeroize::Zeroizing;

/// The most characters of a key.
const LONGEST: usize = 255;

/// The caller's name for this operation on this body, if it gave one.
pub(super) fn named(
    headers: &HeaderMap,
    operation: &str,
    body: &[u8],
) -> Result<Option<Idempotency>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(first) = given.next() else { return Ok(None) };
    let key = first.to_str().ok().filter(|_| given.next().is_none()).and_then(unquoted).ok_or_else(|| {
        let detail = format!("expected one key of 1 to {LONGEST} visible ASCII characters, quoted or bare");
        Problem::invalid(&[FieldError::new("Idempotency-Key", detail)])
    })?;
    Ok(Some(Idempotency { key, request: canonical(operation, body) }))
}

/// One text for one request, however its JSON is spaced and ordered.
fn canonical(operation: &str, body: &[u8]) -> Zeroizing<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let body = Zeroizing::new(body.to_string());
    Zeroizing::new([operation, "\n", &body].concat())
}

/// The key itself: a structured string (RFC 8941 section 3.3.3), or bare as most clients send it.
fn unquoted(value: &str) -> Option<String> {
    let value = value.trim_matches([' ', '\t']);
    let key = match value.strip_prefix('"') {
        None => value.to_owned(),
        Some(quoted) => unescaped(quoted.strip_suffix('"')?)?,
    };
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let is_bare = value.starts_with('"') || !key.contains(['"', ' ', ',', ';']);
    (visible && is_bare && (1..=LONGEST).contains(&key.len())).then_some(key)
}

fn unescaped(quoted: &str) -> Option<String> {
    let mut key = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        key.push(match character {
            '\\' => characters.next().filter(|escaped| ['"', '\\'].contains(escaped))?,
            '"' => return None,
            plain => plain,
        });
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_read_quoted_or_bare() {
        let long = "x".repeat(255);
        for (value, key) in [
            ("8e03978e-40d5", Some("8e03978e-40d5")),
            ("\"8e03978e-40d5\"", Some("8e03978e-40d5")),
            (" \"a b\" ", Some("a b")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            (&long, Some(long.as_str())),
            (&format!("{long}x"), None),
            ("", None),
            ("\"\"", None),
            ("\"", None),
            ("\"a", None),
            ("a\"", None),
            ("a b", None),
            ("a, b", None),
            (r#""a\b""#, None),
            (r#""a\""#, None),
            ("\"a\";x=1", None),
            ("ä", None),
        ] {
            assert_eq!(unquoted(value).as_deref(), key, "{value}");
        }
    }

    #[test]
    fn a_request_is_the_same_however_its_json_is_written() {
        let one = canonical("POST /x", br#"{"a":1, "b":{"c":"d"}}"#);
        assert_eq!(one, canonical("POST /x", b"{\"b\":{\"c\":\"d\"},\n\"a\":1}"));
        assert_ne!(one, canonical("POST /y", br#"{"a":1, "b":{"c":"d"}}"#));
        assert_ne!(one, canonical("POST /x", br#"{"a":2, "b":{"c":"d"}}"#));
    }

    #[test]
    fn two_keys_are_none() {
        let mut headers = HeaderMap::new();
        assert!(named(&headers, "x", b"{}").unwrap().is_none());
        headers.append("idempotency-key", HeaderValue::from_static("a"));
        assert_eq!(named(&headers, "x", b"{}").unwrap().unwrap().key, "a");
        headers.append("idempotency-key", HeaderValue::from_static("b"));
        assert!(named(&headers, "x", b"{}").is_err());
    }

    proptest! {
        #[test]
        fn whatever_the_header_says_nothing_breaks(value in "\\PC{0,300}") {
            if let Some(key) = unquoted(&value) {
                prop_assert!((1..=LONGEST).contains(&key.len()) && key.is_ascii());
            }
        }

        #[test]
        fn every_quoted_key_is_read_back(key in "[ -~]{1,60}") {
            let quoted = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
            prop_assert_eq!(unquoted(&quoted), Some(key));
        }
    }
}
