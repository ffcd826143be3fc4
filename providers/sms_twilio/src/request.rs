//! What is posted to Twilio, and how a Test shows it.

use crate::{sender::Sender, settings::Settings};
use form_urlencoded::Serializer;
use provider_api::{DeliveryError, Failure, HttpRequest, Message, PayloadKind, PhoneNumber};

/// The longest text that Twilio takes, in characters (its error 21617).
const LONGEST_TEXT: usize = 1600;

/// The longest that a message may wait at Twilio, in seconds.
const LONGEST_WAIT: i64 = 36_000;

/// A message as Twilio wants it; not signed yet.
pub(crate) struct Request {
    url: String,
    parameters: Vec<(&'static str, String)>,
}

/// Writes the request for a message, or says why Twilio need not be asked.
pub(crate) fn write(settings: &Settings, message: &Message, now_ms: i64) -> Result<Request, DeliveryError> {
    let own = message.sender.as_deref().map(|sender| Sender::parse("sender", sender)).transpose()?;
    let sender = own.as_ref().unwrap_or(&settings.sender);
    check(sender, message)?;
    let mut parameters = vec![("To", message.recipient.as_str().to_owned())];
    parameters.push(match sender {
        Sender::From(from) => ("From", from.clone()),
        Sender::Service(sid) => ("MessagingServiceSid", sid.clone()),
    });
    parameters.push(("Body", message.text.clone()));
    if let Some(seconds) = life_left(message, now_ms)? {
        parameters.push(("ValidityPeriod", seconds.to_string()));
    }
    parameters.push(("RiskCheck", settings.risk_check.as_str().to_owned()));
    if let Some(callback) = message.callback_url.as_ref().or(settings.status_callback.as_ref()) {
        parameters.push(("StatusCallback", callback.clone()));
    }
    Ok(Request { url: settings.url.clone(), parameters })
}

/// What Twilio would refuse, or should never be asked.
fn check(sender: &Sender, message: &Message) -> Result<(), DeliveryError> {
    let rejected = |text: &str| Err(DeliveryError::new(Failure::Rejected, text));
    if message.channel.as_str() != "sms" {
        return rejected("this provider sends SMS only; route the channel `sms` to it");
    }
    if let PayloadKind::Other(_) = message.payload.kind {
        return rejected("this version delivers codes and links only; a newer library may know the payload");
    }
    let number = message.recipient.as_str();
    if let Some(why) = PhoneNumber::parse(number).err().map(|why| why.to_string()) {
        return Err(DeliveryError::new(Failure::InvalidRecipient, why));
    }
    if sender.is(number) {
        return rejected(
            "the recipient is the number in `from`; Twilio sends nothing from a number to itself",
        );
    }
    if message.text.trim().is_empty() {
        return rejected("the text is empty; look at its template");
    }
    let characters = message.text.chars().count();
    if characters > LONGEST_TEXT {
        return Err(DeliveryError::new(
            Failure::Rejected,
            format!(
                "the text has {characters} characters, and Twilio takes {LONGEST_TEXT}; shorten its template"
            ),
        ));
    }
    Ok(())
}

/// How many seconds the message is still worth something; nothing where nobody said.
fn life_left(message: &Message, now_ms: i64) -> Result<Option<i64>, DeliveryError> {
    if message.expires_at_ms == 0 {
        return Ok(None);
    }
    match message.expires_at_ms.saturating_sub(now_ms) / 1_000 {
        left @ 1.. => Ok(Some(left.min(LONGEST_WAIT))),
        _ => Err(DeliveryError::new(
            Failure::Rejected,
            "the code has expired before it was sent; lengthen its lifetime if that happens often",
        )),
    }
}

impl Request {
    /// The request with the credentials.
    pub(crate) fn signed(self, settings: &Settings) -> HttpRequest {
        let body = Serializer::new(String::new()).extend_pairs(self.parameters).finish();
        HttpRequest::post(self.url)
            .header("authorization", settings.authorization.expose())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body)
    }

    /// The request line by line as it may be shown: decoded, without credentials, code and recipient masked.
    pub(crate) fn preview(&self, message: &Message) -> Vec<String> {
        let first = one_line(&format!("POST {}", self.url));
        let parameters = self.parameters.iter().map(|(name, value)| match *name {
            // The operator's own: digits of it that look like the code are none.
            "From" | "MessagingServiceSid" => format!("{name}: {}", one_line(value)),
            _ => format!("{name}: {}", one_line(&message.masked(value))),
        });
        std::iter::once(first).chain(parameters).collect()
    }
}

/// A text without control characters; what they were can be read.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}
