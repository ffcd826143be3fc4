//! Where a member can be reached: which field holds an address, of which kind, and how strictly it is read.

use crate::{Channel, word};
use serde::{Deserialize, Serialize};
use std::fmt;

pub use email::{EmailAddress, InvalidEmail};
pub use phone::{InvalidPhone, PhoneNumber};

mod email;
mod phone;

/// What a field holds, and so how it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressKind {
    /// A number in strict E.164 form: see [`PhoneNumber`].
    Phone,
    /// A mailbox: see [`EmailAddress`].
    Email,
    /// Anything else; only known not to be empty. The word is the author's own.
    Other(String),
}

impl word::Word for AddressKind {
    const WORDS: &'static [(&'static str, Self)] = &[("phone", Self::Phone), ("email", Self::Email)];

    fn other(word: String) -> Self {
        Self::Other(word)
    }

    fn as_other(&self) -> Option<&str> {
        if let Self::Other(word) = self { Some(word) } else { None }
    }
}

impl Serialize for AddressKind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        word::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for AddressKind {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        word::deserialize(from)
    }
}

/// A provider's declaration: on this channel, the member's address stands in this field and is of this kind.
///
/// The host judges the field itself, strictly and without a call, so listing methods costs no provider any time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Address {
    /// The channel, or `None` for every channel that has no declaration of its own.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// The name of the member's field, for example `mobile`.
    pub field: String,
    /// How the field is judged.
    pub kind: AddressKind,
}

impl Address {
    /// Declares a phone number, in strict E.164 form, in `field`.
    pub fn phone(channel: Option<Channel>, field: impl Into<String>) -> Self {
        Self { channel, field: field.into(), kind: AddressKind::Phone }
    }

    /// Declares a mailbox in `field`.
    pub fn email(channel: Option<Channel>, field: impl Into<String>) -> Self {
        Self { channel, field: field.into(), kind: AddressKind::Email }
    }

    /// Declares something else in `field`: only known not to be empty.
    pub fn other(channel: Option<Channel>, field: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { channel, field: field.into(), kind: AddressKind::Other(kind.into()) }
    }

    /// Finds the declaration for a channel: its own, else the one for every channel.
    pub fn for_channel<'a>(declared: &'a [Self], channel: &Channel) -> Option<&'a Self> {
        let own = declared.iter().find(|address| address.channel.as_ref() == Some(channel));
        own.or_else(|| declared.iter().find(|address| address.channel.is_none()))
    }
}

impl AddressKind {
    /// Reads a field's value as an address of this kind.
    ///
    /// White space and line breaks around the value are dropped; nothing else is forgiven or guessed.
    ///
    /// # Errors
    ///
    /// When the value is no such address, with what is wrong in words an operator can act on. The value itself is
    /// never part of the words.
    pub fn read(&self, value: &str) -> Result<Recipient, InvalidAddress> {
        match self {
            Self::Phone => Ok(PhoneNumber::parse(value)?.into()),
            Self::Email => Ok(EmailAddress::parse(value)?.into()),
            Self::Other(_) => match value.trim() {
                "" => Err(InvalidAddress::Empty),
                value if value.len() > 256 => Err(InvalidAddress::TooLong),
                value if value.chars().any(char::is_control) => Err(InvalidAddress::Control),
                value => Ok(Recipient(value.to_owned())),
            },
        }
    }
}

/// Why a field's value is no address of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidAddress {
    /// No phone number.
    Phone(InvalidPhone),
    /// No mailbox.
    Email(InvalidEmail),
    /// Nothing but white space.
    Empty,
    /// Longer than 256 bytes.
    TooLong,
    /// Holds a control character.
    Control,
}

impl From<InvalidPhone> for InvalidAddress {
    fn from(cause: InvalidPhone) -> Self {
        Self::Phone(cause)
    }
}

impl From<InvalidEmail> for InvalidAddress {
    fn from(cause: InvalidEmail) -> Self {
        Self::Email(cause)
    }
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(cause) => cause.fmt(f),
            Self::Email(cause) => cause.fmt(f),
            Self::Empty => f.write_str("the address is empty"),
            Self::TooLong => f.write_str("an address has at most 256 bytes"),
            Self::Control => f.write_str("an address holds no control characters"),
        }
    }
}

impl std::error::Error for InvalidAddress {}

/// A valid address on a channel, as it is to be delivered to.
///
/// `Debug` and `Display` show it masked (`+44•••••••123`, `a•••@example.com`), so that it can stand in a log;
/// [`as_str`](Self::as_str) is the address itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipient(String);

impl Recipient {
    /// Takes an address that was judged elsewhere.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The whole address. Never put it in a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with its middle hidden: what may be shown to a caller or stand in a log.
    ///
    /// A phone number keeps its country code and three digits, a mailbox its first letter and its domain, anything
    /// else its last two characters.
    pub fn masked(&self) -> String {
        if self.0.starts_with('+') && self.0[1..].bytes().all(|b| b.is_ascii_digit()) {
            phone::masked(&self.0)
        } else if let Some((local, domain)) = self
            .0
            .rsplit_once('@')
            .filter(|(local, domain)| !local.is_empty() && (domain.contains('.') || *domain == "localhost"))
        {
            let first: String = local.chars().take(1).collect();
            format!("{first}•••@{domain}")
        } else {
            let tail: Vec<char> = self.0.chars().rev().take(2).collect();
            let shown =
                if self.0.chars().count() > 6 { tail.into_iter().rev().collect() } else { String::new() };
            format!("•••{shown}")
        }
    }
}

impl From<PhoneNumber> for Recipient {
    fn from(number: PhoneNumber) -> Self {
        Self(number.as_str().to_owned())
    }
}

impl From<EmailAddress> for Recipient {
    fn from(address: EmailAddress) -> Self {
        Self(address.as_str().to_owned())
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_shown_masked() {
        for (address, shown) in [
            ("+447700900123", "+44•••••••123"),
            ("+16175551212", "+1•••••••212"),
            ("+35312345678", "+353•••••678"),
            ("ada@example.com", "a•••@example.com"),
            ("@ada_lovelace", "•••ce"),
            ("device-0042", "•••42"),
            ("abc", "•••"),
        ] {
            let recipient = Recipient::new(address);
            assert_eq!(format!("{recipient}"), shown);
            assert_eq!(format!("{recipient:?}"), shown);
        }
    }

    #[test]
    fn a_channels_own_declaration_wins_over_the_general_one() {
        let sms = Channel::new("sms").unwrap();
        let email = Channel::new("email").unwrap();
        let declared = [Address::phone(None, "mobile"), Address::email(Some(email.clone()), "email")];
        assert_eq!(Address::for_channel(&declared, &email).unwrap().field, "email");
        assert_eq!(Address::for_channel(&declared, &sms).unwrap().field, "mobile");
        assert!(Address::for_channel(&declared[1..], &sms).is_none());
    }

    #[test]
    fn an_unknown_kind_of_address_keeps_its_name() {
        let address: Address =
            serde_json::from_str(r#"{"field":"x","kind":"pager","added":"later"}"#).unwrap();
        assert_eq!(address.kind, AddressKind::Other("pager".into()));
        assert_eq!(serde_json::to_value(&address).unwrap()["kind"], "pager");
    }
}
