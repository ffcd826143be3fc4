//! Hands messages to PROVIDER_TITLE over its JSON interface.
#![forbid(unsafe_code)]

use provider_api::{
    DeliveryError, Failure, Host, HttpRequest, HttpResponse, JsonSchema, Message, Provider,
    Receipt, Secret, Segments, export_provider, schemars,
};
use std::time::Duration;

/// The keys of an operator. Each doc comment is the help of its key.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The number or name that messages come from, as registered with the service.
    from: String,

    /// The key of the account: in the service's console under "API keys".
    api_key: Secret,

    /// Where the service is reached; another one for a region of its own or for tests.
    #[serde(default = "public_service")]
    base_url: String,
}

fn public_service() -> String {
    "https://api.example.com/v1".to_owned()
}

struct Sender {
    config: Config,
    host: Host,
}

impl Provider for Sender {
    type Config = Config;

    /// Looks at what a schema cannot express. Nothing is sent here.
    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        if config.from.trim().is_empty() {
            let text = "`from` is empty; it is the number or name that messages come from";
            return Err(DeliveryError::misconfigured(text));
        }
        let base_url = config.base_url.trim_end_matches('/').to_owned();
        if !base_url.starts_with("https://") && !base_url.starts_with("http://") {
            let text = "`base_url` is no web address; write it as in `https://api.example.com/v1`";
            return Err(DeliveryError::misconfigured(text));
        }
        let config = Config { base_url, ..config };
        Ok(Self { config, host })
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        // A newer host may know more channels. What this provider does not know, it refuses.
        if message.channel.as_str() != "sms" {
            let text = format!("it delivers on `sms` and not on `{}`", message.channel);
            return Err(DeliveryError::new(Failure::Rejected, text));
        }
        let body = serde_json::json!({
            "from": self.config.from,
            "to": message.recipient.as_str(),
            "text": message.text,
        });
        let key = self.config.api_key.expose();
        let request = HttpRequest::post(format!("{}/messages", self.config.base_url))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            // The same id comes again after an unknown outcome: the person gets one message.
            .header("idempotency-key", message.id.as_str())
            .body(body.to_string());

        // `?` is right: the host says `unavailable` if the request surely was not sent, and `unknown`
        // if its answer was lost. Never send again here: the first request may have been taken.
        let response = self.host.http(request).await?;
        match response.status {
            200..=299 => Ok(receipt(&message, &response)),
            _ => Err(failure(&message, &response)),
        }
    }
}

/// What the service says of a message, taken or not. A field that it leaves out is no mistake.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Answer {
    id: String,
    code: String,
    message: String,
}

/// An answer that cannot be read says nothing, and is no reason to call a message that was taken a failure.
fn read(response: &HttpResponse) -> Answer {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

fn receipt(message: &Message, response: &HttpResponse) -> Receipt {
    Receipt::new(read(response).id).with_parts(&Segments::of(&message.text))
}

/// Says what the host is to act on, and for an operator what happened and what to do.
fn failure(message: &Message, response: &HttpResponse) -> DeliveryError {
    let answer = read(response);
    let (failure, why) = match (response.status, answer.code.as_str()) {
        (_, "bad_number") => (Failure::InvalidRecipient, "it knows no such number"),
        (_, "landline") => (Failure::NotReachable, "the number takes no SMS"),
        (_, "opted_out") => (Failure::OptedOut, "the person said stop to this sender"),
        (_, "country_blocked") => (Failure::Blocked, "unlock the country in the console"),
        (401 | 403, _) => (Failure::Misconfigured, "it refuses the key: see `api_key`"),
        // A limit of the whole account: the host then leaves it alone. One of a single number is `Blocked`.
        (429, _) => (Failure::Throttled, "too many messages at once"),
        (500.., _) => (Failure::Unknown, "it failed while it held the message"),
        _ => (Failure::Rejected, "it refuses the message"),
    };
    // A service may repeat what it was sent: neither code nor number belongs into an error.
    let said = message.masked(&answer.message);
    let mut text = format!("the service answered {}: {why}", response.status);
    if !said.is_empty() {
        text = format!("{text} ({said})");
    }
    let mut error = DeliveryError::new(failure, text);
    if !answer.code.is_empty() {
        error = error.with_code(message.masked(&answer.code));
    }
    let pause = response.header("retry-after");
    if let Some(seconds) = pause.and_then(|text| text.parse().ok()) {
        error = error.with_retry_after(Duration::from_secs(seconds));
    }
    error
}

export_provider!(
    Sender,
    id = "PROVIDER_ID",
    channels = ["sms"],
    title = "PROVIDER_TITLE",
    // Where its requests go: nowhere else does the host send one.
    hosts = ["{base_url}"],
    readme = include_str!("../README.md"),
);

#[cfg(test)]
mod tests;
