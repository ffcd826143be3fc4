//! `POST /v2/Services/{sid}/VerificationCheck`: checks a code, by recipient or by the verification's SID (T44-T46).

use super::{
    Refused,
    auth::Called,
    dates::Date,
    form::Form,
    sid,
    verifications::{to, told_channel},
};
use crate::{
    http::{Face, shown::json},
    seal::Typed,
    verification::Verdict,
    verifier::Which,
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

/// The most bytes of any parameter.
const LONGEST: usize = 256;

#[derive(Serialize)]
struct Answer {
    sid: String,
    service_sid: String,
    account_sid: String,
    to: String,
    channel: String,
    status: &'static str,
    valid: bool,
    amount: Option<String>,
    payee: Option<String>,
    sna_attempts_error_codes: [(); 0],
    date_created: Date,
    date_updated: Date,
}

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    form: Form,
) -> Result<Response, Refused> {
    let code = form.text("Code")?.ok_or_else(|| Refused::invalid("Code", "it is missing"))?;
    let typed = Typed::read(code).map_err(|invalid| Refused::invalid("Code", &invalid.to_string()))?;
    let which = which(&called, &form)?;
    let part = |name| form.short(name, LONGEST).map(|text| text.map(str::to_owned));
    let payment = (part("Amount")?, part("Payee")?);
    if payment.0.is_some() != payment.1.is_some() {
        return Err(Refused::half_a_payment());
    }
    let application = &called.service.application;
    let checked = face.verifier.check_which(application, which, (typed, payment), None).await;
    let checked = checked.map_err(|error| Refused::of(error, &called.path))?;
    let valid = checked.verdict == Verdict::Right;
    face.metrics.check(valid);
    let Some(verification) = checked.whole else { return Err(Refused::internal()) };
    let (amount, payee) = verification.payment.clone().map(|it| (it.amount, it.payee)).unzip();
    let answer = Answer {
        sid: sid::of_verification(&verification.id),
        service_sid: called.service.sid,
        account_sid: called.account.sid,
        to: verification.recipient.as_str().to_owned(),
        channel: told_channel(&verification, verification.channel.as_str()).to_owned(),
        // Also of the last wrong one: the next is refused, and whoever fetches it reads why (T45).
        status: if valid { "approved" } else { "pending" },
        valid,
        amount,
        payee,
        sna_attempts_error_codes: [],
        date_created: Date(verification.created_at),
        date_updated: Date(face.verifier.clock().now()),
    };
    Ok(json(StatusCode::OK, &answer))
}

fn which(called: &Called, form: &Form) -> Result<Which, Refused> {
    if let Some(named) = form.short("VerificationSid", LONGEST)? {
        return sid::verification(named).map(Which::Named).ok_or_else(|| called.missing());
    }
    let Some(name) = form.short("To", LONGEST)? else {
        let message = "either To or VerificationSid is needed";
        return Err(Refused::new(StatusCode::BAD_REQUEST, 60221, message));
    };
    to(name).ok_or_else(|| Refused::invalid("To", "it is no recipient"))
}
