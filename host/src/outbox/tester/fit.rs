//! Whether a provider can be asked to deliver something at all: on this channel, to such an address.

use crate::plugin::Lane;
use provider_api::{Address, AddressKind, Channel, EVERY_CHANNEL, Manifest, Recipient};

/// Why a provider cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It serves several channels that may be meant.
    #[error("provider `{provider}` may deliver this on several channels")]
    Ambiguous {
        /// The provider.
        provider: String,
    },
    /// It serves other channels.
    #[error("provider `{provider}` does not deliver on `{channel}`; it delivers on `{}`", .served.join("`, `"))]
    Channel {
        /// The provider.
        provider: String,
        /// The channel that it does not serve.
        channel: Channel,
        /// The channels that it serves.
        served: Vec<String>,
    },
    /// The recipient is none on the channel.
    #[error("is no recipient on `{channel}`: {why}")]
    Recipient {
        /// The channel.
        channel: Channel,
        /// What is wrong with the recipient, without it.
        why: String,
        /// A right one.
        example: Option<&'static str>,
    },
}

/// The channel that a provider serves and that fits a recipient: its only one, else the plain one of such addresses.
///
/// # Errors
///
/// When it has several, and none of them is the plain one.
pub fn channel(provider: &str, manifest: &Manifest, to: &str) -> Result<Channel, Unfit> {
    let served: Vec<&str> = manifest.channels.iter().map(String::as_str).collect();
    fitting(&served, to).ok_or_else(|| Unfit::Ambiguous { provider: provider.to_owned() })
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

/// The recipient as the provider takes it on this channel.
///
/// # Errors
///
/// When the provider does not serve the channel, or the recipient is no such address.
pub fn recipient(lane: &Lane, channel: &Channel, to: &str) -> Result<Recipient, Unfit> {
    if !lane.serves(channel) {
        return Err(Unfit::Channel {
            provider: lane.id().to_owned(),
            channel: channel.clone(),
            served: lane.manifest().channels.clone(),
        });
    }
    let any = AddressKind::Other("any".to_owned());
    let kind = Address::for_channel(lane.addresses(), channel).map_or(&any, |address| &address.kind);
    kind.read(to).map_err(|why| {
        let example = match kind {
            AddressKind::Email => Some("ada@example.com"),
            AddressKind::Phone => Some("+447700900123"),
            _ => None,
        };
        Unfit::Recipient { channel: channel.clone(), why: why.to_string(), example }
    })
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
