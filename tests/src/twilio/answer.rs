//! The two shapes of Twilio's answers: a message, and an error.

use provider_api::Segments;
use serde_json::{Value, json};

/// A status and a JSON document.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// The error with this code, as it was published; Twilio's own words may hold what was sent.
    pub(super) fn error(status: u16, code: u32, message: &str) -> Self {
        let more_info = format!("https://www.twilio.com/docs/errors/{code}");
        Self {
            status,
            body: json!({ "code": code, "message": message, "more_info": more_info, "status": status }),
        }
    }

    /// The message that was taken. A messaging service has not chosen a sender yet.
    pub(super) fn message(account: &str, to: &str, sender: Result<&str, &str>, body: &str) -> Self {
        let sid = sid(to, body);
        let uri = format!("/2010-04-01/Accounts/{account}/Messages/{sid}");
        let (from, service) = (sender.ok(), sender.err());
        let parts = if service.is_some() { 0 } else { Segments::of(body).parts };
        let body = json!({
            "sid": sid, "account_sid": account, "api_version": "2010-04-01", "body": body,
            "from": from, "to": to, "messaging_service_sid": service, "direction": "outbound-api",
            "status": if service.is_some() { "accepted" } else { "queued" },
            "num_segments": parts.to_string(), "num_media": "0",
            "price": null, "price_unit": "USD", "error_code": null, "error_message": null,
            "date_created": "Fri, 02 Jan 2026 03:04:05 +0000", "date_sent": null,
            "date_updated": "Fri, 02 Jan 2026 03:04:05 +0000",
            "subresource_uris": { "media": format!("{uri}/Media.json"), "feedback": format!("{uri}/Feedback.json") },
            "uri": format!("{uri}.json"),
        });
        Self { status: 201, body }
    }
}

/// `SM` and 32 hexadecimal digits, the same for the same message (FNV-1a).
fn sid(to: &str, body: &str) -> String {
    let hash = |seed: u64| {
        let bytes = to.bytes().chain([0]).chain(body.bytes());
        bytes.fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    };
    format!("SM{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4))
}
