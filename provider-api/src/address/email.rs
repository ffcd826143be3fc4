//! Mailboxes, in the part of RFC 5321 that real mailboxes use.

use std::fmt;

/// A mailbox: an ASCII dot-atom, `@`, and a domain name with at least one dot or the name `localhost`.
///
/// Local part at most 64 octets, domain at most 255, the whole at most 254 (RFC 5321 section 4.5.3.1, whose path of
/// 256 counts the brackets). White space around it is dropped. Quoted local parts, address literals and comments are
/// refused: they are legal, unused, and a way to smuggle a second recipient into a header.
///
/// # Examples
///
/// ```
/// use provider_api::EmailAddress;
///
/// assert_eq!(EmailAddress::parse("ada@example.com ").unwrap().as_str(), "ada@example.com");
/// assert!(EmailAddress::parse("ada@example.com, eve@example.com").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// Why a value is no mailbox. The value itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidEmail {
    /// Nothing but white space.
    Empty,
    /// Not exactly one `@` between two parts.
    At,
    /// The part before the `@` is no dot-atom.
    Local,
    /// The part after the `@` is no domain name.
    Domain,
    /// Longer than RFC 5321 allows.
    Length,
}

impl EmailAddress {
    /// Reads a mailbox.
    ///
    /// # Errors
    ///
    /// When it is none once the white space around it is dropped.
    pub fn parse(value: &str) -> Result<Self, InvalidEmail> {
        let value = value.trim();
        if value.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        let (local, domain) = value.split_once('@').ok_or(InvalidEmail::At)?;
        if domain.contains('@') {
            return Err(InvalidEmail::At);
        }
        if local.len() > 64 || domain.len() > 255 || value.len() > 254 {
            return Err(InvalidEmail::Length);
        }
        if !local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom)) {
            return Err(InvalidEmail::Local);
        }
        if !(domain.split('.').all(is_label) && (domain.contains('.') || domain == "localhost")) {
            return Err(InvalidEmail::Domain);
        }
        Ok(Self(value.to_owned()))
    }

    /// The mailbox. Never put it in a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `atext` of RFC 5322 section 3.2.3.
fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// A label of RFC 1035 section 2.3.1, with the leading digit that RFC 1123 section 2.1 allows.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::Recipient::new(self.0.as_str()).masked())
    }
}

impl fmt::Display for InvalidEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the address is empty",
            Self::At => "an e-mail address has exactly one `@`",
            Self::Local => "the part before the `@` is no plain mailbox name",
            Self::Domain => "the part after the `@` is no domain name",
            Self::Length => "an e-mail address has at most 64 bytes before its `@` and 254 in all",
        })
    }
}

impl std::error::Error for InvalidEmail {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_plain_mailbox_is_an_email_address() {
        for good in ["ada@example.com", " ada.l+otp@mail.example.co.uk\n", "a@localhost", "1@x.museum"] {
            assert_eq!(EmailAddress::parse(good).unwrap().as_str(), good.trim());
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for (bad, why) in [
            ("", InvalidEmail::Empty),
            ("ada", InvalidEmail::At),
            ("ada@b@example.com", InvalidEmail::At),
            ("@example.com", InvalidEmail::Local),
            (".ada@example.com", InvalidEmail::Local),
            ("ada..l@example.com", InvalidEmail::Local),
            ("\"a b\"@example.com", InvalidEmail::Local),
            ("ada@example", InvalidEmail::Domain),
            ("ada@-example.com", InvalidEmail::Domain),
            ("ada@[127.0.0.1]", InvalidEmail::Domain),
            ("ada@example.com\r\nBcc: eve@example.com", InvalidEmail::At),
            ("ada\r\n@example.com", InvalidEmail::Local),
            ("ada@exämple.com", InvalidEmail::Domain),
            (long.as_str(), InvalidEmail::Length),
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(why), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_can_stand_in_a_header(value in "\\PC{0,40}|[a-z.@\r\n ]{0,20}") {
            if let Ok(address) = EmailAddress::parse(&value) {
                prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic()));
            }
        }
    }
}
