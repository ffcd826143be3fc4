//! `DELETE /otp/{otpId}`: gives an OTP up, once.

use super::{
    Refused,
    caller::Caller,
    named::{Named, otp_id},
};
use crate::{
    http::{Face, shown::json},
    verification::{Ended, Status},
    verifier::VerifyError,
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde_json::json as value;
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller { application, .. }: Caller,
    named: Named,
) -> Result<Response, Refused> {
    let id = named.otp(&face, &application).await?;
    let canceled = face.verifier.cancel_once(&application, id).await;
    let fetched = canceled.map_err(|error| match error {
        VerifyError::Ended(Ended(Status::Canceled)) => denied(2030, "the OTP was cancelled before"),
        VerifyError::Ended(Ended(_)) => denied(2031, "only an OTP that is pending can be cancelled"),
        error => Refused::of(error, face.verifier.clock().now()),
    })?;
    let id = otp_id(&fetched.verification.id);
    Ok(json(StatusCode::OK, &value!({ "info": { "id": id } })))
}

fn denied(code: u16, message: &str) -> Refused {
    Refused::new(StatusCode::FORBIDDEN, "access_denied", code, message)
}
