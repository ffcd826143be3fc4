//! `passrelay send`: hands over a code of the caller's own, outside of any verification.

pub(super) mod code;
mod told;

use super::{
    Exit,
    arguments::Send,
    page::{Page, one_line},
    setup,
    trouble::Trouble,
    wiring,
};
use crate::{
    config::Config,
    delivery::{Answer, Told},
    plugin::Settings,
    template::{Locale, Part, Site, Template, Text, Wrong},
};
use provider_api::{AddressKind, Channel, Recipient, Secret};
use serde_json::json;
use std::{fmt, path::Path};

/// What to deliver. `Debug` shows neither code nor text, and the recipient masked.
#[derive(Clone)]
pub(super) struct Errand {
    /// The provider, or the channel's route if there is none.
    pub(super) provider: Option<String>,
    /// To whom.
    pub(super) recipient: Recipient,
    /// By which way.
    pub(super) channel: Channel,
    /// The code.
    pub(super) code: Secret,
    /// A text of the caller's own, in place of the configured one.
    pub(super) text: Option<Text>,
    /// Why the person is asked.
    pub(super) purpose: String,
    /// The language of the text.
    pub(super) locale: Option<Locale>,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, recipient, channel, purpose, locale, .. } = self;
        f.debug_struct("Errand")
            .field("provider", provider)
            .field("recipient", recipient)
            .field("channel", channel)
            .field("purpose", purpose)
            .field("locale", locale)
            .finish_non_exhaustive()
    }
}

/// Hands the code over and tells what the service answered.
pub(super) async fn run(file: Option<&Path>, asked: Send) -> Result<Page, Trouble> {
    let recipient = recipient(asked.to.expose())?;
    let setup = setup::load(file).await?;
    let text = asked.text.map(|text| own(&text, &setup.config.templates.site)).transpose()?;
    match &asked.provider {
        Some(provider) => drop(known(&setup.config, provider)?),
        None if setup.config.routes.of(&asked.channel).is_empty() => {
            return Err(Trouble::new(format!("channel `{}` has no route", asked.channel))
                .with_hint(format!("[routes] {} = [\"PROVIDER\"], or `--provider ID`", asked.channel)));
        }
        None => {}
    }
    // Asked for now: nobody types a code for what the configuration does not allow.
    let code = code::read(asked.code_file.as_deref())?;
    let errand = Errand {
        provider: asked.provider,
        recipient,
        channel: asked.channel,
        code,
        text,
        purpose: asked.purpose,
        locale: asked.locale,
    };
    let warnings = setup.config.warnings.clone();
    Ok(page(&wiring::deliver(setup, errand).await?).with_warnings(&warnings))
}

/// A text that was typed. It is not told: it may hold what the code is for.
fn own(typed: &Secret, site: &Site) -> Result<Text, Trouble> {
    let text = Template::new(typed.expose(), Part::Text, site).map_err(|faults| {
        let told = faults.first().map(|fault| match fault.wrong {
            Wrong::NoPayload => {
                "`--text` lacks `{payload}`, so the code would not be in the message".to_owned()
            }
            _ => format!("`--text` {fault}"),
        });
        Trouble::new(told.unwrap_or_default()).with_hint("for example `--text \"{payload} is your code.\"`")
    })?;
    Ok(Text { text, subject: None, html: None })
}

/// The recipient that was typed, read strictly where its form says what it is; never part of what is told.
pub(super) fn recipient(typed: &str) -> Result<Recipient, Trouble> {
    let kind = if typed.contains('@') {
        AddressKind::Email
    } else if typed.trim_start().starts_with(|c: char| c == '+' || c.is_ascii_digit()) {
        AddressKind::Phone
    } else {
        AddressKind::Other("any".to_owned())
    };
    kind.read(typed).map_err(|why| {
        Trouble::new(format!("`--to` is no recipient: {why}"))
            .with_hint("for example `--to +447700900123` or `--to ada@example.com`")
    })
}

/// A configured provider that is enabled.
pub(super) fn known<'a>(config: &'a Config, provider: &str) -> Result<&'a Settings, Trouble> {
    let Some(settings) = config.providers.get(provider) else {
        let trouble = Trouble::new(format!("there is no provider `{}`", one_line(provider)));
        let ids: Vec<&str> = config.providers.keys().map(String::as_str).collect();
        return Err(if ids.is_empty() {
            trouble.with_hint("configure one as `[providers.ID]`")
        } else {
            trouble.with_hint(format!("there is `{}`", ids.join("`, `")))
        });
    };
    if settings.enabled {
        return Ok(settings);
    }
    let trouble = Trouble::new(format!("provider `{provider}` is not enabled"));
    Err(trouble.with_hint(format!(
        "[providers.{provider}] enabled = true; `passrelay check` tells if it was left out"
    )))
}

/// Tells what became of it. What a provider says was cleared of code and recipient by its lane.
pub(super) fn page(told: &Told) -> Page {
    let exit = if matches!(told.answer, Answer::Receipt { .. }) { Exit::Done } else { Exit::Failed };
    Page::new(told::text(told), json!(told)).with_exit(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_api::{DeliveryError, Message, Payload, Receipt};

    fn errand() -> Errand {
        Errand {
            provider: None,
            recipient: recipient("+447700900123").unwrap(),
            channel: Channel::new("sms").unwrap(),
            code: Secret::new("482913"),
            text: Some(own(&Secret::new("{payload} is it"), &Site::default()).unwrap()),
            purpose: "generic".to_owned(),
            locale: None,
        }
    }

    /// Section H: what ends well ends with 0, also what was only simulated.
    #[test]
    fn the_exit_code_says_whether_it_was_taken() {
        let (sms, recipient) = (Channel::new("sms").unwrap(), Recipient::new("+447700900123"));
        let message = Message::new("m", sms, recipient, Payload::code("482913"), "482913");
        for (outcome, exit, delivered) in [
            (Ok(Receipt::new("SM1")), Exit::Done, true),
            (Ok(Receipt::new("SM1").simulated()), Exit::Done, false),
            (Err(DeliveryError::misconfigured("no")), Exit::Failed, false),
        ] {
            let page = page(&Told::new("one", &message, &outcome));
            assert_eq!((page.exit, &page.json["delivered"]), (exit, &json!(delivered)));
        }
    }

    #[test]
    fn no_debug_of_an_errand_shows_code_text_or_full_recipient() {
        let shown = format!("{:?}", errand());
        assert!(
            !shown.contains("482913") && !shown.contains("7700900123") && !shown.contains("is it"),
            "{shown}"
        );
    }

    #[test]
    fn a_recipient_is_read_strictly_and_never_told() {
        assert_eq!(recipient(" ada@example.com\n").unwrap().as_str(), "ada@example.com");
        assert_eq!(recipient("user-17").unwrap().as_str(), "user-17");
        for bad in ["07700900123", "+44 7700", "eve@", " "] {
            let told = recipient(bad).unwrap_err().text();
            assert!(
                told.starts_with("error: `--to` is no recipient: ") && told.lines().count() == 2,
                "{told}"
            );
            assert!(bad == " " || !told.contains(bad), "{told}");
        }
    }
}
