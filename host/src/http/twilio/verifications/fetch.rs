//! `GET /v2/Services/{sid}/Verifications/{sid or recipient}`: a verification that is pending or was given up.

use super::{named, shown::Shown};
use crate::{
    http::{
        Face,
        shown::json,
        twilio::{Refused, auth::Called, page::Base},
    },
    verification::Status,
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
) -> Result<Response, Refused> {
    let refused = |error| Refused::of(error, &called.path);
    let application = &called.service.application;
    let fetched = face.verifier.fetch_which(application, named(&called)?).await.map_err(refused)?;
    face.verifier.admit_reading(application, &fetched.verification.id).map_err(refused)?;
    match fetched.verification.status(fetched.at) {
        // Gone, as Twilio has it (T47, T52).
        Status::Approved | Status::Expired => Err(called.missing()),
        Status::Pending | Status::Canceled | Status::Exhausted => {
            Ok(json(StatusCode::OK, &Shown::of(&called, &base, &fetched)))
        }
    }
}
