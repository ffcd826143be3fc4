//! How a verification and a delivery look in an answer: recipients masked, no code anywhere.

use crate::{
    delivery::{Delivery, Outcome},
    verification::{Status, Verification},
};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use provider_api::Cost;
use serde::Serialize;

/// A verification as an answer shows it.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    id: &'a str,
    status: Status,
    method: String,
    purpose: &'a str,
    recipient: String,
    checks_left: u8,
    sends_left: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    resend_after: Option<Timestamp>,
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Brief<'a>>,
}

/// The newest delivery of a verification, in brief.
#[derive(Serialize)]
struct Brief<'a> {
    id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}

/// A delivery as its list shows it.
#[derive(Serialize)]
pub(super) struct ShownDelivery<'a> {
    id: &'a str,
    status: &'static str,
    provider: &'a str,
    channel: &'a str,
    recipient: String,
    repeated: bool,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<&'a Cost>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(verification: &'a Verification, delivery: Option<&'a Delivery>, at: Timestamp) -> Self {
        let status = verification.status(at);
        let may_resend = status == Status::Pending && verification.sends_left > 0;
        Self {
            id: verification.id.as_str(),
            status,
            method: verification.method.to_string(),
            purpose: &verification.purpose,
            recipient: verification.recipient.masked(),
            checks_left: verification.checks_left,
            sends_left: verification.sends_left,
            resend_after: may_resend.then_some(verification.resend_after),
            expires_at: verification.expires_at,
            approved_at: approved_at(verification, at),
            delivery: delivery.map(|delivery| Brief {
                id: delivery.id.as_str(),
                status: delivery.outcome.as_str(),
                failure: failure(&delivery.outcome),
            }),
        }
    }
}

impl<'a> ShownDelivery<'a> {
    pub(super) fn new(delivery: &'a Delivery) -> Self {
        let mut shown = Self {
            id: delivery.id.as_str(),
            status: delivery.outcome.as_str(),
            provider: &delivery.provider,
            channel: delivery.channel.as_str(),
            recipient: delivery.recipient.masked(),
            repeated: delivery.repeated,
            created_at: delivery.created_at,
            settled_at: None,
            reference: None,
            segments: None,
            cost: None,
            failure: failure(&delivery.outcome),
            code: None,
            detail: None,
        };
        match &delivery.outcome {
            Outcome::Queued => {}
            Outcome::Sent { reference, segments, cost, settled_at } => {
                shown.settled_at = Some(*settled_at);
                (shown.reference, shown.segments, shown.cost) =
                    (reference.as_deref(), *segments, cost.as_ref());
            }
            Outcome::Failed { code, text, settled_at, .. } => {
                shown.settled_at = Some(*settled_at);
                (shown.code, shown.detail) = (code.as_deref(), Some(text.as_str()));
            }
            Outcome::Unknown { text, settled_at } => {
                (shown.settled_at, shown.detail) = (Some(*settled_at), Some(text.as_str()));
            }
        }
        shown
    }
}

/// When it was approved, if it was.
pub(super) fn approved_at(verification: &Verification, at: Timestamp) -> Option<Timestamp> {
    verification.ended_at(at).filter(|_| verification.status(at) == Status::Approved)
}

fn failure(outcome: &Outcome) -> Option<&str> {
    if let Outcome::Failed { failure, .. } = outcome { Some(failure.as_str()) } else { None }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, answer: &impl Serialize) -> Response {
    match serde_json::to_vec(answer) {
        Ok(json) => {
            let mut response = Response::new(Body::from(json));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer has no JSON form");
            super::Problem::internal().into_response()
        }
    }
}
