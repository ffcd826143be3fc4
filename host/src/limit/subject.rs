//! Whom a limit counts: one person's ways to write an address are one, and a household's network is one.

use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// Whom a limit counts, by an address or an id as it is: kept sealed only. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Whom(String);

impl Whom {
    /// Takes an address as limits know it, or a member's id.
    pub fn new(whom: impl Into<String>) -> Self {
        Self(whom.into())
    }

    /// The address or the id: never to be printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whom(***)")
    }
}

/// An address as limits know it: an e-mail address in lower case and without its tag, anything else in lower case.
///
/// Only limits know it so; messages go to the address as it was given.
pub fn address(recipient: &str) -> String {
    let lower = recipient.trim().to_lowercase();
    let Some((local, domain)) = lower.rsplit_once('@') else { return lower };
    match local.split_once('+') {
        Some((name, _tag)) if !name.is_empty() => format!("{name}@{domain}"),
        _ => lower,
    }
}

/// A network address as limits know it: IPv4 whole, IPv6 by the /64 that one subscriber has (RFC 6177).
pub fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_spellings_of_one_address_are_one() {
        for (given, known) in [
            ("Ada@Example.com", "ada@example.com"),
            ("ada+shop@example.com", "ada@example.com"),
            ("ada+a+b@example.com", "ada@example.com"),
            ("+ada@example.com", "+ada@example.com"),
            ("ada@exa+mple.com", "ada@exa+mple.com"),
            ("+447700900123", "+447700900123"),
            (" +447700900123\n", "+447700900123"),
            ("Device-Token+1", "device-token+1"),
        ] {
            assert_eq!(address(given), known, "{given}");
        }
    }

    #[test]
    fn an_ipv6_network_is_one_and_a_mapped_ipv4_address_is_itself() {
        for (ip, known) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
            ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
            ("2001:db8:0:2::1", "2001:db8:0:2::/64"),
            ("::1", "0:0:0:0::/64"),
        ] {
            assert_eq!(network(ip.parse().unwrap()), known, "{ip}");
        }
    }

    proptest! {
        #[test]
        fn an_address_that_is_known_already_stays(text in "\\PC{0,30}|[a-zA-Z+]{1,8}@[a-z+.]{1,8}") {
            let known = address(&text);
            prop_assert_eq!(address(&known), known);
        }
    }
}
