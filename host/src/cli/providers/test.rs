//! `passrelay providers test ID --to RECIPIENT`: sends a test message through one provider.

use crate::{
    cli::{
        arguments::Test,
        page::Page,
        send::{self, Errand},
        setup::{self, Setup},
        trouble::Trouble,
        wiring,
    },
    config::Config,
    outbox::tester::{CODE, fit},
    plugin::Libraries,
};
use provider_api::{Channel, EVERY_CHANNEL, Manifest, Secret};
use std::path::Path;

/// Sends a message that is marked as a test, with a code that proves nothing.
pub(super) async fn run(file: Option<&Path>, asked: Test) -> Result<Page, Trouble> {
    through(setup::load(file).await?, asked).await
}

/// Sends it through a provider of this configuration.
pub(super) async fn through(setup: Setup, asked: Test) -> Result<Page, Trouble> {
    let channel = match asked.channel {
        Some(channel) => channel,
        None => channel(&setup.config, &setup.libraries, &asked.provider, asked.to.expose())?,
    };
    send::known(&setup.config, &asked.provider)?;
    let errand = Errand {
        provider: Some(asked.provider),
        recipient: send::recipient(asked.to.expose())?,
        channel,
        code: Secret::new(CODE),
        text: None,
        purpose: asked.purpose,
        locale: asked.locale,
        test: true,
    };
    Ok(send::page(&wiring::deliver(setup, errand).await?))
}

/// The channel that fits; what a library that is missing would serve is told when its provider is opened.
fn channel(config: &Config, libraries: &Libraries, provider: &str, to: &str) -> Result<Channel, Trouble> {
    let settings = send::known(config, provider)?;
    let mut every = Manifest::default();
    every.channels = vec![EVERY_CHANNEL.to_owned()];
    let manifest = libraries.by_id(&settings.library).map_or(&every, |library| &library.manifest);
    Ok(fit::channel(provider, manifest, to)?)
}
