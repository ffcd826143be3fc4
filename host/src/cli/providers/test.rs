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
    plugin::Libraries,
};
use provider_api::{Channel, EVERY_CHANNEL, Secret};
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
        code: Secret::new("123456"),
        text: None,
        purpose: asked.purpose,
        locale: asked.locale,
        test: true,
    };
    let told = errand.clone();
    Ok(send::page(&told, &wiring::deliver(setup, errand).await?))
}

/// The channel that a provider serves and that fits a recipient: its only one, else the plain one of such addresses.
fn channel(config: &Config, libraries: &Libraries, provider: &str, to: &str) -> Result<Channel, Trouble> {
    let settings = send::known(config, provider)?;
    let served: Vec<&str> = match libraries.by_id(&settings.library) {
        Some(library) => library.manifest.channels.iter().map(String::as_str).collect(),
        // What is missing is told when the provider is opened.
        None => vec![EVERY_CHANNEL],
    };
    fitting(&served, to).ok_or_else(|| {
        Trouble::new(format!("provider `{provider}` may deliver this on several channels"))
            .with_hint("say which with `--channel CHANNEL`")
    })
}

fn fitting(served: &[&str], to: &str) -> Option<Channel> {
    let plain = if to.contains('@') { "email" } else { "sms" };
    let word = match served {
        [only] if *only != EVERY_CHANNEL => only,
        served if served.contains(&plain) || served.contains(&EVERY_CHANNEL) => plain,
        _ => return None,
    };
    Channel::new(word).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_takes_the_channel_that_fits() {
        for (served, to, expected) in [
            (&["call"][..], "+12", Some("call")),
            (&["*"], "+12", Some("sms")),
            (&["*"], "a@example.com", Some("email")),
            (&["call", "sms"], "+12", Some("sms")),
            (&["call", "whatsapp"], "+12", None),
            (&[], "+12", None),
        ] {
            assert_eq!(fitting(served, to).as_ref().map(Channel::as_str), expected, "{served:?} {to}");
        }
    }
}
