//! What variables stand for.

use super::{MemberName, Payment, Site, is_unwelcome};
use minijinja::Value;
use std::{collections::BTreeMap, time::Duration};

/// The names that mean the code.
pub(super) const PAYLOAD: [&str; 4] = ["payload", "code", "pin", "otp"];

/// Every variable that a text may use without the operator's doing, the code under each of its names (J34–J38, L14, X4).
pub const BUILT_IN: [&str; 14] = [
    "payload",
    "code",
    "pin",
    "otp",
    "site_name",
    "support_email",
    "member_name",
    "expiry_minutes",
    "expiry_seconds",
    "purpose",
    "locale",
    "channel",
    "amount",
    "payee",
];

/// Whether a name is one of [`BUILT_IN`].
pub fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// What every variable stands for in one message. `Debug` would show the code: it has none.
pub struct Values {
    pub(super) all: Value,
    pub(super) code: String,
    /// Amount and payee as a text must say them, if it is a payment.
    pub(super) payment: Option<[String; 2]>,
}

/// What is said of one message besides the site's own.
#[derive(Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub(super) code: &'a str,
    pub(super) member_name: Option<&'a MemberName>,
    pub(super) expires_in: Duration,
    pub(super) purpose: &'a str,
    pub(super) locale: &'a str,
    pub(super) channel: &'a str,
    pub(super) payment: Option<&'a Payment>,
    /// What the site is called this once, if not by its own name.
    pub(super) site_name: Option<&'a str>,
}

impl Values {
    pub(super) fn new(site: &Site, spoken: Spoken<'_>) -> Self {
        let Spoken { code, member_name, expires_in, purpose, locale, channel, payment, site_name } = spoken;
        let seconds = expires_in.as_secs();
        // To the nearest minute: a moment after the start it is not one less.
        let minutes = seconds.saturating_add(30).wrapping_div(60).max(1);
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        let code = clean(code);
        all.extend(PAYLOAD.map(|name| (name.to_owned(), Value::from(code.as_str()))));
        for (name, value) in [
            ("site_name", site_name.unwrap_or(&site.name)),
            ("support_email", &site.support_email),
            ("member_name", member_name.map_or("", MemberName::as_str)),
            ("purpose", purpose),
            ("locale", locale),
            ("channel", channel),
            ("amount", payment.map_or("", |payment| &payment.amount)),
            ("payee", payment.map_or("", |payment| &payment.payee)),
        ] {
            all.insert(name.to_owned(), Value::from(clean(value)));
        }
        all.insert("expiry_seconds".to_owned(), Value::from(seconds));
        all.insert("expiry_minutes".to_owned(), Value::from(minutes));
        for (name, value) in site.variables.iter().filter(|(name, _)| !is_built_in(name)) {
            all.insert(name.clone(), Value::from(clean(value)));
        }
        let payment = payment.map(|payment| [&payment.amount, &payment.payee].map(|part| clean(part)));
        Self { all: Value::from(all), code, payment }
    }

    /// What a long message would be made of: a code of this many digits and, if it is to have one, a name of 20
    /// characters.
    pub fn sample(site: &Site, length: u8, named: bool) -> Self {
        let code: String = "7351928460".chars().take(length.into()).collect();
        let name = MemberName::new("Maximiliane Musterma").filter(|_| named);
        let spoken = Spoken {
            code: &code,
            member_name: name.as_ref(),
            expires_in: Duration::from_mins(10),
            purpose: "generic",
            locale: "en",
            channel: "sms",
            payment: None,
            site_name: None,
        };
        if named {
            return Self::new(site, spoken);
        }
        let bare = Site { support_email: String::new(), ..site.clone() };
        Self::new(&bare, spoken)
    }
}

/// A value as it may stand in a message.
fn clean(value: &str) -> String {
    value.chars().filter(|c| !is_unwelcome(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_to_the_nearest_minute() {
        for (seconds, minutes) in [(600, 10), (599, 10), (569, 9), (61, 1), (29, 1), (0, 1)] {
            let spoken = Spoken {
                code: "1",
                member_name: None,
                expires_in: Duration::from_secs(seconds),
                purpose: "",
                locale: "",
                channel: "",
                payment: None,
                site_name: None,
            };
            let values = Values::new(&Site::default(), spoken);
            assert_eq!(values.all.get_attr("expiry_minutes").unwrap(), Value::from(minutes), "{seconds}");
        }
    }
}
