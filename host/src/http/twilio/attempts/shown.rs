//! How an attempt looks in an answer.

use crate::{
    application::ServiceSid,
    delivery::Outcome,
    http::{
        Face,
        twilio::{dates::Date, page::Base, sid, verifications::told_channel},
    },
    phone::Region,
    verification::Status,
    verifier::Sent,
};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Shown {
    sid: String,
    account_sid: String,
    service_sid: String,
    verification_sid: String,
    date_created: Date,
    date_updated: Date,
    conversion_status: &'static str,
    channel: String,
    price: Price,
    channel_data: ChannelData,
    url: String,
}

#[derive(Serialize)]
struct Price {
    value: Option<String>,
    currency: Option<String>,
}

/// What Twilio would know of a carrier is `null`: our providers do not say.
#[derive(Serialize)]
struct ChannelData {
    to: String,
    status: &'static str,
    message_status: &'static str,
    error_code: Option<String>,
    country: Option<String>,
    code_length: u8,
    locale: Option<String>,
    mcc: Option<()>,
    mnc: Option<()>,
    carrier: Option<()>,
}

impl Shown {
    pub(super) fn new(face: &Face, account: &str, base: &Base, sent: &Sent, at: Timestamp) -> Self {
        let Sent { first, last, verification } = sent;
        let sid = sid::of_delivery(&first.id);
        let application = face.verifier.directory().application(&verification.application);
        let service = application.map_or_else(
            || ServiceSid::of(&verification.application),
            |application| application.service_sid(),
        );
        let is_approved = verification.status(at) == Status::Approved;
        let (value, currency, settled) = match &last.outcome {
            Outcome::Sent { cost, settled_at, .. } => {
                let cost = cost.as_ref();
                (
                    cost.map(|cost| cost.amount.clone()),
                    cost.map(|cost| cost.currency.to_lowercase()),
                    Some(*settled_at),
                )
            }
            Outcome::Failed { settled_at, .. } | Outcome::Unknown { settled_at, .. } => {
                (None, None, Some(*settled_at))
            }
            Outcome::Queued => (None, None, None),
        };
        let channel = match told_channel(verification, first.channel.as_str()) {
            "rcs" => "rbm",
            other => other,
        };
        Self {
            account_sid: account.to_owned(),
            service_sid: service.to_string(),
            verification_sid: sid::of_verification(&verification.id),
            date_created: Date(first.created_at),
            date_updated: Date(verification.ended_at(at).or(settled).unwrap_or(first.created_at)),
            conversion_status: if is_approved { "converted" } else { "unconverted" },
            channel: channel.to_owned(),
            price: Price { value, currency },
            channel_data: ChannelData {
                to: first.recipient.as_str().to_owned(),
                status: match verification.status(at) {
                    Status::Approved => "confirmed",
                    Status::Expired => "expired",
                    Status::Pending | Status::Canceled | Status::Exhausted => "unconfirmed",
                },
                message_status: last.outcome.as_str(),
                error_code: code(&last.outcome),
                country: Region::of(first.recipient.as_str()).map(|region| region.to_string()),
                code_length: verification.policy.length,
                locale: verification.locale.clone(),
                mcc: None,
                mnc: None,
                carrier: None,
            },
            url: base.url(&format!("/Attempts/{sid}")),
            sid,
        }
    }
}

/// The service's own code, or else our kind of failure.
fn code(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { failure, code, .. } => {
            Some(code.clone().unwrap_or_else(|| failure.as_str().to_owned()))
        }
        Outcome::Unknown { code, .. } => code.clone(),
        Outcome::Queued | Outcome::Sent { .. } => None,
    }
}
