//! `GET /v2/PhoneNumbers/{number}`: whether a number can be one, how it is written and where it belongs (Lookup v2).
//!
//! What takes a carrier's word, the packages behind `Fields`, nobody here knows: each of them is answered `null`.

use super::{Refused, auth::Account, form::Query, page::Base};
use crate::{
    http::shown::json,
    phone::{Flaw, Planned, Region, planned},
};
use axum::{
    extract::{OriginalUri, Path, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde::Serialize;

/// The most bytes of a number as somebody wrote it.
const LONGEST: usize = 64;

/// Each package that Twilio sells beside.
const FIELDS: [&str; 12] = [
    "validation",
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_status",
    "line_type_intelligence",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
    "live_activity",
];

#[derive(Serialize)]
struct Shown {
    calling_country_code: Option<String>,
    country_code: Option<String>,
    phone_number: String,
    national_format: Option<String>,
    valid: bool,
    validation_errors: Vec<&'static str>,
    caller_name: Option<()>,
    sim_swap: Option<()>,
    call_forwarding: Option<()>,
    line_status: Option<()>,
    line_type_intelligence: Option<()>,
    identity_match: Option<()>,
    reassigned_number: Option<()>,
    sms_pumping_risk: Option<()>,
    phone_number_quality_score: Option<()>,
    pre_fill: Option<()>,
    url: String,
}

pub(super) async fn handle(
    _account: Account,
    base: Base,
    OriginalUri(uri): OriginalUri,
    named: Result<Path<String>, PathRejection>,
    Query(query): Query,
) -> Result<Response, Refused> {
    let missing = || Refused::not_found(uri.path());
    let Path(number) = named.map_err(|_| missing())?;
    if number.len() > LONGEST || number.chars().any(char::is_control) {
        return Err(missing());
    }
    let query = query?;
    let region =
        match query.text("CountryCode")? {
            None => None,
            Some(code) => Some(Region::named(code).ok_or_else(|| {
                Refused::invalid("CountryCode", "expected two capital letters such as `GB`")
            })?),
        };
    let fields = query.text("Fields")?.unwrap_or_default();
    if fields.split(',').map(str::trim).any(|field| !field.is_empty() && !FIELDS.contains(&field)) {
        return Err(Refused::invalid("Fields", &format!("expected some of `{}`", FIELDS.join("`, `"))));
    }
    Ok(json(StatusCode::OK, &shown(&number, planned(&number, region), &base)))
}

fn shown(asked: &str, planned: Result<Planned, Flaw>, base: &Base) -> Shown {
    let flaw = planned.as_ref().map_or_else(|flaw| Some(*flaw), |planned| planned.flaw);
    let planned = planned.ok();
    let phone_number = planned.as_ref().map_or(asked, |planned| &planned.e164).to_owned();
    Shown {
        calling_country_code: planned.as_ref().map(|planned| planned.calling_code.to_string()),
        country_code: planned.as_ref().and_then(|planned| planned.region).map(|region| region.to_string()),
        national_format: planned.map(|planned| planned.national),
        valid: flaw.is_none(),
        validation_errors: flaw.map(word).into_iter().collect(),
        caller_name: None,
        sim_swap: None,
        call_forwarding: None,
        line_status: None,
        line_type_intelligence: None,
        identity_match: None,
        reassigned_number: None,
        sms_pumping_risk: None,
        phone_number_quality_score: None,
        pre_fill: None,
        url: base.url(&format!("/PhoneNumbers/{phone_number}")),
        phone_number,
    }
}

fn word(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::TooShort => "TOO_SHORT",
        Flaw::TooLong => "TOO_LONG",
        Flaw::Length => "INVALID_LENGTH",
        Flaw::CallingCode => "INVALID_COUNTRY_CODE",
        Flaw::Unplanned => "INVALID_BUT_POSSIBLE",
        Flaw::NotANumber => "NOT_A_NUMBER",
    }
}
