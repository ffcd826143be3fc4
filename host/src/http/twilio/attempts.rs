//! Attempts, as Twilio calls sends: what was sent over all Services, and whether it led to an approval (T64-T66).

pub(super) mod fetch;
pub(super) mod list;
mod shown;
pub(super) mod summary;

use super::{Refused, dates, form::Form, sid};
use crate::{
    http::{Face, person::recipient},
    phone::Region,
    verifier::{Wanted, WantedSends},
};
use provider_api::Channel;

/// The most bytes of a filter.
const LONGEST: usize = 256;

/// The filters that both the list and the summary know.
fn wanted(face: &Face, filters: &Form) -> Result<WantedSends, Refused> {
    let date = |name| match filters.text(name)? {
        None => Ok(None),
        Some(text) => dates::read(text)
            .map(Some)
            .ok_or_else(|| Refused::invalid(name, "expected a date such as `2026-01-02T03:04:05Z`")),
    };
    let (since, until) = (date("DateCreatedAfter")?, date("DateCreatedBefore")?);
    let to = filters.short("ChannelData.To", LONGEST)?.map(|to| recipient(to.trim()));
    let region = match filters.text("Country")? {
        None => None,
        Some(code) => Some(
            Region::named(code)
                .ok_or_else(|| Refused::invalid("Country", "expected two capital letters such as `GB`"))?,
        ),
    };
    let channel = match filters.text("Channel")? {
        None => None,
        Some("rbm") => Channel::new("rcs").ok(),
        Some(word) => Some(
            Channel::new(word)
                .map_err(|_| Refused::invalid("Channel", "expected a channel such as `sms`"))?,
        ),
    };
    // A Service or verification that is not there has no attempts: that is no error.
    let nobody = || "-".to_owned();
    let application = filters.short("VerifyServiceSid", LONGEST)?.map(|sid| {
        let found = face.verifier.directory().service(sid);
        found.map_or_else(nobody, |found| found.application.id.clone())
    });
    let verification = match filters.short("VerificationSid", LONGEST)? {
        None => None,
        Some(named) => Some(
            sid::verification(named)
                .ok_or_else(|| Refused::invalid("VerificationSid", "expected `VE` and 32 digits"))?,
        ),
    };
    let approved = match filters.text("Status")? {
        None => None,
        Some("converted") => Some(true),
        Some("unconverted") => Some(false),
        Some(_) => return Err(Refused::invalid("Status", "expected `converted` or `unconverted`")),
    };
    let all = Wanted { application, to, since, until, after: None, most: 100 };
    Ok(WantedSends { all, channel, verification, approved, region })
}
