//! Who is to be reached, as a request says it.

use super::{Problem, problem::FieldError};
use crate::{
    application::Method,
    template::{InvalidLocale, Locale},
};
use provider_api::{AddressKind, Member, Recipient, is_word};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, net::IpAddr};

/// The most bytes of a member's id or name, of a field's name and value, and of an address.
const LONGEST: usize = 256;

/// The most fields of a member.
pub(super) const FIELDS: usize = 32;

/// `member` of a request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberRequest {
    /// The application's own id of the member.
    #[schemars(length(min = 1, max = 256))]
    id: Option<String>,
    /// What to call the member in messages.
    #[schemars(length(min = 1, max = 256))]
    name: Option<String>,
    /// The member's language, a BCP 47 tag such as `en-GB`.
    locale: Option<String>,
    /// What providers read addresses from, by name; at most 32, each of at most 256 bytes.
    #[serde(default)]
    #[schemars(extend("maxProperties" = FIELDS))]
    fields: BTreeMap<String, String>,
}

/// `client` of a request: the member's own network address, as the caller sees it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientRequest {
    /// IPv4 or IPv6.
    ip: Option<String>,
}

/// Gathers what is wrong with a request, so that all is told at once.
#[derive(Default)]
pub(super) struct Errors(pub(super) Vec<FieldError>);

impl Errors {
    /// Goes on if nothing was wrong.
    pub(super) fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(&self.0)) }
    }

    /// Goes on with what was read if nothing was wrong; what was not read was told.
    pub(super) fn or<T>(self, read: Option<T>) -> Result<T, Problem> {
        read.filter(|_| self.0.is_empty()).ok_or_else(|| Problem::invalid(&self.0))
    }

    pub(super) fn add(&mut self, field: &str, detail: impl Into<String>) {
        self.0.push(FieldError::new(field, detail));
    }

    /// A member whose id and name are short and hold no control characters.
    pub(super) fn member(&mut self, request: MemberRequest) -> Member {
        let MemberRequest { id, name, locale, fields } = request;
        for (field, value) in [("member.id", &id), ("member.name", &name)] {
            if let Some(value) = value {
                self.text(field, value);
            }
        }
        self.fields("member.fields", &fields);
        let mut member = Member::with_fields(fields);
        member.id = id;
        member.name = name;
        member.locale = self.locale("member.locale", locale);
        member
    }

    /// What providers read addresses from: not too many fields, and none too long.
    pub(super) fn fields(&mut self, prefix: &str, fields: &BTreeMap<String, String>) {
        if fields.len() > FIELDS {
            self.add(prefix, format!("a member has at most {FIELDS} fields"));
        }
        for (name, value) in fields {
            let shown = || name.chars().filter(|c| !c.is_control()).take(40).collect::<String>();
            if !is_short(name) {
                let detail = format!("the name of a field has 1 to {LONGEST} bytes");
                self.add(&format!("{prefix}.{}", shown()), detail);
            }
            if value.len() > LONGEST {
                self.add(&format!("{prefix}.{}", shown()), format!("a field has at most {LONGEST} bytes"));
            }
        }
    }

    pub(super) fn text(&mut self, field: &str, value: &str) {
        if !is_short(value) {
            self.add(field, format!("expected 1 to {LONGEST} bytes without control characters"));
        }
    }

    pub(super) fn purpose(&mut self, purpose: Option<String>) -> String {
        let purpose = purpose.unwrap_or_else(|| "generic".to_owned());
        if !is_word(&purpose) {
            self.add("purpose", "expected a lower-case word such as `sign_in`, at most 32 characters");
        }
        purpose
    }

    /// A BCP 47 tag, by its shape.
    pub(super) fn locale(&mut self, field: &str, locale: Option<String>) -> Option<String> {
        if locale.as_deref().is_some_and(|locale| locale.parse::<Locale>().is_err()) {
            self.add(field, InvalidLocale.to_string());
        }
        locale
    }

    pub(super) fn method(&mut self, method: Option<&str>) -> Option<Method> {
        let method = method.map(str::parse);
        if matches!(method, Some(Err(_))) {
            self.add("method", "expected `CHANNEL:PAYLOAD` or `PROVIDER:PAYLOAD`, for example `sms:code`");
        }
        method?.ok()
    }

    /// The member's own network address, if it is given.
    pub(super) fn client(&mut self, client: Option<&ClientRequest>) -> Option<IpAddr> {
        let ip = client?.ip.as_deref()?.parse().ok();
        if ip.is_none() {
            self.add("client.ip", "expected an IP address");
        }
        ip
    }
}

/// The recipient as a start reads it; what is neither a number nor a mail address is taken as it stands.
pub(super) fn recipient(to: &str) -> Recipient {
    let kinds = [AddressKind::Phone, AddressKind::Email];
    kinds.iter().find_map(|kind| kind.read(to).ok()).unwrap_or_else(|| Recipient::new(to))
}

/// 1 to 256 bytes without control characters.
pub(super) fn is_short(value: &str) -> bool {
    (1..=LONGEST).contains(&value.len()) && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(json: &str) -> (Member, Vec<String>) {
        let mut errors = Errors::default();
        let member = errors.member(serde_json::from_str(json).unwrap());
        (member, errors.0.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn a_member_is_read_whole() {
        let json = r#"{"id":"42","name":"Ada","locale":"en-GB","fields":{"mobile":"+447700900123\r\n"}}"#;
        let (member, errors) = member(json);
        assert!(errors.is_empty());
        assert_eq!((member.id.as_deref(), member.name.as_deref()), (Some("42"), Some("Ada")));
        assert_eq!(member.locale.as_deref(), Some("en-GB"));
        assert_eq!(member.fields["mobile"], "+447700900123\r\n");
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let (_, errors) = member(r#"{"id":"","name":"a\u0000","locale":"en_GB","fields":{"":"x"}}"#);
        assert_eq!(errors, ["member.id", "member.name", "member.fields.", "member.locale"]);
        let mut errors = Errors::default();
        for purpose in ["", "Sign in", "sign-in", &"a".repeat(33)] {
            errors.purpose(Some(purpose.to_owned()));
        }
        for locale in ["", "-", "e n", "1", "abcdefghi", "en-"] {
            errors.locale("locale", Some(locale.to_owned()));
        }
        errors.method(Some("sms"));
        errors.client(Some(&ClientRequest { ip: Some("localhost".to_owned()) }));
        assert_eq!(errors.0.len(), 4 + 6 + 2);
        assert_eq!(Errors::default().purpose(None), "generic");
    }
}
