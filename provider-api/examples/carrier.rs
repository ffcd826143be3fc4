//! Hands messages to a service over its HTTP interface: the provider that the README shows.
#![forbid(unsafe_code)]

use provider_api::{
    DeliveryError, Failure, Host, HttpRequest, JsonSchema, Message, Provider, Receipt, Secret,
    export_provider, schemars,
};

#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The number or name that messages come from.
    from: String,
    /// The key of the account. Carrier's console shows it once, under "Access".
    key: Secret,
}

struct Carrier {
    config: Config,
    host: Host,
}

impl Provider for Carrier {
    type Config = Config;

    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        if config.from.is_empty() {
            return Err(DeliveryError::misconfigured("`from` is empty; it is a number or a name of yours"));
        }
        Ok(Self { config, host })
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        let to = message.recipient.as_str();
        let body = serde_json::json!({ "from": self.config.from, "to": to, "text": message.text });
        let request = HttpRequest::post("https://api.carrier.example/messages")
            .header("authorization", format!("Bearer {}", self.config.key.expose()))
            .header("content-type", "application/json")
            .header("idempotency-key", message.id)
            .body(body.to_string());

        let response = self.host.http(request).await?;
        match response.status {
            201 => Ok(Receipt::new(response.header("message-id").unwrap_or_default())),
            401 | 403 => Err(DeliveryError::misconfigured("Carrier refuses the key; look at `key`")),
            404 => Err(DeliveryError::new(Failure::InvalidRecipient, "Carrier knows no such number")),
            429 => Err(DeliveryError::new(Failure::Throttled, "too many messages a second")),
            500.. => Err(DeliveryError::unknown("Carrier failed while it held the message")),
            status => Err(DeliveryError::new(Failure::Rejected, format!("Carrier answered {status}"))),
        }
    }
}

export_provider!(
    Carrier,
    id = "carrier",
    channels = ["sms"],
    title = "Carrier Ltd.",
    hosts = ["api.carrier.example"],
);

#[cfg(test)]
mod tests {
    use super::Carrier;
    use provider_api::testing::{FakeHost, Harness, Sample, conforms, json};
    use provider_api::{Channel, Failure, HttpResponse, Message, Payload, Recipient};

    fn message() -> Message {
        let (sms, ada) = (Channel::new("sms").unwrap(), Recipient::new("+447700900123"));
        Message::new("m1", sms, ada, Payload::code("493817"), "493817 is your code.")
    }

    #[test]
    fn a_code_is_handed_over_with_the_key() {
        let host = FakeHost::new().answers(HttpResponse::new(201, "")).answers(HttpResponse::new(403, ""));
        let carrier = Harness::<Carrier>::with_host(host.clone());
        let carrier = carrier.open(json!({ "from": "Example", "key": "k" })).unwrap();

        carrier.deliver(&message()).unwrap();
        let headers = &host.requests()[0].headers;
        assert!(headers.contains(&("authorization".into(), "Bearer k".into())));

        assert_eq!(carrier.deliver(&message()).unwrap_err().failure, Failure::Misconfigured);
    }

    #[test]
    fn it_conforms() {
        let sample = Sample::new(json!({ "from": "Example", "key": "k" }), message()).with_http(201, "");
        conforms::<Carrier, _>(&sample).assert();
    }
}
