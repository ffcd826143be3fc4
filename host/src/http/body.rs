//! A request's body: JSON of one exact shape, or a problem that names the field.

use super::{LARGEST_BODY, Largest, Problem, problem::FieldError};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;

/// A body that was read, with the bytes it was read from.
pub(super) struct Body<T> {
    pub(super) request: T,
    pub(super) bytes: Bytes,
}

/// The same where nothing at all may be said: that is as good as `{}`.
pub(super) struct OptionalBody<T> {
    pub(super) request: T,
    pub(super) bytes: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(no_json());
        }
        let bytes = whole(request, state).await?;
        let request = parse(&bytes).map_err(|error| Problem::invalid(&[error]))?;
        Ok(Self { request, bytes })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = match whole(request, state).await? {
            nothing if nothing.is_empty() => Bytes::from_static(b"{}"),
            _ if !is_json => return Err(no_json()),
            bytes => bytes,
        };
        let request = parse(&bytes).map_err(|error| Problem::invalid(&[error]))?;
        Ok(Self { request, bytes })
    }
}

async fn whole<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let largest = request.extensions().get().map_or(LARGEST_BODY, |Largest(bytes)| *bytes);
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("a request has at most {largest} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "request too large", detail)
        }
        _ => Problem::invalid(&[FieldError::new("", "the body ended early")]),
    })
}

fn no_json() -> Problem {
    let detail = "the body must be JSON, with `Content-Type: application/json`";
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "unsupported media type",
        detail,
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Reads JSON; an error names the field and never repeats its value.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FieldError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // Where JSON is malformed there is no field yet; `.` is the whole.
        let named = error.inner().is_data() && error.path().iter().len() > 0;
        let mut path = if named { error.path().to_string() } else { String::new() };
        let said = words(error.inner());
        // A missing field is told at the object that lacks it, and its name is one of ours.
        if let Some(missing) = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            path = if path.is_empty() { missing.to_owned() } else { format!("{path}.{missing}") };
            return FieldError::new(path.chars().take(200).collect::<String>(), "is missing");
        }
        FieldError::new(path.chars().take(200).collect::<String>(), said)
    })?;
    json.end().map_err(|error| FieldError::new("", words(&error)))?;
    Ok(request)
}

/// What is wrong, in serde's words without the value that it met.
fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if error.is_syntax() || error.is_eof() {
        return format!("malformed JSON: {said}");
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    let said = said.strip_suffix(&place).unwrap_or(&said);
    match said.rsplit_once(", expected ") {
        // The names of our types are no words for a caller.
        Some((met, expected)) if met.starts_with("invalid ") && expected.starts_with("struct ") => {
            "expected an object".to_owned()
        }
        Some((met, expected)) if met.starts_with("invalid ") => format!("expected {expected}"),
        _ => said.chars().take(300).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        member: Inner,
        n: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        fields: BTreeMap<String, String>,
    }

    #[test]
    fn a_mistake_names_its_field_and_hides_its_value() {
        for (json, field, detail) in [
            (r#"{"member":{"fields":{"mobile":447700900123}}}"#, "member.fields.mobile", "expected a string"),
            (r#"{"member":{"fields":["+447700900123"]}}"#, "member.fields", "expected a map"),
            (r#"{"member":{}}"#, "member.fields", "is missing"),
            (r#"{"member":{"fields":{}},"n":"+447700900123"}"#, "n", "expected u8"),
            (r#"{"member":{"fields":{}},"n":300}"#, "n", "expected u8"),
            ("{}", "member", "is missing"),
            (r#""+447700900123""#, "", "expected an object"),
            ("[]", "", "expected an object"),
        ] {
            assert_eq!(
                parse::<Outer>(json.as_bytes()).unwrap_err(),
                FieldError::new(field, detail),
                "{json}"
            );
        }
    }

    #[test]
    fn an_unknown_field_and_malformed_json_are_told() {
        let unknown = parse::<Outer>(br#"{"member":{"fields":{},"colour":1}}"#).unwrap_err();
        assert_eq!(unknown.field, "member.colour");
        assert!(unknown.detail.starts_with("unknown field `colour`"), "{}", unknown.detail);
        for malformed in ["", "{", "{]", r#"{"member":{"fields":{}}} x"#, "\u{0}", r#"{"member":"\ud800"}"#] {
            let error = parse::<Outer>(malformed.as_bytes()).unwrap_err();
            assert!(error.detail.starts_with("malformed JSON: "), "{malformed}: {}", error.detail);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = parse::<Outer>(&bytes);
        }

        #[test]
        fn no_value_is_ever_repeated(secret in "[0-9]{12}", place in 0usize..4) {
            let json = match place {
                0 => format!(r#"{{"member":{secret}}}"#),
                1 => format!(r#"{{"member":{{"fields":"{secret}"}}}}"#),
                2 => format!(r#"{{"member":{{"fields":{{"a":[{secret}]}}}}}}"#),
                _ => format!(r#"{{"member":{{"fields":{{}}}},"n":"{secret}"}}"#),
            };
            prop_assert!(!parse::<Outer>(json.as_bytes()).unwrap_err().detail.contains(&secret));
        }
    }
}
