//! A message as a mail: envelope, headers and parts, made so that nothing in them can become a header or a recipient.

use lettre::{
    Address, Message as Built,
    address::Envelope,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
};
use provider_api::{DeliveryError, EmailAddress, Failure, Message, PayloadKind};
use std::{
    error::Error,
    time::{Duration, SystemTime},
};

mod preview;

/// The longest subject, in characters: more is cut, for a header line holds 998 octets (RFC 5322 section 2.1.1).
const LONGEST_SUBJECT: usize = 200;
/// The longest part of a message's id that becomes a part of its Message-ID.
const LONGEST_ID: usize = 120;
/// Stands in neither encoding that the parts are given: in quoted-printable two hexadecimal digits follow each `=`.
const BOUNDARY: &str = "=_passrelay";

/// Whom the mails are from, and whom answers go to.
#[derive(Debug)]
pub(crate) struct Author {
    pub(crate) from: Mailbox,
    pub(crate) reply_to: Option<Mailbox>,
}

/// A mail that is ready to be handed over. The same message gives the same mail but for its date.
pub(crate) struct Mail {
    id: String,
    envelope: Envelope,
    built: Built,
}

impl Mail {
    /// Writes the mail.
    ///
    /// # Errors
    ///
    /// When the recipient is no mailbox or there is nothing to say.
    pub(crate) fn compose(author: &Author, message: &Message, now_ms: i64) -> Result<Self, DeliveryError> {
        let to = recipient(message)?;
        if message.text.trim().is_empty() {
            return Err(DeliveryError::new(Failure::Rejected, "the text is empty; look at the template"));
        }
        let broken = |_| DeliveryError::broken("the mail cannot be written");
        let envelope = Envelope::new(Some(author.from.email.clone()), vec![to.clone()])
            .map_err(|_| DeliveryError::broken("the envelope cannot be written"))?;
        let id = message_id(&message.id, author.from.email.domain());
        let mut builder = Built::builder()
            .date(date(now_ms))
            .from(author.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject(message, message.subject.as_deref()))
            .message_id(Some(id.clone()))
            .header(AutoSubmitted)
            .envelope(envelope.clone());
        if let Some(reply_to) = &author.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = part(ContentType::TEXT_PLAIN, &message.text);
        let built = match message.html.as_deref().filter(|html| !html.trim().is_empty()) {
            None => builder.singlepart(text),
            Some(html) => {
                let parts = MultiPart::alternative().boundary(BOUNDARY);
                builder.multipart(parts.singlepart(text).singlepart(part(ContentType::TEXT_HTML, html)))
            }
        };
        Ok(Self { id, envelope, built: built.map_err(broken)? })
    }

    /// The Message-ID, with its brackets.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The mail as it follows DATA: the dots that begin a line doubled, and the line that ends it (RFC 5321 section
    /// 4.5.2).
    pub(crate) fn data(&self) -> String {
        let mail = self.built.formatted();
        // It is plain ASCII and begins with a header.
        let mail = String::from_utf8_lossy(&mail);
        let stuffed = mail.strip_suffix("\r\n").unwrap_or(&mail).replace("\r\n.", "\r\n..");
        format!("{stuffed}\r\n.\r\n")
    }
}

fn recipient(message: &Message) -> Result<Address, DeliveryError> {
    let invalid = |why: String| DeliveryError::new(Failure::InvalidRecipient, why);
    let address = EmailAddress::parse(message.recipient.as_str()).map_err(|why| invalid(why.to_string()))?;
    address.as_str().parse().map_err(|_| invalid("the address is no mailbox that SMTP knows".to_owned()))
}

/// The message's own subject on one line, else one that says what the mail holds.
fn subject(message: &Message, own: Option<&str>) -> String {
    let own = own.map(clean).unwrap_or_default();
    if !own.is_empty() {
        return own;
    }
    let what = if message.payload.kind == PayloadKind::Link { "link" } else { "code" };
    format!("Your verification {what}")
}

/// A text that can stand in a header: on one line, without control characters, not too long. What looks like the
/// beginning of an encoded word (RFC 2047) is taken apart: a reader would decode it into something nobody has seen.
pub(crate) fn clean(text: &str) -> String {
    let breaks = |c: char| c.is_control() || c.is_whitespace() || "\u{2028}\u{2029}\u{feff}".contains(c);
    let words: Vec<&str> = text.split(breaks).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ").replace("=?", "= ?");
    match line.char_indices().nth(LONGEST_SUBJECT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// `<id@domain>`: the same for the same message, so that whoever gets it twice can tell (RFC 5322 section 3.6.4).
fn message_id(id: &str, domain: &str) -> String {
    let mut local = String::new();
    for byte in id.bytes().take(LONGEST_ID) {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            local.push(char::from(byte));
        } else {
            local.extend(["=", &format!("{byte:02X}")]);
        }
    }
    if local.is_empty() {
        local.push('0');
    }
    format!("<message.{local}@{domain}>")
}

fn date(now_ms: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(now_ms).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A part whose every line is short and plain ASCII, whatever the text holds.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let best = Body::new(text.clone());
    let body = match best.encoding() {
        ContentTransferEncoding::Base64 => best,
        _ => Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or(best),
    };
    SinglePart::builder().header(kind).body(body)
}

/// Says that a machine wrote this, so that no machine answers (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
