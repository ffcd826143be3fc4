//! What the configuration means, or what is wrong with it.

use crate::{
    config::{Config, RiskCheck},
    sender::Sender,
    url,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use provider_api::{DeliveryError, Secret};

/// Where Twilio is, unless `base_url` says otherwise.
const TWILIO: &str = "https://api.twilio.com";

pub(crate) struct Settings {
    /// Where messages are posted.
    pub(crate) url: String,
    /// The value of the header.
    pub(crate) authorization: Secret,
    pub(crate) sender: Sender,
    pub(crate) member_phone_field: String,
    pub(crate) dry_run_in_test: bool,
    pub(crate) risk_check: RiskCheck,
    pub(crate) status_callback: Option<String>,
}

impl Settings {
    /// Looks at every key; what is wrong names the key and the remedy, and quotes no value.
    pub(crate) fn read(config: Config) -> Result<Self, DeliveryError> {
        let account = sid("account_sid", "AC", &config.account_sid)?;
        let authorization = authorization(&config)?;
        let sender = Sender::parse("from", &config.from)?;
        let base = match config.base_url.as_deref().map(str::trim) {
            None | Some("") => TWILIO,
            Some(base) => url::base("base_url", base)?,
        };
        if let Some(callback) = &config.status_callback {
            url::callback("status_callback", callback)?;
        }
        if config.member_phone_field.trim().is_empty() {
            return Err(wrong(
                "member_phone_field",
                "is empty; it names a field of the member such as `mobile`",
            ));
        }
        Ok(Self {
            url: format!("{base}/2010-04-01/Accounts/{account}/Messages.json"),
            authorization,
            sender,
            member_phone_field: config.member_phone_field,
            dry_run_in_test: config.dry_run_in_test,
            risk_check: config.risk_check,
            status_callback: config.status_callback,
        })
    }
}

/// Who signs the requests: the account with its token, or one of its API keys.
fn authorization(config: &Config) -> Result<Secret, DeliveryError> {
    let (user, secret) = match (&config.auth_token, &config.api_key_sid, &config.api_key_secret) {
        (Some(token), None, None) => (config.account_sid.as_str(), password("auth_token", token)?),
        (None, Some(key), Some(secret)) => {
            (sid("api_key_sid", "SK", key)?, password("api_key_secret", secret)?)
        }
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            return Err(wrong(
                "auth_token",
                "stands beside `api_key_sid` or `api_key_secret`; keep the token or the API key, not both",
            ));
        }
        (None, Some(_), None) => {
            return Err(wrong("api_key_secret", "is missing; it goes with `api_key_sid`"));
        }
        (None, None, Some(_)) => {
            return Err(wrong("api_key_sid", "is missing; it goes with `api_key_secret`"));
        }
        (None, None, None) => {
            return Err(wrong(
                "auth_token",
                "is missing; give it, or `api_key_sid` and `api_key_secret` in its place",
            ));
        }
    };
    Ok(Secret::new(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{secret}")))))
}

fn password<'a>(key: &str, secret: &'a Secret) -> Result<&'a str, DeliveryError> {
    let secret = secret.expose();
    if secret.is_empty() {
        return Err(wrong(key, "is empty; copy it from Twilio's console"));
    }
    if secret.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong(key, "has white space in it; copy it again, without line breaks"));
    }
    Ok(secret)
}

/// An identifier of Twilio's: a prefix and 32 hexadecimal digits.
fn sid<'a>(key: &str, prefix: &str, text: &'a str) -> Result<&'a str, DeliveryError> {
    if is_sid(prefix, text) {
        return Ok(text);
    }
    Err(wrong(
        key,
        &format!("is no SID; it is `{prefix}` and 32 hexadecimal digits, as Twilio's console shows it"),
    ))
}

/// Whether this is an identifier of Twilio's with this prefix.
pub(crate) fn is_sid(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A mistake of the operator's.
pub(crate) fn wrong(key: &str, why: &str) -> DeliveryError {
    DeliveryError::misconfigured(format!("`{key}` {why}"))
}
