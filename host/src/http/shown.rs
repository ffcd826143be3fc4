//! How a verification and a delivery look in an answer: recipients masked, no code anywhere.

use crate::{
    application::Method,
    delivery::{Delivery, Outcome},
    seal::{DeliveryId, VerificationId},
    verification::{Status, Summary, Verification},
};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use provider_api::{Cost, Failure};
use schemars::JsonSchema;
use serde::Serialize;

/// A verification as an answer shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Verification")]
pub(super) struct Shown {
    /// The name of the verification.
    id: VerificationId,
    /// Where it stands.
    status: Status,
    /// By which method its newest message goes.
    method: Method,
    /// What it is for; left out in the answer to its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// Whom it proves, masked.
    recipient: String,
    /// The amount that its code is bound to (PSD2).
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// The payee that its code is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    payee: Option<String>,
    /// `true` for a test recipient, who is sent nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
    /// How many codes may be checked in all.
    checks: u8,
    /// How many more codes may be checked.
    checks_left: u8,
    /// How many messages may be sent in all.
    sends: u8,
    /// How many more messages may be sent.
    sends_left: u8,
    /// From when on the next message may be asked for; absent when there will be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    resend_after: Option<Timestamp>,
    /// When it began.
    created_at: Timestamp,
    /// When its time runs out.
    expires_at: Timestamp,
    /// When the right code came.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<Timestamp>,
    /// Its newest delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Brief>,
}

/// The newest delivery of a verification, in brief.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BriefDelivery")]
pub(super) struct Brief {
    /// The name of the delivery.
    id: DeliveryId,
    /// `queued`, `sent`, `failed` or `unknown`.
    status: &'static str,
    /// The kind of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    failure: Option<Failure>,
}

/// A delivery as its list shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub(super) struct ShownDelivery<'a> {
    /// The name of the delivery.
    #[schemars(with = "DeliveryId")]
    id: &'a str,
    /// `queued`, `sent`, `failed` or `unknown`.
    status: &'static str,
    /// The provider.
    provider: &'a str,
    /// The way it travels.
    channel: &'a str,
    /// To whom, masked.
    recipient: String,
    /// Whether the same message may have gone before, as its first outcome is not known.
    repeated: bool,
    /// When it was asked for.
    created_at: Timestamp,
    /// When its outcome was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<Timestamp>,
    /// When it is handed over, if its service asked for a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    /// The service's own name of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    /// Into how many parts the text was split.
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u32>,
    /// In which alphabet the text went.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'a str>,
    /// What it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<ShownCost<'a>>,
    /// The kind of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    /// The service's own word for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'a str>,
    /// What happened, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// What a message costs; `estimated` where the operator's table says so and not the service.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeliveryCost")]
struct ShownCost<'a> {
    #[serde(flatten)]
    cost: &'a Cost,
    /// `true` where the operator's table says so and not the service.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
}

impl Shown {
    pub(super) fn new(verification: &Verification, delivery: Option<&Delivery>, at: Timestamp) -> Self {
        Self::of(verification.summary(at), delivery.map(Brief::of))
    }

    /// As the answer to a start: whoever asked knows the purpose.
    pub(super) fn started(verification: Summary, delivery: Option<Brief>) -> Self {
        Self { purpose: None, ..Self::of(verification, delivery) }
    }

    fn of(verification: Summary, delivery: Option<Brief>) -> Self {
        let (amount, payee) = match verification.payment {
            Some(payment) => (Some(payment.amount), Some(payment.payee)),
            None => (None, None),
        };
        Self {
            id: verification.id,
            status: verification.status,
            method: verification.method,
            purpose: Some(verification.purpose),
            recipient: verification.recipient,
            amount,
            payee,
            test: verification.is_test,
            checks: verification.checks,
            checks_left: verification.checks_left,
            sends: verification.sends,
            sends_left: verification.sends_left,
            resend_after: verification.resend_after,
            created_at: verification.created_at,
            expires_at: verification.expires_at,
            approved_at: verification.approved_at,
            delivery,
        }
    }
}

