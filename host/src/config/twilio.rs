//! `[twilio]`: the account that callers of Twilio Verify keep when they move over.

use super::{environment::Environment, report::Report, secret, section::Section};
use provider_api::Secret;

const ACCOUNT: &str = "your Account SID as Twilio shows it, or `AC` and any 32 hexadecimal digits";
const TOKEN: &str = "your Auth Token as it is, or `openssl rand -hex 16` makes a good one";
const SHORTEST_TOKEN: usize = 20;

/// The account that the Twilio Verify face answers as. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twilio {
    /// Its SID: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Its token; without one, only API keys of the scope `account` are let in.
    pub auth_token: Option<Secret>,
}

/// Reads `[twilio]`, which is there or not: without it there is no such face.
pub(super) fn read(root: &mut Section<'_>, environment: &Environment, report: &mut Report) -> Option<Twilio> {
    let mut table = root.find("twilio")?.table(report)?;
    let account_sid = table.require("account_sid", ACCOUNT, report).and_then(|field| {
        let sid = field.text(report)?;
        if !is_account(sid) {
            field.wrong("is no Account SID", ACCOUNT.to_owned(), report);
        }
        Some(sid.to_owned())
    });
    let auth_token = table.find("auth_token").and_then(|field| {
        let token = secret::read(&field, environment, report)?;
        let length = token.expose().chars().count();
        if length < SHORTEST_TOKEN || !token.expose().bytes().all(|b| b.is_ascii_graphic()) {
            field.wrong("must be at least 20 characters of visible ASCII", TOKEN.to_owned(), report);
        }
        Some(token)
    });
    table.close(report);
    Some(Twilio { account_sid: account_sid?, auth_token })
}

fn is_account(sid: &str) -> bool {
    let digits = sid.strip_prefix("AC").unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
