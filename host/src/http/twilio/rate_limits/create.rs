//! `POST …/RateLimits`: makes a limit, which limits nothing before it has a bucket.

use super::{LONGEST, RateLimit, fresh, shown::Shown};
use crate::http::{
    Face,
    shown::json,
    twilio::{Refused, auth::Called, form::Form, page::Base, services::change},
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

/// The most limits of a Service.
const MOST: usize = 10;

/// The most bytes of a name.
const LONGEST_NAME: usize = 64;

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let bad = |code, message| Refused::new(StatusCode::BAD_REQUEST, code, message);
    let name = form.needed("UniqueName", 256)?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
        return Err(bad(60209, "UniqueName: expected at most 64 letters, digits, `-`, `_` and `.`"));
    }
    if called.service.is_native() {
        return Err(Refused::not_here("rate limits of a Service that the native API or the file made"));
    }
    let now = face.verifier.clock().now();
    let made = RateLimit {
        sid: fresh(&face, "RK"),
        unique_name: name.to_owned(),
        description: form.short("Description", LONGEST)?.map(str::to_owned),
        created_at: now,
        updated_at: now,
        buckets: Vec::new(),
    };
    let kept = made.clone();
    change(&face, &called, |settings| {
        if settings.rate_limits.iter().any(|other| other.unique_name == kept.unique_name) {
            return Err(bad(60208, "UniqueName: the Service has such a limit already"));
        }
        if settings.rate_limits.len() >= MOST {
            return Err(bad(60207, "a Service has at most 10 rate limits"));
        }
        settings.rate_limits.push(kept);
        Ok(())
    })
    .await?;
    Ok(json(StatusCode::CREATED, &Shown::new(&called, &base, &made)))
}
