//! An OTP as SMS.CX shows it, in an answer and in a webhook.

use super::named::{is_otp, otp_id};
use crate::{
    delivery::{Delivery, Outcome},
    phone::Region,
    verification::{Status, Summary},
    verifier::Fetched,
};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;

/// The note that holds the caller's own name of an OTP.
pub(super) const TRACK_ID: &str = "trackId";

/// An OTP as SMS.CX shows it (X21–X32). `trackId` and `otpCallbackUrl` are always there: its SDK needs them. `Debug` shows
/// neither number nor address.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    otp_id: String,
    track_id: Option<String>,
    phone_number: String,
    country_iso: String,
    status: &'static str,
    cost: f64,
    parts: u32,
    max_attempts: u8,
    attempts: u8,
    ttl: i64,
    otp_callback_url: Option<String>,
    date_created: String,
    date_expires: String,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown")
            .field("otp_id", &self.otp_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What is posted when an OTP changes (X16).
#[derive(Serialize)]
struct Update<'a> {
    event: &'static str,
    data: [&'a Shown; 1],
}

impl Shown {
    /// One that was just started: nothing of its message is known yet.
    pub(super) fn started(
        summary: &Summary,
        number: String,
        track_id: Option<String>,
        url: Option<String>,
    ) -> Self {
        Self {
            otp_id: otp_id(&summary.id),
            track_id,
            country_iso: country(&number),
            phone_number: number,
            status: word(summary.status),
            cost: 0.0,
            parts: 1,
            max_attempts: summary.checks,
            attempts: 0,
            ttl: summary.expires_at.duration_since(summary.created_at).as_secs(),
            otp_callback_url: url,
            date_created: date(summary.created_at),
            date_expires: date(summary.expires_at),
        }
    }

    /// One as it stands; `None` of a verification that proves no phone number.
    pub(super) fn of(fetched: &Fetched) -> Option<Self> {
        let Fetched { verification, deliveries, at } = fetched;
        let number = is_otp(verification).then(|| verification.recipient.as_str())?;
        let track_id = verification.notes.find(TRACK_ID).map(str::to_owned);
        let url = verification.webhook.as_ref().map(|webhook| webhook.url.clone());
        let started = Self::started(&verification.summary(*at), number.to_owned(), track_id, url);
        let attempts = verification.wrong_codes();
        Some(Self { cost: cost(deliveries), parts: parts(deliveries), attempts, ..started })
    }
}

/// The body of a webhook about a verification.
pub(in crate::http) fn update(told: &Fetched) -> Option<String> {
    let otp = Shown::of(told)?;
    serde_json::to_string(&Update { event: "otp_update", data: [&otp] }).ok()
}

/// What its messages cost, as far as it is known: all that were sent, in the currency of the last one.
fn cost(deliveries: &[Delivery]) -> f64 {
    let costs = || {
        deliveries.iter().filter_map(|delivery| match &delivery.outcome {
            Outcome::Sent { cost, .. } => cost.as_ref(),
            _ => None,
        })
    };
    let currency = costs().next_back().map(|cost| cost.currency.as_str());
    let known = costs().filter(|cost| Some(cost.currency.as_str()) == currency);
    let sum: f64 =
        known.filter_map(|cost| cost.amount.parse::<f64>().ok()).filter(|amount| amount.is_finite()).sum();
    (sum * 1e6).round() / 1e6
}

/// The parts of its last message that was sent; one until it is known.
fn parts(deliveries: &[Delivery]) -> u32 {
    let mut parts = deliveries.iter().rev().filter_map(|delivery| match &delivery.outcome {
        Outcome::Sent { segments, .. } => *segments,
        _ => None,
    });
    parts.next().unwrap_or(1).max(1)
}

/// The country of a number; `ZZ` where it has none.
fn country(number: &str) -> String {
    Region::of(number).map_or_else(|| "ZZ".to_owned(), |region| region.to_string())
}

/// The words of SMS.CX (X24, X34, X36).
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::Pending => "PENDING",
        Status::Approved => "VERIFIED",
        Status::Exhausted => "FAILED",
        Status::Expired => "EXPIRED",
        Status::Canceled => "CANCELLED",
    }
}

/// `YYYY-MM-DD HH:MM:SS`, in UTC.
fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::millis,
        delivery::tests::delivery,
        event::{Format, Webhook},
        verification::tests::{policy, verification},
    };
    use provider_api::{Receipt, Segments};
    use serde_json::json;

    fn told(outcomes: &[Receipt]) -> Fetched {
        let mut verification = verification(policy(), millis(1_500));
        verification.notes.keep(TRACK_ID, "t").unwrap();
        verification.webhook =
            Some(Webhook { url: "https://example.com/".to_owned(), format: Format::SmsCx });
        let of = |receipt: &Receipt| {
            let mut delivery = delivery("one", &[]);
            delivery.outcome = Outcome::new(Ok(receipt.clone()), millis(2_000));
            delivery
        };
        Fetched { verification, deliveries: outcomes.iter().map(of).collect(), at: millis(3_000) }
    }

    /// X16, X21–X32
    #[test]
    fn an_update_tells_everything_of_an_otp() {
        let mut fetched = told(&[
            Receipt::new("1").with_cost("0.043", "EUR"),
            Receipt::new("2").with_cost("1", "USD"),
            Receipt::new("3").with_parts(&Segments::of(&"a".repeat(161))).with_cost("0.086", "EUR"),
        ]);
        assert!(fetched.verification.check(millis(2_500), |_| false).is_ok());
        assert!(fetched.verification.check(millis(2_600), |_| true).is_ok());
        let otp = json!({
            "otpId": otp_id(&fetched.verification.id), "trackId": "t", "phoneNumber": "+447700900123",
            "countryIso": "GB", "status": "VERIFIED", "cost": 0.129, "parts": 2, "maxAttempts": 3, "attempts": 1,
            "ttl": 600, "otpCallbackUrl": "https://example.com/", "dateCreated": "1970-01-01 00:00:01",
            "dateExpires": "1970-01-01 00:10:01",
        });
        let body: serde_json::Value = serde_json::from_str(&update(&fetched).unwrap()).unwrap();
        assert_eq!(body, json!({ "event": "otp_update", "data": [otp] }));
        let shown = format!("{:?}", Shown::of(&fetched).unwrap());
        assert!(shown.contains("VERIFIED") && !shown.contains("example.com") && !shown.contains("900123"));
    }

    #[test]
    fn what_is_not_known_yet_is_nothing_and_one_part_and_a_mail_is_no_otp() {
        let fetched = told(&[]);
        let otp = Shown::of(&fetched).unwrap();
        assert_eq!((otp.cost, otp.parts, otp.status), (0.0, 1, "PENDING"));
        let mut mail = fetched;
        mail.verification.recipient = provider_api::Recipient::new("ada@example.com");
        assert_eq!(Shown::of(&mail), None);
        assert_eq!(country("+870773123456"), "ZZ");
    }
}
