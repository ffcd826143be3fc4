//! What a negative reply of the server means (RFC 5321 section 4.2, RFC 3463 for the enhanced codes).
//!
//! The server's own words are never repeated: they may quote the recipient, or what stood in the mail.

use crate::stage::Stage;
use lettre::transport::smtp::Error;
use provider_api::{DeliveryError, Failure};
use std::error::Error as _;

/// A reply's code, and its enhanced code if it has one.
struct Reply {
    code: u16,
    /// Class, subject and detail: 5.1.1.
    enhanced: Option<[u16; 3]>,
}

impl Reply {
    fn of(cause: &Error) -> Option<Self> {
        let code = cause.status()?.into();
        let text = cause.source().map(ToString::to_string).unwrap_or_default();
        let enhanced =
            text.split_whitespace().next().and_then(enhanced).filter(|[class, ..]| *class == code / 100);
        Some(Self { code, enhanced })
    }

    /// Subject and detail, where they say more than the code does: 0 is "other", 5 is "the command was wrong".
    fn subject(&self) -> Option<(u16, u16)> {
        let [_, subject, detail] = self.enhanced?;
        (subject != 0 && subject != 5).then_some((subject, detail))
    }

    /// `550 5.1.1`.
    fn shown(&self) -> String {
        match self.enhanced {
            Some([class, subject, detail]) => format!("{} {class}.{subject}.{detail}", self.code),
            None => self.code.to_string(),
        }
    }
}

fn enhanced(word: &str) -> Option<[u16; 3]> {
    let mut numbers =
        word.split('.').map(|number| number.parse::<u16>().ok().filter(|number| *number < 1_000));
    let code = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(code)
}

/// The failure that a negative reply at this stage is.
pub(crate) fn of(stage: Stage, cause: &Error) -> DeliveryError {
    let Some(reply) = Reply::of(cause) else {
        return DeliveryError::unavailable("the mail server answered something that is no SMTP");
    };
    let (failure, text) = if reply.code < 500 { later(stage, &reply) } else { never(stage, &reply) };
    DeliveryError::new(failure, text).with_code(reply.shown())
}

/// The failure that a refused login is.
pub(crate) fn of_login(cause: &Error, by_token: bool) -> DeliveryError {
    let Some(reply) = Reply::of(cause) else {
        let text = if by_token {
            REFUSED_TOKEN
        } else {
            "the mail server asks for the login in words of its own; set `auth`"
        };
        let error = DeliveryError::misconfigured(text);
        return if by_token { error.with_code("334") } else { error };
    };
    let text = match (reply.code, by_token) {
        (534, _) => {
            "the mail server wants another way to log in; use an app password or `oauth`, or set `auth`"
        }
        (538, _) => "the mail server wants TLS before the login; set `tls` to \"implicit\" or \"starttls\"",
        (_, true) => REFUSED_TOKEN,
        _ => {
            "the mail server refuses the login; look at `username` and `password` (some services want an app password)"
        }
    };
    DeliveryError::misconfigured(text).with_code(reply.shown())
}

const REFUSED_TOKEN: &str = "the mail server refuses the access token; look at `username`, at the token and at its `scope`, and whether the mailbox allows SMTP";

/// 4xx: not taken now.
fn later(stage: Stage, reply: &Reply) -> (Failure, &'static str) {
    use Failure::{NotReachable, Throttled, Unavailable};
    match (reply.code, reply.subject()) {
        (_, Some((2, 2))) => (NotReachable, "the mailbox is full"),
        (_, Some((3, 1))) => (Unavailable, "the mail server has no room left; look at its disk"),
        (_, Some((7, _))) if stage != Stage::Login => {
            (Throttled, "the mail server asks to try again later: greylisting, or too many mails at once")
        }
        (421, _) => (Unavailable, "the mail server closes the connection and takes no mail now"),
        (450, _) => (Throttled, "the mail server asks to try again later: a busy mailbox, or greylisting"),
        (452, _) => (Throttled, "the mail server takes no more mails for now"),
        (451, _) => (Unavailable, "the mail server failed at its own work and did not take the mail"),
        (454, _) => (Unavailable, "the mail server cannot check logins or begin TLS now"),
        _ => (Unavailable, "the mail server does not take the mail now"),
    }
}

/// 5xx: not taken, and a repetition would not help.
fn never(stage: Stage, reply: &Reply) -> (Failure, &'static str) {
    use Failure::{Misconfigured, Rejected};
    match (stage, reply.code) {
        (Stage::Queue | Stage::Token | Stage::Connect, 554 | 521) => (
            Misconfigured,
            "the mail server refuses this machine; ask whoever runs it to let this address send",
        ),
        (Stage::Queue | Stage::Token | Stage::Connect, _) => (
            Misconfigured,
            "the mail server refuses the greeting; look at `hello` and at what it allows this machine",
        ),
        (_, 530 | 535 | 538) => {
            (Misconfigured, "the mail server wants a login first; set `username` and `password`, or `oauth`")
        }
        (Stage::Login, _) => {
            (Misconfigured, "the mail server refuses the login; look at `username` and `password`")
        }
        (Stage::Sender, 552) => (Rejected, "the mail is too large for the mail server"),
        (Stage::Sender, _) => (
            Misconfigured,
            "the mail server refuses the sender; `from` must be an address that this login may use",
        ),
        (Stage::Recipient, _) => recipient(reply),
        (Stage::Content | Stage::End, _) => match reply.subject() {
            Some((1 | 2, _)) => recipient(reply),
            _ => (
                Rejected,
                "the mail server refuses the content of the mail; look at the template, and at SPF, DKIM and DMARC of the domain of `from`",
            ),
        },
    }
}

/// 5xx at the recipient.
fn recipient(reply: &Reply) -> (Failure, &'static str) {
    use Failure::{Blocked, InvalidRecipient, NotReachable, Rejected};
    match (reply.subject(), reply.code) {
        (Some((1, 7 | 8)), _) => (
            Failure::Misconfigured,
            "the mail server refuses the sender; `from` must be an address that this login may use",
        ),
        (Some((1, 2 | 10)), _) => (InvalidRecipient, "the domain of the address takes no mail"),
        (Some((1, _)), _) | (None, 550 | 551 | 553) => {
            (InvalidRecipient, "the mail server knows no such mailbox")
        }
        (Some((2, 2)), _) | (None, 552) => (NotReachable, "the mailbox is full"),
        (Some((2, _)), _) => (NotReachable, "the mailbox takes no mail"),
        (Some((4, _)), _) | (None, 521 | 556) => {
            (NotReachable, "the mail server finds no way to the domain of the address")
        }
        (Some((7, _)), _) | (None, 554) => (
            Blocked,
            "the mail server's policy refuses this recipient; if it wants a login before it relays, set `username` and `password`",
        ),
        _ => (Rejected, "the mail server refuses this recipient"),
    }
}
