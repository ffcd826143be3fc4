//! `/v2/SafeList/Numbers`: numbers that a Service with `LookupEnabled` sends to although no plan has them.

use super::{Refused, auth::Account, form::Form, page::Base};
use crate::{
    http::{Face, shown::json},
    seal::fixed_name,
    verifier::{Listed, VerifyError},
};
use axum::{
    extract::{OriginalUri, Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use provider_api::AddressKind;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Shown {
    sid: String,
    phone_number: String,
    url: String,
}

/// `POST /v2/SafeList/Numbers`.
pub(super) async fn add(
    State(face): State<Arc<Face>>,
    _account: Account,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    const NAME: &str = "PhoneNumber";
    let number = form.needed(NAME, 64)?.trim().to_owned();
    let read = AddressKind::Phone.read(&number);
    let number = read.map_err(|why| Refused::invalid(NAME, &why.to_string()))?.as_str().to_owned();
    match face.verifier.put_on_safe_list(number.clone()).await.map_err(refused)? {
        Listed::Added => Ok(json(StatusCode::CREATED, &shown(number, &base))),
        Listed::Before => {
            Err(Refused::new(StatusCode::BAD_REQUEST, 60411, "the number is on the safe list already"))
        }
        Listed::Full => Err(Refused::new(StatusCode::BAD_REQUEST, 60200, "the safe list is full")),
    }
}

/// `GET /v2/SafeList/Numbers/{number}`.
pub(super) async fn fetch(
    State(face): State<Arc<Face>>,
    _account: Account,
    base: Base,
    OriginalUri(uri): OriginalUri,
    named: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let missing = || Refused::not_found(uri.path());
    let Path(number) = named.map_err(|_| missing())?;
    let is_there = face.verifier.is_on_safe_list(number.clone()).await.map_err(refused)?;
    if is_there { Ok(json(StatusCode::OK, &shown(number, &base))) } else { Err(missing()) }
}

/// `DELETE /v2/SafeList/Numbers/{number}`.
pub(super) async fn remove(
    State(face): State<Arc<Face>>,
    _account: Account,
    OriginalUri(uri): OriginalUri,
    named: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let missing = || Refused::not_found(uri.path());
    let Path(number) = named.map_err(|_| missing())?;
    let was_there = face.verifier.take_from_safe_list(number).await.map_err(refused)?;
    if was_there { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(missing()) }
}

fn refused(error: VerifyError) -> Refused {
    Refused::of(error, "/SafeList/Numbers")
}

fn shown(phone_number: String, base: &Base) -> Shown {
    let sid = format!("GN{}", fixed_name(&["safe number", &phone_number]));
    Shown { sid, url: base.url(&format!("/SafeList/Numbers/{phone_number}")), phone_number }
}
