//! The verification that a path names.

use super::Problem;
use crate::seal::VerificationId;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

/// The verification that the path names; a text that is no id is the same as one that nobody has.
pub(super) struct Named(pub(super) VerificationId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.ok().and_then(|Path(id)| id.parse().ok()).map(Self).ok_or_else(Problem::not_found)
    }
}
