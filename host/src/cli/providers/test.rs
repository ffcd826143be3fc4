//! `passrelay providers test ID --to RECIPIENT`: sends a test message through one provider.

use crate::{
    cli::{
        arguments::{Test, TestMessage},
        page::Page,
        send,
        setup::{self, Setup},
        trouble::Trouble,
        wiring,
    },
    outbox::tester,
};
use std::path::Path;

/// Sends a message that is marked as a test, with a code that proves nothing.
pub(super) async fn run(file: Option<&Path>, asked: Test) -> Result<Page, Trouble> {
    through(setup::load(file).await?, &asked.provider, asked.message).await
}

/// Sends it through a provider of this configuration.
pub(super) async fn through(setup: Setup, provider: &str, asked: TestMessage) -> Result<Page, Trouble> {
    let settings = send::known(&setup.config, provider)?.clone();
    let test = tester::Test {
        to: send::recipient(asked.to.expose())?,
        channel: asked.channel,
        purpose: asked.purpose,
        locale: asked.locale.map(|locale| locale.to_string()),
    };
    Ok(send::page(&wiring::test(setup, &settings, &test).await?))
}
