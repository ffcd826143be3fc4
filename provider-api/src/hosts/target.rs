//! Where a request would go, as a URL's parser says.

use super::is_pattern;
use std::{fmt, net::Ipv6Addr};

/// Where a request would go: a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// In lower case and Punycode; an IPv6 address in brackets.
    pub(super) host: String,
    port: u16,
    is_schemes_own: bool,
}

impl Target {
    /// What the parser of a URL found. `is_schemes_own` says that the port is 80 for `http` or 443 for `https`.
    pub fn new(host: &str, port: u16, is_schemes_own: bool) -> Self {
        let host = canonical_v6(host).unwrap_or_else(|| host.to_owned());
        Self { host, port, is_schemes_own }
    }

    /// Reads a URL that leaves nothing to a parser: `http` or `https`, and a host of plain characters.
    ///
    /// For a test in an author's own process, so that a library needs no parser of URLs: what it reads, every parser
    /// reads in the same way, and the rest it does not read.
    pub fn plain(url: &str) -> Option<Self> {
        let (rest, own) = match url.split_once("://")? {
            ("http", rest) => (rest, 80),
            ("https", rest) => (rest, 443),
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let (host, port) = split(&authority)?;
        let port = port.map_or(Ok(own), str::parse).ok()?;
        Some(Self { host: canonical(host)?, port, is_schemes_own: port == own })
    }

    /// Whether it is at this port, or at its scheme's own if none is named.
    pub(super) fn is_at(&self, port: Option<u16>) -> bool {
        port.map_or(self.is_schemes_own, |port| port == self.port)
    }

    /// The same place as something that matches no other.
    pub(super) fn into_pattern(self) -> super::Pattern {
        super::Pattern::Host(self.host, Some(self.port))
    }
}

/// The host, and the port where the scheme does not say it. A library chose them: they may hold anything.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        if self.is_schemes_own { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// Host and port of `host` or `host:port`.
pub(super) fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    let end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at(end);
    match rest.strip_prefix(':') {
        Some(port) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, Some(port)))
        }
        None if rest.is_empty() => Some((host, None)),
        _ => None,
    }
}

/// A plain host as a parser would give it; `None` if it is none.
pub(super) fn canonical(host: &str) -> Option<String> {
    if host.starts_with('[') { canonical_v6(host) } else { is_plain(host).then(|| host.to_owned()) }
}

/// Whether this is a name or an IPv4 address, and no other form of a pattern.
fn is_plain(host: &str) -> bool {
    !host.contains(['*', '{', '[', ':']) && is_pattern(host)
}

fn canonical_v6(host: &str) -> Option<String> {
    let address: Ipv6Addr = host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
    Some(format!("[{address}]"))
}
