//! Hands mails to an SMTP server, and says in plain words why one was not taken.
#![forbid(unsafe_code)]

use config::Config;
use mail::{Author, Mail};
use provider_api::{
    Address, Channel, DeliveryError, Failure, Host, Message, Provider, Receipt, export_provider,
};
use provider_tokio::WithTokio;
use relay::Relay;
use std::time::Duration;

mod config;
mod connect;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
mod login;
mod mail;
mod oauth;
mod refusal;
mod relay;
mod settings;
mod stage;
mod trouble;
mod wire;

/// How long a handing-over may take when the host names no deadline.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is kept of the time up to the deadline: the answer has to reach the host before it stops waiting.
const MARGIN: Duration = Duration::from_millis(500);

struct Email {
    relay: Relay,
    author: Author,
    member_field: String,
    dry_run_in_test: bool,
    host: Host,
}

impl Provider for Email {
    type Config = Config;

    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        settings::provider(config, host)
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        if message.channel.as_str() != "email" {
            return Err(DeliveryError::new(
                Failure::Rejected,
                "this provider carries the channel `email` alone",
            ));
        }
        let mail = Mail::compose(&self.author, &message, self.host.now_ms())?;
        let receipt = Receipt::new(mail.id());
        if !message.test {
            self.relay.hand_over(&mail, self.patience(&message)).await?;
            return Ok(receipt);
        }
        let receipt = receipt.with_preview(mail.preview(&self.author, &message));
        if self.dry_run_in_test {
            return Ok(receipt.simulated());
        }
        self.relay.hand_over(&mail, self.patience(&message)).await?;
        Ok(receipt)
    }

    fn addresses(&self) -> Vec<Address> {
        vec![Address::email(Channel::new("email").ok(), &self.member_field)]
    }

    async fn close(&self) {
        self.relay.close().await;
    }
}

impl Email {
    /// How long this message may take. A deadline that is over says nothing: whoever set it has given up already.
    fn patience(&self, message: &Message) -> Duration {
        let left = message.deadline_ms.saturating_sub(self.host.now_ms());
        match u64::try_from(left) {
            Err(_) | Ok(0) => PATIENCE,
            Ok(left) => {
                let left = Duration::from_millis(left);
                left.saturating_sub(MARGIN).max(left / 2)
            }
        }
    }
}

export_provider!(
    WithTokio<Email>,
    id = "email",
    channels = ["email"],
    title = "E-mail by SMTP",
    needs = ["network"],
    hosts = ["{oauth.token_url}"],
    readme = include_str!("../README.md"),
);

#[cfg(test)]
mod tests;
