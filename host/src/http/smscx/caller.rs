//! Who calls: an application, by a bearer token or by an API key in `X-API-KEY`.

use super::Refused;
use crate::{
    application::Application,
    http::{
        Face,
        auth::{AS, bearer, only},
    },
    verifier::Caller as Known,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
};
use provider_api::Secret;
use std::sync::Arc;

/// What a token must be good for.
pub(super) const SCOPE: &str = "otp";

/// Where an API key stands.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The application that calls, and the API key that counts for its limits: the key itself, or its public name.
pub(super) struct Caller {
    pub(super) application: Arc<Application>,
    pub(super) api_key: Secret,
}

impl FromRequestParts<Arc<Face>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Refused> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            by_token(face, &parts.headers)
        } else {
            by_key(face, &parts.headers)
        }
    }
}

fn by_token(face: &Face, headers: &HeaderMap) -> Result<Caller, Refused> {
    let presented = only(headers, &header::AUTHORIZATION).and_then(bearer);
    let (application, token) = presented
        .and_then(|token| face.verifier.token(token))
        .ok_or_else(|| unauthorized("invalid_client", "the access token is none, or its time is over"))?;
    if !token.scope.split(' ').any(|word| word == SCOPE) {
        let message = format!("the access token lacks the scope `{SCOPE}`");
        return Err(Refused::plain(StatusCode::FORBIDDEN, "insufficient_scope", message));
    }
    Ok(Caller { application, api_key: Secret::new(token.api_key) })
}

fn by_key(face: &Face, headers: &HeaderMap) -> Result<Caller, Refused> {
    let wrong = || {
        let message = "the header `Authorization: Bearer TOKEN` or `X-API-KEY: KEY` is needed";
        unauthorized("invalid_api_key", message)
    };
    let key = only(headers, &API_KEY).ok_or_else(wrong)?;
    let denied = |message: &str| Refused::plain(StatusCode::FORBIDDEN, "access_denied", message);
    let named = headers.contains_key(&AS).then(|| only(headers, &AS).unwrap_or_default());
    let application = match face.verifier.directory().caller(key) {
        Some(Known::Application(own)) if named.is_none_or(|id| id == own.id) => own,
        Some(Known::Application(_)) => return Err(denied("the API key is another application's")),
        Some(Known::Account) => {
            let found = named.and_then(|id| face.verifier.directory().application(id));
            let message = "the API key is good for every application: the header `Passrelay-Application: ID` says which";
            found.ok_or_else(|| denied(message))?
        }
        Some(Known::Operator) => return Err(denied("the API key is good for operator routes only")),
        None => return Err(wrong()),
    };
    Ok(Caller { application, api_key: Secret::new(key) })
}

fn unauthorized(kind: &'static str, message: &str) -> Refused {
    Refused::plain(StatusCode::UNAUTHORIZED, kind, message)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
