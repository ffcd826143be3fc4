//! Judges the two URLs of the configuration.

use crate::settings::wrong;
use provider_api::DeliveryError;
use std::net::IpAddr;

/// Where Twilio's API is: the URL without a slash at its end.
pub(crate) fn base<'a>(key: &str, text: &'a str) -> Result<&'a str, DeliveryError> {
    let host = split(key, text)?;
    if text.starts_with("http://") && !is_near(host) {
        return Err(wrong(
            key,
            "is unencrypted, and the token and every code travel there; write `https://`",
        ));
    }
    if text.contains(['?', '#']) {
        return Err(wrong(key, "has a query or a fragment; it ends with the host name or a path"));
    }
    Ok(text.trim_end_matches('/'))
}

/// Where Twilio reports to. Twilio refuses a host name with an underscore.
pub(crate) fn callback(key: &str, text: &str) -> Result<(), DeliveryError> {
    if split(key, text)?.contains('_') {
        return Err(wrong(key, "has an underscore in its host name, which Twilio refuses; use another name"));
    }
    Ok(())
}

/// Whether a host is surely in the operator's own network: an address of it, or a name without a dot.
fn is_near(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    match name.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => !name.contains('.'),
    }
}

/// The host name, with the port if there is one.
fn split<'a>(key: &str, text: &'a str) -> Result<&'a str, DeliveryError> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Err(wrong(key, "is no URL; it begins with `https://` or `http://`"));
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong(key, "has white space in it; a URL has none"));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return Err(wrong(key, "has a user name in it; leave out everything up to the `@`"));
    }
    if host.is_empty() || host.starts_with(':') {
        return Err(wrong(key, "has no host name; write it as in `https://api.twilio.com`"));
    }
    Ok(host)
}
