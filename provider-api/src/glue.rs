//! Stands between the author's [`Provider`] and the frozen [`abi`](crate::abi): the only place that
//! knows both.
//!
//! Nothing of the author's code runs outside a [`guard`]: a panic becomes that call's error, wherever it happens.

use crate::{
    Address, Channel, DeliveryError, Host, Manifest, OpenAnswer, Provider,
    abi::{FfiInstance_TO, HostBox, OpenReply, Opened, frame},
    trace,
};
use abi_stable::{sabi_trait::TD_Opaque, std_types::RVec};
use async_ffi::{FfiFuture, FutureExt};
use guard::Guard;
use instance::Instance;
use std::panic::{AssertUnwindSafe, catch_unwind};

mod config;
pub(crate) mod guard;
mod instance;
mod panic;

/// What the macro knows of a library.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Its id.
    pub id: &'static str,
    /// Its own version.
    pub version: &'static str,
    /// The least host.
    pub host: &'static str,
    /// What people call it; empty for the id.
    pub title: &'static str,
    /// Its documentation.
    pub readme: &'static str,
    /// Its channels.
    pub channels: &'static [&'static str],
    /// What it answers for beyond `open` and `deliver`.
    pub capabilities: &'static [&'static str],
    /// What it needs beyond the host's services.
    pub needs: &'static [&'static str],
    /// The hosts that its HTTP requests go to.
    pub hosts: &'static [&'static str],
}

/// The frame of the library's manifest; an empty one if making the schema panics.
pub fn describe<P: Provider>(facts: &Facts) -> RVec<u8> {
    panic::install_hook();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    guard::run(|| {
        let manifest = Manifest {
            id: facts.id.to_owned(),
            version: facts.version.to_owned(),
            api: crate::API_VERSION.to_owned(),
            host: facts.host.to_owned(),
            channels: words(facts.channels),
            capabilities: words(facts.capabilities),
            needs: words(facts.needs),
            hosts: words(facts.hosts),
            title: if facts.title.is_empty() { facts.id.to_owned() } else { facts.title.to_owned() },
            readme: facts.readme.to_owned(),
            config_schema: schemars::schema_for!(P::Config).to_value(),
        };
        frame::encode(&manifest, &[])
    })
    .unwrap_or_default()
}

/// Opens a provider as a library does: with the host's log wired to this copy of `tracing`.
pub fn open<P: Provider>(facts: &Facts, host: HostBox, config: RVec<u8>) -> FfiFuture<OpenReply> {
    // A panic here would be one of `tracing` itself; without the wire the provider works all the same.
    drop(catch_unwind(AssertUnwindSafe(|| trace::install(&host))));
    open_quietly::<P>(*facts, host, config)
}

/// Opens a provider without touching the log, as a test in the author's own process does.
pub(crate) fn open_quietly<P: Provider>(
    facts: Facts,
    host: HostBox,
    config: RVec<u8>,
) -> FfiFuture<OpenReply> {
    panic::install_hook();
    let opening = Guard::new(async move {
        let config = config::read::<P::Config>(&config)?;
        let provider = P::open(config, Host::new(host)).await?;
        let mut answer = OpenAnswer::new(provider.addresses());
        answer.judges_members = provider.judges_members();
        Ok::<_, DeliveryError>((Instance::new(provider, facts), frame::encode(&answer, &[])))
    });
    async move {
        match opening.await {
            Ok(Ok((instance, answer))) => {
                OpenReply::Ok(Opened { instance: FfiInstance_TO::from_value(instance, TD_Opaque), answer })
            }
            Ok(Err(error)) => OpenReply::Err(frame::encode(&error, &[])),
            Err(panic) => OpenReply::Err(frame::encode(&DeliveryError::broken(panic), &[])),
        }
    }
    .into_ffi()
}

/// `email` for the channel `email`, `mobile` for any other.
pub(crate) fn conventional_addresses() -> Vec<Address> {
    let email = Channel::new("email").ok();
    vec![Address::email(email, "email"), Address::phone(None, "mobile")]
}
