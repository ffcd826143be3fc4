//! Who calls: the application whose API key stands in `Authorization: Bearer …` (RFC 6750).

use super::{Face, Problem, problem::FieldError};
use crate::{application::Application, verifier::Caller as Known};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use provider_api::Secret;
use std::{convert::Infallible, sync::Arc};
use zeroize::Zeroizing;

/// As which application somebody calls who may call as all of them.
pub(super) const AS: HeaderName = HeaderName::from_static("passrelay-application");

/// The application that calls.
pub(super) struct Caller(pub(super) Arc<Application>);

impl FromRequestParts<Arc<Face>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Problem> {
        let directory = face.verifier.directory();
        let called_as = || called_as(&parts.headers);
        match presented(&parts.headers).and_then(|key| directory.caller(key)) {
            Some(Known::Application(own)) if called_as()?.is_none_or(|id| id == own.id) => Ok(Self(own)),
            Some(Known::Application(own)) => {
                Err(forbidden(format!("the key is one of application `{}` and of no other", own.id)))
            }
            Some(Known::Account) => {
                let needed = "the key is good for every application: the header says which";
                let id = called_as()?.ok_or_else(|| misnamed(needed))?;
                directory
                    .application(id)
                    .map(Self)
                    .ok_or_else(|| misnamed("there is no application of this id"))
            }
            Some(Known::Operator) => Err(forbidden("the key is good for operator routes only")),
            None => Err(unauthorized("a key of an application")),
        }
    }
}

/// The API key that was called with, for the limits that count by it.
pub(super) struct ApiKey(pub(super) Option<Secret>);

impl<S: Send + Sync> FromRequestParts<S> for ApiKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(presented(&parts.headers).map(Secret::new)))
    }
}

/// Marks the request of an operator who has a key, and perhaps no more than that: not the server's files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remote;

/// Lets a request pass whose key is an operator's: where the listener itself says nothing about who asks.
pub(super) async fn operator(State(face): State<Arc<Face>>, mut request: Request, next: Next) -> Response {
    let directory = face.verifier.directory();
    match presented(request.headers()).and_then(|key| directory.caller(key)) {
        Some(Known::Operator) => {
            request.extensions_mut().insert(Remote);
            next.run(request).await
        }
        Some(_) => forbidden("operator routes need a key of the scope `operator`").into_response(),
        None => unauthorized("a key of the scope `operator`").into_response(),
    }
}

fn unauthorized(which: &str) -> Problem {
    let detail = format!("the header `Authorization: Bearer KEY` with {which} is needed");
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "unauthorized", detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

pub(super) fn forbidden(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", "forbidden", detail)
}

/// The key that a request presents.
fn presented(headers: &HeaderMap) -> Option<&str> {
    only(headers, &header::AUTHORIZATION).and_then(bearer)
}

/// As which application somebody calls, if the request says so.
fn called_as(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    if !headers.contains_key(&AS) {
        return Ok(None);
    }
    // What cannot be read is no absence: the key alone might stand for another application than is meant.
    only(headers, &AS).map(Some).ok_or_else(|| misnamed("stands there more than once, or is no text"))
}

fn misnamed(detail: &str) -> Problem {
    Problem::invalid(&[FieldError::new(AS.as_str(), detail)])
}

/// User and password of the one `Authorization: Basic …` (RFC 7617).
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    let (scheme, encoded) = only(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    let encoded = Some(encoded.trim_matches(' ')).filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((user.to_owned(), Secret::new(password)))
}

/// What a header says that stands there once.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut given = headers.get_all(name).iter();
    given.next().filter(|_| given.next().is_none())?.to_str().ok()
}

/// The token; the scheme's case does not matter (RFC 9110 section 11.1).
pub(super) fn bearer(value: &str) -> Option<&str> {
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

    #[test]
    fn only_basic_credentials_are_read() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            basic(&headers).map(|(user, password)| format!("{user} {}", password.expose()))
        };
        assert_eq!(read(&["Basic YTpiOmM="]).as_deref(), Some("a b:c"));
        assert_eq!(read(&["basic  YTpi "]).as_deref(), Some("a b"));
        for bad in ["", "Basic", "Basic YQ==", "Basic %%%", "Basic /////w==", "Bearer YTpi"] {
            assert_eq!(read(&[bad]), None, "{bad}");
        }
        assert_eq!(read(&["Basic YTpi", "Basic YTpi"]), None);
    }
}
