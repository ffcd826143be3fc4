//! A form (`application/x-www-form-urlencoded`) or a query: texts by name, and each wrong one told by its name.

use super::Refused;
use crate::http::LARGEST_BODY;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde_json::{Map, Value};
use std::{convert::Infallible, ops::RangeInclusive};

/// The most parameters of one request.
const MOST: usize = 200;

/// The parameters of a body. What is not known is never asked for: it is ignored, as Twilio does.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::http) struct Form(Vec<(String, String)>);

/// The parameters behind the `?`; a query that cannot be read is told by whoever asks for it.
pub(in crate::http) struct Query(pub(in crate::http) Result<Form, Refused>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let is_form = is_form(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let message = format!("a request has at most {LARGEST_BODY} bytes");
                return Refused::new(StatusCode::PAYLOAD_TOO_LARGE, 60200, message);
            }
            Refused::new(StatusCode::BAD_REQUEST, 60200, "the body ended early")
        })?;
        if !is_form && !bytes.is_empty() {
            let message = "the body must be a form, with `Content-Type: application/x-www-form-urlencoded`";
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, 60200, message));
        }
        Self::read(&bytes)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Form::read(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

impl Form {
    /// Reads the pairs of a form.
    pub(in crate::http) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let mut pairs = Vec::new();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MOST {
                let message = format!("a request has at most {MOST} parameters");
                return Err(Refused::new(StatusCode::BAD_REQUEST, 60200, message));
            }
            let mut sides = pair.splitn(2, |byte| *byte == b'=');
            let (name, text) = (decoded(sides.next()), decoded(sides.next()));
            let wrong = |message| Refused::new(StatusCode::BAD_REQUEST, 60200, message);
            let name = name.ok_or_else(|| wrong("the name of a parameter is no UTF-8".to_owned()))?;
            let text = text.ok_or_else(|| Refused::invalid(&shown(&name), "it is no UTF-8"))?;
            pairs.push((name, text));
        }
        Ok(Self(pairs))
    }

    /// The text of a parameter; an empty one is as good as none.
    pub(in crate::http) fn text(&self, name: &str) -> Result<Option<&str>, Refused> {
        let mut given = self.0.iter().filter(|(other, _)| other == name).map(|(_, text)| text.as_str());
        let first = given.next();
        if given.any(|other| Some(other) != first) {
            return Err(Refused::invalid(name, "it stands there more than once, and says different things"));
        }
        Ok(first.filter(|text| !text.is_empty()))
    }

    /// A text of at most this many bytes without control characters.
    pub(in crate::http) fn short(&self, name: &str, most: usize) -> Result<Option<&str>, Refused> {
        let text = self.text(name)?;
        if text.is_some_and(|text| text.len() > most || text.chars().any(char::is_control)) {
            let why = format!("expected at most {most} bytes without control characters");
            return Err(Refused::invalid(name, &why));
        }
        Ok(text)
    }

    /// A text that must be there.
    pub(in crate::http) fn needed(&self, name: &str, most: usize) -> Result<&str, Refused> {
        self.short(name, most)?.ok_or_else(|| Refused::invalid(name, "it is missing"))
    }

    /// Every text of a parameter that may stand there more than once.
    pub(in crate::http) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(other, _)| other == name).map(|(_, text)| text.as_str()).collect()
    }

    /// `true` or `false`, whatever the case: Python's `True` is one.
    pub(in crate::http) fn flag(&self, name: &str) -> Result<Option<bool>, Refused> {
        match self.text(name)?.map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refused::invalid(name, "expected `true` or `false`")),
        }
    }

    /// A whole number within bounds.
    pub(in crate::http) fn whole(
        &self,
        name: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Refused> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_plain && bounds.contains(number));
        let why = || format!("expected a whole number from {} to {}", bounds.start(), bounds.end());
        number.map(Some).ok_or_else(|| Refused::invalid(name, &why()))
    }

    /// A JSON object.
    pub(in crate::http) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, Refused> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let read = serde_json::from_str::<Map<String, Value>>(text);
        read.map(Some).map_err(|_| Refused::invalid(name, "expected a JSON object"))
    }

    /// Whether a parameter is there, be it empty.
    pub(in crate::http) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// The pairs but for those of these names, for the address of another page.
    pub(super) fn without<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let others = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        others.map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

/// A name of a stranger's as it may be repeated.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// Percent-decodes (WHATWG URL section 5.1, but for what is no UTF-8, which is refused): `+` is a blank.
fn decoded(text: Option<&[u8]>) -> Option<String> {
    let text = text.unwrap_or_default();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, others)) = rest.split_first() {
        let escaped = match (first, others) {
            (b'%', [high, low, after @ ..]) => {
                digit(*high).zip(digit(*low)).map(|(h, l)| (h << 4 | l, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((if *first == b'+' { b' ' } else { *first }, others));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What was typed may hold a code.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_tuple("Form").field(&names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(text: &str) -> Form {
        Form::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_the_sdks_send_is_read() {
        let form =
            form("FriendlyName=My+App&CodeLength=6&Totp.Issuer=Acme%20%26%20Co&On=True&Empty=&Bare&A=1&A=2");
        assert_eq!(form.text("FriendlyName").unwrap(), Some("My App"));
        assert_eq!(form.text("Totp.Issuer").unwrap(), Some("Acme & Co"));
        assert_eq!(form.whole("CodeLength", 4..=10).unwrap(), Some(6));
        assert_eq!((form.flag("On").unwrap(), form.flag("Off").unwrap()), (Some(true), None));
        assert_eq!((form.text("Empty").unwrap(), form.text("Bare").unwrap()), (None, None));
        assert!(form.has("Bare") && !form.has("Off"));
        assert_eq!(form.all("A"), ["1", "2"]);
    }

    #[test]
    fn whatever_is_wrong_is_told_by_its_name() {
        let form = form("A=1&A=2&N=x&M=99&F=yes&J=[1]&C=%00&L=abcdef&+5=-5");
        for (told, name) in [
            (form.text("A").map(drop), "A"),
            (form.whole("N", 1..=9).map(drop), "N"),
            (form.whole("M", 1..=9).map(drop), "M"),
            (form.whole(" 5", 1..=9).map(drop), " 5"),
            (form.flag("F").map(drop), "F"),
            (form.object("J").map(drop), "J"),
            (form.short("C", 5).map(drop), "C"),
            (form.short("L", 5).map(drop), "L"),
            (form.needed("Missing", 5).map(drop), "Missing"),
        ] {
            let told = format!("{:?}", told.unwrap_err());
            assert!(told.contains("60200") && told.contains(&format!("`{name}`")), "{told}");
        }
        assert!(Form::read(b"To=%ff").is_err() && Form::read(b"%ff=1").is_err());
        assert!(Form::read("a&".repeat(MOST + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_sent_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = Form::read(&bytes);
        }

        #[test]
        fn what_is_written_is_read_again(pairs in prop::collection::vec(("\\PC{1,12}", "\\PC{0,20}"), 0..8)) {
            let escape = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let written: Vec<String> =
                pairs.iter().map(|(name, text)| format!("{}={}", escape(name), escape(text))).collect();
            prop_assert_eq!(Form::read(written.join("&").as_bytes()).unwrap().0, pairs);
        }
    }
}
