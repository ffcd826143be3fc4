//! `GET /otp/{otpId}`: an OTP as it stands (X35).

use super::{Refused, caller::Caller, named::Named, otp::Shown, quota};
use crate::http::{Face, shown::json};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller { application, .. }: Caller,
    Named(id): Named,
) -> Result<Response, Refused> {
    let now = face.verifier.clock().now();
    let refused = |error| Refused::of(error, now);
    let limits = face.verifier.admit_reading(&application, &id).map_err(refused)?;
    let fetched = face.verifier.fetch(&application, id).await.map_err(refused)?;
    let otp = Shown::of(&fetched).ok_or_else(Refused::no_otp)?;
    Ok(quota::told(json(StatusCode::OK, &otp), &limits, now))
}
