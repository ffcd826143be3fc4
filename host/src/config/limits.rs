//! `[limits]` and `[applications.ID.limits]`: how often something may happen.

use super::{
    report::Report,
    section::{Field, Section},
    tree::Value,
};
use crate::{
    clock::span,
    limit::{Guessing, Rate, Rules},
};
use std::{ops::RangeInclusive, time::Duration};

const FORM: &str = r#"how often within which time: "5 per 10m"; "off" for no limit"#;
const FORMS: &str = r#"each of them holds: ["60 per 1m", "180 per 1h"]; "off" for no limit"#;
const QUOTAS: RangeInclusive<u32> = 1..=1_000_000_000;
const SPANS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(31 * 24);
/// The most rates that hold at once.
const MOST: usize = 4;

/// Reads a table of limits; where it says nothing, `common` does.
pub(super) fn read(mut limits: Section<'_>, common: &Rules, report: &mut Report) -> Rules {
    let recipient = limits.find("sends_per_recipient");
    let member = limits.find("sends_per_member");
    let application = limits.find("sends_per_application");
    let api_key = limits.find("sends_per_api_key");
    let client_ip = limits.find("sends_per_client_ip");
    let reads = limits.find("reads_per_verification");
    let failed = limits.find("failed_checks");
    let in_a_row = limits.find("failed_checks_in_a_row");
    let members = limits.find("members");
    limits.close(report);
    let mut or = |field: Option<Field<'_>>, common: Option<Rate>| {
        field.map_or(common, |field| rate(&field, FORM, report))
    };
    let sends_per_recipient = or(recipient, common.sends_per_recipient);
    let sends_per_member = or(member, common.sends_per_member);
    let sends_per_application = or(application, common.sends_per_application);
    let sends_per_api_key = or(api_key, common.sends_per_api_key);
    let sends_per_client_ip = or(client_ip, common.sends_per_client_ip);
    let failed_checks = or(failed, common.guessing.failed_checks);
    let failed_in_a_row =
        in_a_row.map_or(common.guessing.failed_in_a_row, |field| count(&field, 1_000_000, report));
    let members = members.map_or(common.members, |field| count(&field, 1_000_000_000, report));
    Rules {
        sends_per_recipient,
        sends_per_member,
        sends_per_application,
        sends_per_api_key,
        sends_per_client_ip,
        reads_per_verification: reads
            .map_or_else(|| common.reads_per_verification.clone(), |field| rates(&field, report)),
        guessing: Guessing { failed_checks, failed_in_a_row },
        members,
    }
}

/// A rate; none if it is "off" or a mistake, which is told.
fn rate(field: &Field<'_>, form: &str, report: &mut Report) -> Option<Rate> {
    let Value::Text(written) = &field.node.value else {
        field.wrong(&format!("must be a rate, not {}", field.node.kind()), form.to_owned(), report);
        return None;
    };
    if is_off(field) {
        return None;
    }
    let Some((quota, window)) = parts(written) else {
        field.wrong("is no rate", form.to_owned(), report);
        return None;
    };
    let quota = quota.parse().ok().filter(|quota| QUOTAS.contains(quota));
    if quota.is_none() {
        let (least, most) = (QUOTAS.start(), QUOTAS.end());
        field.wrong(&format!("must allow between {least} and {most}"), None, report);
    }
    let window = span::parse(window).filter(|span| SPANS.contains(span));
    if window.is_none() {
        let (least, most) = (span::write(*SPANS.start()), span::write(*SPANS.end()));
        field.wrong(&format!("must count over {least} to {most}"), None, report);
    }
    Some(Rate::new(quota?, window?))
}

/// The two sides of `5 per 10m`; the first is digits, the second a span of time of whatever length.
fn parts(written: &str) -> Option<(&str, &str)> {
    let mut words = written.split_ascii_whitespace();
    let (quota, per, window) = (words.next()?, words.next()?, words.next()?);
    let is_number = quota.bytes().all(|b| b.is_ascii_digit());
    let is_rate = is_number && per == "per" && span::parse(window).is_some() && words.next().is_none();
    is_rate.then_some((quota, window))
}

fn rates(field: &Field<'_>, report: &mut Report) -> Vec<Rate> {
    if is_off(field) {
        return Vec::new();
    }
    if matches!(field.node.value, Value::Text(_)) {
        return rate(field, FORMS, report).into_iter().collect();
    }
    let items = field.list(FORMS, report).unwrap_or_default();
    if items.len() > MOST {
        field.wrong(&format!("holds more than {MOST} rates"), None, report);
    }
    for item in items.iter().filter(|item| is_off(item)) {
        item.wrong("has \"off\" beside others", FORMS.to_owned(), report);
    }
    items.iter().filter_map(|item| rate(item, FORMS, report)).collect()
}

/// A count, or "off".
fn count(field: &Field<'_>, most: u32, report: &mut Report) -> Option<u32> {
    if is_off(field) {
        return None;
    }
    if let Value::Text(_) = field.node.value {
        field.wrong("must be a whole number or \"off\"", None, report);
        return None;
    }
    field.whole(1..=most, report)
}

fn is_off(field: &Field<'_>) -> bool {
    matches!(&field.node.value, Value::Text(text) if text == "off")
}
