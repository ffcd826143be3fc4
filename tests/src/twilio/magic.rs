//! What Twilio answers by itself: credentials, parameters, and the magic numbers of its test credentials.

use super::{Posted, Twilio, answer::Answer};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Recipients that fail, each with its code.
const RECIPIENTS: [(&str, u32); 5] = [
    ("+15005550001", 21_211),
    ("+15005550002", 21_612),
    ("+15005550003", 21_408),
    ("+15005550004", 21_610),
    ("+15005550009", 21_614),
];

/// Senders that fail, each with its code.
const SENDERS: [(&str, u32); 3] =
    [("+15005550001", 21_212), ("+15005550007", 21_606), ("+15005550008", 21_611)];

/// Answers a request that nothing else is planned for.
pub(super) fn answer(posted: &Posted) -> Answer {
    let account = Twilio::ACCOUNT;
    if !posted.line.starts_with("POST ") {
        return Answer::error(405, 20_004, "Method not allowed");
    }
    if posted.line != format!("POST /2010-04-01/Accounts/{account}/Messages.json HTTP/1.1") {
        return Answer::error(404, 20_404, "The requested resource was not found");
    }
    let signed = [(account, Twilio::TOKEN), (Twilio::KEY, Twilio::KEY_SECRET)];
    let signed =
        signed.map(|(user, word)| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{word}"))));
    if !signed.contains(&posted.authorization) {
        return Answer::error(401, 20_003, "Authenticate");
    }
    if let Some((code, message)) = refusal(posted) {
        return Answer::error(400, code, &message);
    }
    let value = |name| posted.form.get(name).unwrap_or_default();
    let sender = posted.form.get("From").ok_or_else(|| value("MessagingServiceSid"));
    Answer::message(account, value("To"), sender, value("Body"))
}

fn refusal(posted: &Posted) -> Option<(u32, String)> {
    let to = posted.form.get("To").unwrap_or_default();
    let body = posted.form.get("Body").unwrap_or_default();
    let magic = |numbers: &[(&str, u32)], number: &str| {
        numbers.iter().find(|(known, _)| *known == number).map(|(_, code)| *code)
    };
    let of_sender = match (posted.form.get("From"), posted.form.get("MessagingServiceSid")) {
        (Some(from), None) => magic(&SENDERS, from),
        (None, Some(_)) => None,
        _ => Some(21_603),
    };
    let valid = posted
        .form
        .get("ValidityPeriod")
        .is_none_or(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| (1..=36_000).contains(&seconds)));
    let host = posted.form.get("StatusCallback").and_then(|url| url.split('/').nth(2)).unwrap_or("none");
    let code = [
        (!to.starts_with('+')).then_some(21_211),
        of_sender,
        body.is_empty().then_some(21_602),
        (body.chars().count() > 1_600).then_some(21_617),
        (!valid).then_some(21_624),
        host.contains('_').then_some(21_609),
        magic(&RECIPIENTS, to),
    ];
    let code = code.into_iter().flatten().next()?;
    Some((code, format!("The 'To' number {to} cannot be sent '{body}'")))
}
