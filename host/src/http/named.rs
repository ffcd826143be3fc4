//! The verification that a path names.

use super::Problem;
use crate::seal::VerificationId;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

/// What such a name looks like.
pub(super) const EXAMPLE: &str = "ver_019b7c2f8d6070009a3f2b1c4d5e6f70";

/// The verification that the path names; a text that is no id is the same as one that nobody has.
pub(super) struct Named(pub(super) VerificationId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.ok().and_then(|Path(id)| id.parse().ok()).map(Self).ok_or_else(Problem::not_found)
    }
}
