//! Who calls: the application whose API key stands in `Authorization: Bearer …` (RFC 6750).

use super::{Face, Problem};
use crate::application::Application;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
};
use provider_api::Secret;
use std::{convert::Infallible, sync::Arc};

/// The application that calls.
pub(super) struct Caller(pub(super) Arc<Application>);

impl FromRequestParts<Arc<Face>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
        let only = given.next().filter(|_| given.next().is_none());
        let key = only.and_then(|value| bearer(value.to_str().ok()?));
        key.and_then(|key| face.verifier.application(key)).map(Self).ok_or_else(|| {
            let detail = "the header `Authorization: Bearer KEY` with a key of an application is needed";
            Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "unauthorized", detail)
                .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        })
    }
}

/// The API key that was called with, for the limits that count by it.
pub(super) struct ApiKey(pub(super) Option<Secret>);

impl<S: Send + Sync> FromRequestParts<S> for ApiKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
        Ok(Self(given.map(Secret::new)))
    }
}

/// The token; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' ')).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_one() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic abc", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(bearer(value), token, "{value}");
        }
    }
}
