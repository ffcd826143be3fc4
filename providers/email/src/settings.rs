//! What the configuration means, with every mistake told that can be known before a mail is sent.

use crate::{
    Email,
    config::Config,
    mail::{Author, clean},
    relay::Relay,
};
use lettre::message::Mailbox;
use provider_api::{DeliveryError, EmailAddress, Host};

mod login;
mod server;

/// The most connections of one provider.
const MOST_CONNECTIONS: u16 = 64;

fn wrong(text: impl Into<String>) -> DeliveryError {
    DeliveryError::misconfigured(text)
}

/// Reads the configuration. Sends nothing and needs no network.
pub(crate) fn provider(config: Config, host: Host) -> Result<Email, DeliveryError> {
    let author = author(&config)?;
    if config.member_email_field.trim().is_empty() {
        return Err(wrong("`member_email_field` is empty; it names a field of the member such as `email`"));
    }
    if !(1..=MOST_CONNECTIONS).contains(&config.connections) {
        return Err(wrong(format!("`connections` is a number from 1 to {MOST_CONNECTIONS}")));
    }
    let server = server::read(&config, &author)?;
    let (member_field, dry_run_in_test) = (config.member_email_field.clone(), config.dry_run_in_test);
    let connections = usize::from(config.connections);
    let login = login::read(config, &host)?;
    Ok(Email { relay: Relay::new(server, login, connections), author, member_field, dry_run_in_test, host })
}

fn author(config: &Config) -> Result<Author, DeliveryError> {
    let from = mailbox("from", &config.from)?;
    let reply_to = config.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?;
    Ok(Author { from, reply_to })
}

/// Reads `a@b` or `Name <a@b>`.
fn mailbox(key: &str, text: &str) -> Result<Mailbox, DeliveryError> {
    if text.chars().any(char::is_control) {
        return Err(wrong(format!("`{key}` holds a line break or another control character; remove it")));
    }
    let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text),
    };
    let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name).trim();
    let form = "write `login@example.com` or `Example <login@example.com>`";
    let address =
        EmailAddress::parse(address).map_err(|why| wrong(format!("`{key}` is no mailbox: {why}; {form}")))?;
    let address = address.as_str().parse().map_err(|_| wrong(format!("`{key}` is no mailbox; {form}")))?;
    Ok(Mailbox::new((!name.is_empty()).then(|| clean(name)), address))
}
