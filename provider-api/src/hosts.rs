//! Which hosts a provider's HTTP requests go to: what its library declares and its operator permits.
//!
//! One rule for every host: the server asks it for each request, the testing kit for each that a test would answer. It
//! parses no URL itself: whoever asks says by a [`Target`] where the request would really go.

use crate::HttpRequest;
use std::fmt;

pub use form::is_pattern;
pub use keys::is_key_of;
pub use reach::{Reach, Unreachable};
pub use target::Target;

mod form;
mod keys;
mod reach;
mod target;

/// The most hosts that a library declares.
pub const MOST: usize = 64;

/// What stands in `hosts` of a library, or in an operator's `allow_hosts`.
///
/// A name without a port stands for the own port of `http` and of `https`. A name below `*.` is at any depth, and never
/// the domain itself. Names are compared as a URL's parser gives them: in lower case and Punycode.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// `*`: every host.
    Any,
    /// `api.example.com`, `api.example.com:8443`, `192.0.2.1`, `[2001:db8::1]:8443`.
    Host(String, Option<u16>),
    /// `*.example.com`, `*.example.com:8443`: every name below.
    Below(String, Option<u16>),
    /// `{base_url}`, `{oauth.token_url}`: the host and port that stand in the configuration under this key.
    Key(Vec<String>),
}

/// What is declared cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidPattern {
    /// The text is no host.
    Form(String),
    /// There are more than [`MOST`].
    TooMany(usize),
}

impl Pattern {
    /// Reads a host as it is declared.
    ///
    /// # Errors
    ///
    /// When the text has none of the forms.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let invalid = || InvalidPattern::Form(text.chars().take(80).collect());
        if !is_pattern(text) {
            return Err(invalid());
        }
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(key) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            return Ok(Self::Key(key.split('.').map(str::to_owned).collect()));
        }
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        let (host, port) = target::split(rest).ok_or_else(invalid)?;
        let port = port.map(str::parse).transpose().map_err(|_| invalid())?;
        let host = target::canonical(host).ok_or_else(invalid)?;
        Ok(if below { Self::Below(host, port) } else { Self::Host(host, port) })
    }

    /// Reads all that a library declares.
    ///
    /// # Errors
    ///
    /// When one has none of the forms, or there are more than [`MOST`].
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>, InvalidPattern> {
        if texts.len() > MOST {
            return Err(InvalidPattern::TooMany(texts.len()));
        }
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    /// Whether it keeps nobody from anywhere: every host, or every one of a top-level domain.
    pub fn is_wide(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Below(domain, _) => !domain.contains('.'),
            Self::Host(..) | Self::Key(_) => false,
        }
    }

    fn matches(&self, target: &Target) -> bool {
        match self {
            Self::Any => true,
            Self::Host(host, port) => *host == target.host && target.is_at(*port),
            Self::Below(domain, port) => is_below(&target.host, domain) && target.is_at(*port),
            Self::Key(_) => false,
        }
    }

    /// Whether a request could match both.
    fn meets(&self, other: &Self) -> bool {
        let (names, ports) = match (self, other) {
            (Self::Key(_), _) | (_, Self::Key(_)) => return false,
            (Self::Any, _) | (_, Self::Any) => return true,
            (Self::Host(a, port), Self::Host(b, other)) => (a == b, (port, other)),
            (Self::Host(host, port), Self::Below(domain, other))
            | (Self::Below(domain, port), Self::Host(host, other)) => (is_below(host, domain), (port, other)),
            (Self::Below(a, port), Self::Below(b, other)) => {
                (a == b || is_below(a, b) || is_below(b, a), (port, other))
            }
        };
        names
            && match ports {
                (None, None) => true,
                (Some(port), None) | (None, Some(port)) => [80, 443].contains(port),
                (Some(a), Some(b)) => a == b,
            }
    }
}

/// What is told of a request with a header `host`: who serves many hosts at one address goes by it, and not by the URL
/// that is judged.
pub const TWO_HOSTS: &str = "the URL alone says which host is asked, and no header `host`";

/// Whether a request says beside its URL which host it asks.
pub fn has_host_header(request: &HttpRequest) -> bool {
    request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"))
}

/// Whether a name is one below a domain: `a.b.c` below `b.c`.
fn is_below(host: &str, domain: &str) -> bool {
    let label = host.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.'));
    label.is_some_and(|label| !label.is_empty())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Host(host, None) => f.write_str(host),
            Self::Host(host, Some(port)) => write!(f, "{host}:{port}"),
            Self::Below(domain, None) => write!(f, "*.{domain}"),
            Self::Below(domain, Some(port)) => write!(f, "*.{domain}:{port}"),
            Self::Key(key) => write!(f, "{{{}}}", key.join(".")),
        }
    }
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(text) => write!(
                f,
                "`{}` is no host such as `api.example.com`, `api.example.com:8443`, `*.example.com`, `*` or `{{key}}`",
                text.escape_debug()
            ),
            Self::TooMany(count) => write!(f, "there are {count}, of at most {MOST}"),
        }
    }
}

impl std::error::Error for InvalidPattern {}

#[cfg(test)]
mod tests;
