//! Sends SMS through Twilio's Messages API, over the host's HTTP service.
#![forbid(unsafe_code)]

use config::Config;
use provider_api::{Address, DeliveryError, Host, Message, Provider, Receipt, export_provider};
use settings::Settings;

mod answer;
mod config;
mod errors;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
mod request;
mod retry_after;
mod sender;
mod settings;
mod url;

struct SmsTwilio {
    settings: Settings,
    host: Host,
}

impl Provider for SmsTwilio {
    type Config = Config;

    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        Ok(Self { settings: Settings::read(config)?, host })
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        let request = request::write(&self.settings, &message, self.host.now_ms())?;
        let preview = if message.test { request.preview(&message) } else { Vec::new() };
        if message.test && self.settings.dry_run_in_test {
            return Ok(answer::simulated(&message).with_preview(preview));
        }
        // Once: Twilio knows no idempotency keys, so a second request could be a second message.
        let response = self.host.http(request.signed(&self.settings)).await?;
        Ok(answer::read(&response, &message, self.host.now_ms())?.with_preview(preview))
    }

    fn addresses(&self) -> Vec<Address> {
        vec![Address::phone(None, &self.settings.member_phone_field)]
    }
}

export_provider!(
    SmsTwilio,
    id = "sms_twilio",
    channels = ["sms"],
    title = "SMS (Twilio)",
    hosts = ["api.twilio.com", "{base_url}"],
    readme = include_str!("../README.md"),
);

#[cfg(test)]
mod tests;
