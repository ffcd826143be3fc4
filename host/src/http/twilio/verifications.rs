//! Verifications: started, looked at, given up and vouched for by their SID or by their recipient.

mod asked;
mod channel;
pub(super) mod create;
pub(super) mod fetch;
mod shown;
pub(super) mod update;

pub(super) use channel::told as told_channel;

use super::{Refused, auth::Called, sid};
use crate::{
    http::person::{is_short, recipient},
    verifier::Which,
};

/// What Twilio's starts are for: it knows no purposes.
pub(super) const PURPOSE: &str = "generic";

/// The note that holds the caller's own tags, as JSON.
const TAGS: &str = "twilio.tags";

/// The note that holds the channel as the caller called it.
const CHANNEL: &str = "twilio.channel";

/// The verification that a path names, by its SID or its recipient.
fn named(called: &Called) -> Result<Which, Refused> {
    let name = called.name("verification");
    if let Some(id) = sid::verification(name) {
        return Ok(Which::Named(id));
    }
    to(name).ok_or_else(|| called.missing())
}

/// The verification that was started last for this recipient, if it can be one at all.
pub(super) fn to(name: &str) -> Option<Which> {
    let name = name.trim();
    is_short(name).then(|| Which::Newest { to: recipient(name), purpose: PURPOSE.to_owned() })
}
