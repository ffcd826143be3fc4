//! To be written.
#![forbid(unsafe_code)]
use provider_api::{
    DeliveryError, Host, JsonSchema, Message, Provider, Receipt, export_provider, schemars, tracing,
};

#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

struct DryRun;

impl Provider for DryRun {
    type Config = Config;

    async fn open(_: Config, _: Host) -> Result<Self, DeliveryError> {
        Ok(Self)
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        tracing::info!(n = 1, "delivered");
        Ok(Receipt::new(message.id))
    }
}

export_provider!(
    DryRun,
    id = "dry_run",
    channels = ["*"],
    title = "Dry run",
    capabilities = ["availability"],
    needs = ["files"],
    readme = include_str!("../README.md"),
);
