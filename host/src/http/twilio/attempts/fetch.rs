//! `GET /v2/Attempts/{sid}`: one send.

use super::shown::Shown;
use crate::http::{
    Face,
    shown::json,
    twilio::{Refused, auth::Account, page::Base, sid},
};
use axum::{
    extract::{OriginalUri, Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use std::sync::Arc;

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    account: Account,
    base: Base,
    OriginalUri(uri): OriginalUri,
    named: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let id = named.ok().and_then(|Path(named)| sid::delivery(&named));
    let id = id.ok_or_else(|| Refused::not_found(uri.path()))?;
    let sent = face.verifier.sent(id).await.map_err(|error| Refused::of(error, uri.path()))?;
    let now = face.verifier.clock().now();
    Ok(json(StatusCode::OK, &Shown::new(&face, &account.sid, &base, &sent, now)))
}
