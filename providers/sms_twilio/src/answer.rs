//! What Twilio's answer means.

use crate::{
    errors::{Code, explain_status},
    retry_after,
    settings::is_sid,
};
use provider_api::{DeliveryError, Failure, HttpResponse, Message, Receipt, Segments};
use serde_json::{Map, Value};

/// More parts than any text that Twilio takes.
const MOST_SEGMENTS: u32 = 100;

/// The receipt of a message that nobody sent.
pub(crate) fn simulated(message: &Message) -> Receipt {
    Receipt::default().with_parts(&Segments::of(&message.text)).simulated()
}

/// Reads the answer to a message. Twilio's own words are not repeated: they may hold the number.
pub(crate) fn read(
    response: &HttpResponse,
    message: &Message,
    now_ms: i64,
) -> Result<Receipt, DeliveryError> {
    let body = serde_json::from_slice::<Map<String, Value>>(&response.body).unwrap_or_default();
    if (200..=299).contains(&response.status) {
        return taken(&body, response.status, message);
    }
    let code = number(&body, "code").and_then(Code::new);
    let error = code.map_or_else(|| explain_status(response.status), |code| code.explain(response.status));
    Err(match response.header("retry-after").and_then(|value| retry_after::read(value, now_ms)) {
        Some(pause) if matches!(error.failure, Failure::Throttled | Failure::Unavailable) => {
            error.with_retry_after(pause)
        }
        _ => error,
    })
}

/// Twilio has taken the message, unless it says in the same breath that it failed.
fn taken(body: &Map<String, Value>, status: u16, message: &Message) -> Result<Receipt, DeliveryError> {
    if let Some("failed" | "undelivered" | "canceled") = text(body, "status") {
        let code = number(body, "error_code").and_then(Code::new);
        return Err(code.map_or_else(
            || DeliveryError::unknown("Twilio calls the message failed and does not say why"),
            |code| code.explain(status),
        ));
    }
    let Some(sid) = text(body, "sid").filter(|sid| is_sid("SM", sid) || is_sid("MM", sid)) else {
        return Err(DeliveryError::unknown(
            "the service answers without the SID of a message, so it may have been taken; is `base_url` right?",
        ));
    };
    let receipt = Receipt::new(sid).with_parts(&Segments::of(&message.text));
    let receipt = match number(body, "num_segments").and_then(|parts| u32::try_from(parts).ok()) {
        Some(parts @ 1..=MOST_SEGMENTS) => receipt.with_segments(parts),
        // A messaging service has not chosen a sender yet and says "0": our own count stays.
        _ => receipt,
    };
    Ok(match price(body) {
        Some((amount, currency)) => receipt.with_cost(amount, currency),
        None => receipt,
    })
}

/// What the message costs. Twilio writes what it charges as a negative number.
fn price(body: &Map<String, Value>) -> Option<(String, String)> {
    let amount = text(body, "price")?;
    let amount = amount.strip_prefix('-').unwrap_or(amount);
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
    let is_digits =
        |text: &str| (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let currency = text(body, "price_unit").filter(|unit| unit.len() == 3)?;
    let is_currency = currency.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_digits(whole) && is_digits(part) && is_currency)
        .then(|| (amount.to_owned(), currency.to_ascii_uppercase()))
}

fn text<'a>(body: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    body.get(key)?.as_str()
}

/// A whole number, written as one or as a text.
fn number(body: &Map<String, Value>, key: &str) -> Option<u64> {
    let value = body.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests;
