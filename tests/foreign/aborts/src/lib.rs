//! A good provider, built so that a panic of it would end its host.

use provider_api::{DeliveryError, Host, JsonSchema, Message, Provider, Receipt, export_provider, schemars};

#[derive(serde::Deserialize, JsonSchema)]
struct Config {}

struct Aborts;

impl Provider for Aborts {
    type Config = Config;

    async fn open(_: Config, _: Host) -> Result<Self, DeliveryError> {
        Ok(Self)
    }

    async fn deliver(&self, _: Message) -> Result<Receipt, DeliveryError> {
        Ok(Receipt::default())
    }
}

export_provider!(Aborts, id = "aborts", channels = ["sms"]);
