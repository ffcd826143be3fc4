//! Judges the two URLs of the configuration.

use crate::settings::wrong;
use provider_api::DeliveryError;

/// Where Twilio's API is: the URL without a slash at its end.
pub(crate) fn base<'a>(key: &str, text: &'a str) -> Result<&'a str, DeliveryError> {
    split(key, text)?;
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
