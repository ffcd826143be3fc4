//! A request's body: one JSON object, whose parameters are taken from it one by one.

use super::Refused;
use crate::http::LARGEST_BODY;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Map, Value};

/// The parameters of a request.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        if !is(request.headers(), "application/json") {
            return Err(unsupported("application/json"));
        }
        Self::read(&whole(request, state).await?)
    }
}

impl Fields {
    /// Reads a JSON object; what it says is never repeated.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(bytes).map(Self).map_err(|_| invalid("the body is no JSON object"))
    }

    /// Takes a parameter; one that is `null` is as good as none.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Goes on if every parameter was taken.
    pub(super) fn none_left(self) -> Result<(), Refused> {
        let Some(name) = self.0.keys().next() else { return Ok(()) };
        let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        Err(invalid(format!("there is no parameter `{shown}`")))
    }
}

/// The whole body.
pub(super) async fn whole<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Refused> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("a request has at most {LARGEST_BODY} bytes");
            Refused::plain(StatusCode::PAYLOAD_TOO_LARGE, "invalid_body", message)
        }
        _ => invalid("the body ended early"),
    })
}

/// Whether a body is of this type.
pub(super) fn is(headers: &HeaderMap, kind: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}

pub(super) fn unsupported(kind: &str) -> Refused {
    let message = format!("the body must have `Content-Type: {kind}`");
    Refused::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_body", message)
}

fn invalid(message: impl Into<String>) -> Refused {
    Refused::plain(StatusCode::BAD_REQUEST, "invalid_body", message)
}
