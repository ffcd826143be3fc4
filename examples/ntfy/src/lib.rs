//! Pushes messages to the topics of an ntfy server, where members read them on their phones.
#![forbid(unsafe_code)]

use config::Config;
use provider_api::{
    Address, Availability, Candidate, Channel, DeliveryError, Failure, Host, HttpRequest, Message,
    PayloadKind, Provider, Receipt, export_provider,
};
use serde_json::{Value, json};

mod answer;
mod config;
mod topic;

struct Ntfy {
    config: Config,
    host: Host,
}

impl Provider for Ntfy {
    type Config = Config;

    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        let config = config.checked()?;
        Ok(Self { config, host })
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        if message.channel.as_str() != CHANNEL {
            let text = format!("ntfy delivers on `{CHANNEL}` and not on `{}`", message.channel);
            return Err(DeliveryError::new(Failure::Rejected, text));
        }
        topic::check(message.recipient.as_str(), &self.config)
            .map_err(|why| DeliveryError::new(Failure::InvalidRecipient, why.detail))?;
        let body = self.publication(&message);
        if !message.test {
            return self.publish(&message, &body).await;
        }
        let receipt = if self.config.dry_run_in_test {
            Receipt::default().simulated()
        } else {
            self.publish(&message, &body).await?
        };
        let shown = message.masked(&format!("POST {}\n{body:#}", self.config.server));
        Ok(receipt.with_preview(shown.lines()))
    }

    /// The topic stands in a member field of the operator's choice; it is neither a number nor a mailbox.
    fn addresses(&self) -> Vec<Address> {
        let channel = Channel::new(CHANNEL).ok();
        vec![Address::other(channel, &self.config.member_topic_field, "ntfy_topic")]
    }

    /// Answers without asking anybody, for a member waits: whether the topic is one, and hard enough to guess.
    async fn availability(&self, candidate: Candidate) -> Availability {
        match topic::check(candidate.recipient.as_str(), &self.config) {
            Ok(()) => Availability::available(),
            Err(why) => Availability::unavailable(why.reason, why.detail),
        }
    }
}

impl Ntfy {
    async fn publish(&self, message: &Message, body: &Value) -> Result<Receipt, DeliveryError> {
        let mut request = HttpRequest::post(&self.config.server)
            .header("content-type", "application/json")
            .body(body.to_string());
        if let Some(token) = &self.config.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        answer::judge(message, &self.host.http(request).await?)
    }

    /// What is published (ntfy, "Publish as JSON").
    fn publication(&self, message: &Message) -> Value {
        let mut body = json!({
            "topic": message.recipient.as_str(),
            "message": message.text,
            "priority": self.config.priority,
            "tags": ["key"],
        });
        if let Some(title) = message.subject.as_ref().or(self.config.title.as_ref()) {
            body["title"] = json!(title);
        }
        // Whoever taps the notification follows the link.
        if message.payload.kind == PayloadKind::Link {
            body["click"] = json!(message.payload.expose());
        }
        body
    }
}

export_provider!(
    Ntfy,
    id = "ntfy",
    channels = ["push"],
    title = "ntfy",
    capabilities = ["availability"],
    hosts = ["{server}"],
    readme = include_str!("../README.md"),
);

/// The same word as in the macro above, which takes a literal.
const CHANNEL: &str = "push";

#[cfg(test)]
mod tests;
