//! `POST /otp/{otpId}`: checks a PIN (X33, X34).

use super::{Refused, body::Fields, caller::Caller, named::Named, otp::word, quota};
use crate::{
    http::{Face, shown::json},
    seal::Typed,
    verification::{Status, Verdict},
    verifier::Check,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json as value};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller { application, .. }: Caller,
    named: Named,
    fields: Fields,
) -> Result<Response, Refused> {
    let typed = read(fields)?;
    let id = named.otp(&face, &application).await?;
    let check = Check { id, typed, payment: (None, None), idempotency: None };
    let now = face.verifier.clock().now();
    let checked = face.verifier.check(&application, check).await.map_err(|error| Refused::of(error, now))?;
    face.metrics.check(checked.verdict == Verdict::Right);
    let response = match (checked.verdict, checked.verification.status) {
        (Verdict::Right, status) => json(StatusCode::OK, &value!({ "status": word(status) })),
        (Verdict::Wrong, Status::Exhausted) => failed().into_response(),
        (Verdict::Wrong, _) => Refused::wrong_pin().into_response(),
    };
    Ok(quota::told(response, &checked.limits, now))
}

/// The one parameter, as somebody typed it.
fn read(mut fields: Fields) -> Result<Typed, Refused> {
    let pin = match fields.take("pin") {
        Some(Value::String(pin)) if !pin.trim().is_empty() => pin,
        _ => return Err(Refused::parameter(2022, "`pin` is missing, empty or no text")),
    };
    fields.none_left()?;
    Typed::read(&pin).map_err(|why| Refused::parameter(2022, format!("`pin`: {why}")))
}

/// 400: the PIN was wrong, and it was the last that is checked.
fn failed() -> Refused {
    let message = "the PIN is not the right one, and no other will be checked";
    Refused::new(StatusCode::BAD_REQUEST, "otp_failed", 2027, message)
}
