//! `[site]`: whom messages speak for.

use super::{
    providers::WORD,
    report::Report,
    section::{Field, Section},
};
use crate::template::{Locale, Site, is_built_in};
use provider_api::{EmailAddress, is_word};
use std::collections::BTreeMap;

/// What a language tag is, for hints.
pub(super) const TAG: &str = "for example \"en\" or \"pt-BR\"";

/// Reads `[site]`.
pub(super) fn read(mut site: Section<'_>, report: &mut Report) -> Site {
    let name = site.find("name").and_then(|field| field.filled(report)).unwrap_or("Passrelay");
    let support_email = site.find("support_email").and_then(|field| {
        let text = field.text(report)?;
        match EmailAddress::parse(text) {
            Err(_) if text.is_empty() => None,
            Err(why) => {
                field.wrong(&format!("is no e-mail address: {why}"), None, report);
                None
            }
            Ok(address) => Some(address.as_str().to_owned()),
        }
    });
    let locale = site.find("locale").and_then(|field| locale(&field, report));
    let variables = variables(&site.table("variables", report), report);
    let prefixes = prefixes(&site.table("prefixes", report), report);
    site.close(report);
    Site {
        name: name.to_owned(),
        support_email: support_email.unwrap_or_default(),
        locale: locale.unwrap_or_else(Locale::english),
        variables,
        prefixes,
    }
}

fn locale(field: &Field<'_>, report: &mut Report) -> Option<Locale> {
    let locale = field.text(report)?.parse().ok();
    if locale.is_none() {
        field.wrong("is no language tag", TAG.to_owned(), report);
    }
    locale
}

fn variables(table: &Section<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    for field in table.fields() {
        let Some(value) = field.text(report) else { continue };
        if is_built_in(field.key) {
            let what = format!("`{}` is a variable already", field.path);
            report.mistake(field.key_at, what, Some("choose another name".to_owned()));
        } else if is_word(field.key) {
            read.insert(field.key.to_owned(), value.to_owned());
        } else {
            let what = format!("`{}` is no name for a variable", field.path);
            report.mistake(field.key_at, what, Some(WORD.to_owned()));
        }
    }
    read
}

/// Whether phone numbers may begin with it: `+` and 1 to 15 digits (E.164), of which the first is no zero.
pub(super) fn is_prefix(written: &str) -> bool {
    let digits = written.strip_prefix('+').unwrap_or_default();
    let is_short = (1..=15).contains(&digits.len());
    is_short && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn prefixes(table: &Section<'_>, report: &mut Report) -> BTreeMap<String, Locale> {
    let mut read = BTreeMap::new();
    for field in table.fields() {
        let locale = locale(&field, report);
        if !is_prefix(field.key) {
            let what = format!("`{}` has a key that no number begins with", table.path());
            report.mistake(field.key_at, what, Some("`+` and digits in quotes: \"+41\" = \"fr\"".to_owned()));
        } else if let Some(locale) = locale {
            read.insert(field.key.to_owned(), locale);
        }
    }
    read
}
