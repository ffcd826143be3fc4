//! How a verification looks in an answer: the recipient in full, as the contract demands, and never its code (T49).

use super::channel;
use crate::{
    http::twilio::{auth::Called, dates::Date, page::Base, sid},
    phone::{Kind, planned},
    seal::{DeliveryId, VerificationId},
    template::Payment,
    verification::Status,
    verifier::Fetched,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A verification as it is answered.
#[derive(Serialize)]
pub(super) struct Shown {
    sid: String,
    service_sid: String,
    account_sid: String,
    to: String,
    channel: String,
    status: &'static str,
    valid: bool,
    lookup: Map<String, Value>,
    amount: Option<String>,
    payee: Option<String>,
    send_code_attempts: Vec<Attempt>,
    date_created: Date,
    date_updated: Date,
    sna: Option<Value>,
    url: String,
}

/// A send, which Twilio calls an attempt.
#[derive(Serialize)]
pub(super) struct Attempt {
    time: Date,
    channel: String,
    #[serde(rename = "attempt_sid")]
    sid: String,
}

/// What a verification is at a time.
pub(super) struct State {
    pub(super) id: VerificationId,
    pub(super) status: Status,
    pub(super) payment: Option<Payment>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl Shown {
    pub(super) fn new(
        (called, base): (&Called, &Base),
        (to, channel): (&str, &str),
        state: State,
        send_code_attempts: Vec<Attempt>,
    ) -> Self {
        let State { id, status, payment, created_at, updated_at } = state;
        let (sid, service_sid) = (sid::of_verification(&id), called.service.sid.clone());
        let (amount, payee) = payment.map(|payment| (payment.amount, payment.payee)).unzip();
        Self {
            to: to.to_owned(),
            channel: channel.to_owned(),
            status: word(status),
            valid: status == Status::Approved,
            lookup: lookup(called, to),
            amount,
            payee,
            send_code_attempts,
            date_created: Date(created_at),
            date_updated: Date(updated_at),
            sna: None,
            url: base.url(&format!("/Services/{service_sid}/Verifications/{sid}")),
            sid,
            service_sid,
            account_sid: called.account.sid.clone(),
        }
    }

    /// One that was looked at.
    pub(super) fn of(called: &Called, base: &Base, fetched: &Fetched) -> Self {
        let Fetched { verification, deliveries, at } = fetched;
        let sends = deliveries.iter().filter(|delivery| delivery.id == delivery.message);
        let sends: Vec<Attempt> = sends
            .map(|delivery| {
                let channel = channel::told(verification, delivery.channel.as_str());
                Attempt::new(&delivery.id, channel, delivery.created_at)
            })
            .collect();
        let sent = sends.last().map(|last| last.time.0);
        let state = State {
            id: verification.id.clone(),
            status: verification.status(*at),
            payment: verification.payment.clone(),
            created_at: verification.created_at,
            updated_at: verification.ended_at(*at).or(sent).unwrap_or(verification.created_at),
        };
        let channel = channel::told(verification, verification.channel.as_str());
        Self::new((called, base), (verification.recipient.as_str(), channel), state, sends)
    }
}

impl Attempt {
    pub(super) fn new(delivery: &DeliveryId, channel: &str, time: Timestamp) -> Self {
        Self { time: Date(time), channel: channel.to_owned(), sid: sid::of_delivery(delivery) }
    }
}

/// What is known of the number's line, where the Service asks for it: the carrier itself nobody here knows.
fn lookup(called: &Called, to: &str) -> Map<String, Value> {
    if !called.service.settings.lookup_enabled || !to.starts_with('+') {
        return Map::new();
    }
    let line = match planned(to, None).map(|planned| planned.kind) {
        Ok(Kind::Mobile) => Some("mobile"),
        Ok(Kind::Landline) => Some("landline"),
        Ok(Kind::Other("voip")) => Some("voip"),
        _ => None,
    };
    let carrier = json!({
        "type": line, "name": null, "mobile_country_code": null, "mobile_network_code": null, "error_code": null,
    });
    Map::from_iter([("carrier".to_owned(), carrier)])
}

/// Twilio's word.
fn word(status: Status) -> &'static str {
    match status {
        Status::Exhausted => "max_attempts_reached",
        other => other.as_str(),
    }
}
