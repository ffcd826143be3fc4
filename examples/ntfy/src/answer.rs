//! What the server's answer means for the host.

use provider_api::{DeliveryError, Failure, HttpResponse, Message, Receipt};
use std::time::Duration;

/// An answer to a publication, taken or not. What is missing is no mistake: the status decides.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Answer {
    /// The notification's own name.
    id: String,
    /// ntfy's own number of an error, `40301`; its first three digits are the status.
    code: u32,
    /// The error in words.
    error: String,
}

/// Makes a receipt of an answer, or the failure that the host acts on.
pub(crate) fn judge(message: &Message, response: &HttpResponse) -> Result<Receipt, DeliveryError> {
    let answer: Answer = serde_json::from_slice(&response.body).unwrap_or_default();
    let (failure, what) = match response.status {
        200..=299 => return Ok(Receipt::new(answer.id)),
        401 => (Failure::Misconfigured, "the server refuses the token: look at `token`"),
        403 => (Failure::Misconfigured, "the token may not write to this topic: grant it on the server"),
        413 => (Failure::Rejected, "the text is too long for a notification"),
        429 => (Failure::Throttled, "too many messages for this server or account"),
        // Also where a proxy in front of it gave up: the server may have taken the message before.
        500.. => (Failure::Unknown, "the server failed while it held the message"),
        300..=399 => (Failure::Misconfigured, "the server is somewhere else now: look at `server`"),
        _ => (Failure::Rejected, "the server refuses the message"),
    };
    // A server may repeat what it was sent: neither topic nor code belongs into an error.
    let said = message.masked(&answer.error);
    let text = if said.is_empty() { what.to_owned() } else { format!("{what} ({said})") };
    let mut error = DeliveryError::new(failure, text);
    if answer.code != 0 {
        error = error.with_code(answer.code.to_string());
    }
    let pause = response.header("retry-after").and_then(|seconds| seconds.parse().ok());
    Err(match pause {
        Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
        None => error,
    })
}