impl Brief {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let failure = delivery.outcome.failure().cloned();
        Self { id: delivery.id.clone(), status: delivery.outcome.as_str(), failure }
    }

    /// A delivery that was just made.
    pub(super) fn queued(id: DeliveryId) -> Self {
        Self { id, status: Outcome::Queued.as_str(), failure: None }
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
            not_before: delivery.not_before,
            reference: None,
            segments: None,
            encoding: None,
            cost: None,
            failure: delivery.outcome.failure().map(Failure::as_str),
            failure_code: None,
            detail: None,
        };
        match &delivery.outcome {
            Outcome::Queued => {}
            Outcome::Sent { reference, segments, encoding, cost, estimated, settled_at } => {
                shown.settled_at = Some(*settled_at);
                (shown.reference, shown.cost) = (
                    reference.as_deref(),
                    cost.as_ref().map(|cost| ShownCost { cost, estimated: *estimated }),
                );
                (shown.segments, shown.encoding) = (*segments, encoding.as_deref());
            }
            Outcome::Failed { code, text, settled_at, .. } | Outcome::Unknown { code, text, settled_at } => {
                shown.settled_at = Some(*settled_at);
                (shown.failure_code, shown.detail) = (code.as_deref(), Some(text.as_str()));
            }
        }
        shown
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::millis,
        delivery::tests::delivery,
        verification::tests::{policy, verification},
    };
    use provider_api::{DeliveryError, Receipt, Segments};
    use serde_json::{json, to_value};

    #[test]
    fn a_start_is_answered_with_what_the_caller_needs_next() {
        let verification = verification(policy(), millis(0));
        let mut delivery = delivery("one", &[]);
        let shown =
            to_value(Shown::started(verification.summary(millis(0)), Some(Brief::of(&delivery)))).unwrap();
        let expected = json!({
            "id": verification.id, "status": "pending", "method": "sms:code", "recipient": "+44•••••••123",
            "checks": 3, "checks_left": 3, "sends": 2, "sends_left": 1, "resend_after": "1970-01-01T00:00:30Z",
            "created_at": "1970-01-01T00:00:00Z",
            "expires_at": "1970-01-01T00:10:00Z", "delivery": {"id": delivery.id, "status": "queued"},
        });
        assert_eq!(shown, expected);
        delivery.outcome = Outcome::new(Err(DeliveryError::new(Failure::OptedOut, "said stop")), millis(1));
        let shown =
            to_value(Shown::started(verification.summary(millis(0)), Some(Brief::of(&delivery)))).unwrap();
        assert_eq!(shown["delivery"], json!({"id": delivery.id, "status": "failed", "failure": "opted_out"}));
    }

    #[test]
    fn a_cost_says_whether_it_was_estimated() {
        let cost = |receipt: Receipt| {
            let mut delivery = delivery("one", &[]);
            let estimate = Some(Cost::new("0.05", "GBP"));
            delivery.outcome = Outcome::new(Ok(receipt), millis(1)).or_estimated(estimate);
            to_value(ShownDelivery::new(&delivery)).unwrap()["cost"].clone()
        };
        let said = Receipt::new("SM1").with_cost("0.0425", "EUR");
        assert_eq!(cost(said), json!({"amount": "0.0425", "currency": "EUR"}));
        let estimated = json!({"amount": "0.05", "currency": "GBP", "estimated": true});
        assert_eq!(cost(Receipt::new("SM1")), estimated);
        let failed = Outcome::new(Err(DeliveryError::unknown("late")), millis(1));
        assert_eq!(failed.clone().or_estimated(Some(Cost::new("1", "EUR"))), failed);
    }

    #[test]
    fn each_outcome_of_a_delivery_is_shown_with_what_is_known() {
        let error = |failure| DeliveryError::new(failure, "why").with_code("21610");
        for (answer, says) in [
            (
                Ok(Receipt::new("SM1").with_parts(&Segments::of(&"ç".repeat(71))).with_cost("0.0425", "EUR")),
                json!({"status": "sent", "reference": "SM1", "segments": 2, "encoding": "UCS-2",
                       "cost": {"amount": "0.0425", "currency": "EUR"}}),
            ),
            (
                Err(error(Failure::OptedOut)),
                json!({"status": "failed", "failure": "opted_out", "failure_code": "21610", "detail": "why"}),
            ),
            (
                Err(error(Failure::Unknown)),
                json!({"status": "unknown", "failure_code": "21610", "detail": "why"}),
            ),
        ] {
            let mut delivery = delivery("one", &[]);
            delivery.outcome = Outcome::new(answer, millis(1_000));
            let mut shown = to_value(ShownDelivery::new(&delivery)).unwrap();
            let fields = shown.as_object_mut().unwrap();
            for same in ["id", "provider", "channel", "recipient", "repeated", "created_at"] {
                assert!(fields.remove(same).is_some(), "{same}");
            }
            assert_eq!(fields.remove("settled_at"), Some(json!("1970-01-01T00:00:01Z")));
            assert_eq!(shown, says);
        }
    }
}
