//! The request as Twilio's API reference demands it, to the byte.

use super::{Posted, wire::Request};

/// Parameters in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(pub Vec<(String, String)>);

/// Every parameter that a text of Passrelay's may come with, in the order in which it sends them.
const PARAMETERS: [&str; 7] =
    ["To", "From", "MessagingServiceSid", "Body", "ValidityPeriod", "RiskCheck", "StatusCallback"];

impl Form {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn parse(body: &str) -> Option<Self> {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            Some((decode(name)?, decode(value)?))
        };
        body.split('&').map(pair).collect::<Option<_>>().map(Self)
    }

    /// The one right way to write these parameters: application/x-www-form-urlencoded of the URL Standard.
    fn written(&self) -> String {
        let pairs: Vec<_> =
            self.0.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.join("&")
    }
}

/// Reads a request; gives it with everything that should never be sent.
pub(super) fn judge(request: &Request) -> (Posted, Vec<String>) {
    let mut faults = Vec::new();
    let mut demand = |holds: bool, fault: &str| {
        if !holds {
            faults.push(format!("{}: {fault}", request.line));
        }
    };
    let kind = request.header("content-type");
    demand(kind == Some("application/x-www-form-urlencoded"), "the content is no form");
    demand(request.header("authorization").is_some(), "not one `authorization`");
    demand(request.header("expect").is_none(), "an `expect`");
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let form = Form::parse(&body);
    demand(form.as_ref().is_some_and(|form| form.written() == body), "the form is encoded in another way");
    let form = form.unwrap_or_default();
    let mut places = form.0.iter().map(|(name, _)| PARAMETERS.iter().position(|known| known == name));
    demand(places.clone().all(|place| place.is_some()), "a parameter is not known");
    demand(places.clone().is_sorted_by(|one, next| one < next), "parameters stand twice or in another order");
    demand(places.next() == Some(Some(0)), "`To` is not the first parameter");
    drop(places);
    let authorization = request.header("authorization").unwrap_or_default().to_owned();
    (Posted { line: request.line.clone(), authorization, body, form }, faults)
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'*' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            byte => encoded.extend(["%".to_owned(), format!("{byte:02X}")]),
        }
    }
    encoded
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str) -> usize {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            header("content-type", "application/x-www-form-urlencoded"),
            header("authorization", "Basic x"),
        ];
        let request = Request { line: "POST /".to_owned(), headers, body: body.as_bytes().to_vec() };
        judge(&request).1.len()
    }

    #[test]
    fn a_form_is_read_to_the_byte() {
        assert_eq!(faults("To=%2B44&From=12345&Body=a+%26+%C3%A9"), 0);
        for body in [
            "To=+44&From=12345&Body=a%20b",
            "To=%2b44&From=12345",
            "To=%2B44&From=12345&",
            "To=%2B44&Body=a&From=12345",
            "To=%2B44&To=%2B45",
            "To=%2B44&MediaUrl=x",
            "From=12345",
            "",
        ] {
            assert!(faults(body) > 0, "{body}");
        }
    }
}
