//! Writes every message to a file instead of sending it, and fails where it is told to.
#![forbid(unsafe_code)]

use config::Config;
use outbox::{Line, Outbox};
use provider_api::{
    Address, Availability, Candidate, Channel, DeliveryError, Failure, Host, Message, Provider, Receipt,
    export_provider,
};
use script::{Behaviour, Script};
use std::collections::BTreeMap;

mod config;
mod outbox;
mod script;

struct DryRun {
    outbox: Outbox,
    fail: Vec<Script>,
    unavailable: BTreeMap<String, String>,
    phone_field: String,
    email_field: String,
    host: Host,
}

impl Provider for DryRun {
    type Config = Config;

    async fn open(config: Config, host: Host) -> Result<Self, DeliveryError> {
        config.check()?;
        Ok(Self {
            fail: config.scripts()?,
            outbox: Outbox::open(&config.outbox)?,
            unavailable: config.unavailable,
            phone_field: config.member_phone_field,
            email_field: config.member_email_field,
            host,
        })
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        match self.fail.iter().find_map(|script| script.applies(&message)) {
            None => {}
            Some(Behaviour::Slow(pause)) => self.host.sleep(pause).await,
            Some(Behaviour::Fail(failure)) => {
                return Err(DeliveryError::new(failure, "`fail` says so").with_code("dry_run"));
            }
            Some(Behaviour::Throttled(pause)) => {
                let error = DeliveryError::new(Failure::Throttled, "`fail` says so");
                return Err(error.with_code("dry_run").with_retry_after(pause));
            }
            Some(Behaviour::Hang) => std::future::pending().await,
            Some(Behaviour::Panic) => script::panic(),
        }
        self.outbox.append(&Line::new(&message, self.host.now_ms()))?;
        Ok(Receipt::new(message.id))
    }

    fn addresses(&self) -> Vec<Address> {
        let email = Channel::new("email").ok();
        vec![Address::email(email, &self.email_field), Address::phone(None, &self.phone_field)]
    }

    fn judges_members(&self) -> bool {
        !self.unavailable.is_empty()
    }

    async fn availability(&self, candidate: Candidate) -> Availability {
        let member = candidate.member.id.as_deref();
        let known_as = [Some(candidate.recipient.as_str()), member];
        match known_as.into_iter().flatten().find_map(|name| self.unavailable.get(name)) {
            Some(reason) => Availability::unavailable(reason, "`unavailable` says so"),
            None => Availability::available(),
        }
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

#[cfg(test)]
mod tests;
