//! `templates` of a provider, and of an application by channel: what messages say.

mod lengths;
mod unsent;

pub(super) use lengths::note_lengths;
pub(super) use unsent::note_unsent;

use super::{
    applications, providers,
    providers::WORD,
    report::Report,
    section::{Field, Section},
    site::TAG,
    suggestion,
    tree::Value,
};
use crate::template::{Fault, Layer, Locale, PURPOSES, Part, Site, Template, Templates, Text, Wrong};
use provider_api::{Channel, is_word};
use std::collections::BTreeMap;

/// The texts of one owner, and each of them with its place.
#[derive(Clone, Default)]
pub(super) struct Texts {
    /// Where their table is named.
    at: usize,
    layer: Layer,
    placed: Vec<Placed>,
}

/// A plain text with the place where it stands.
#[derive(Clone)]
struct Placed {
    path: String,
    at: usize,
    text: Template,
}

/// Puts all texts together.
pub(super) fn settle(
    site: Site,
    providers: &[providers::Typed],
    applications: &[applications::Typed],
) -> Templates {
    let of_provider = |typed: &providers::Typed| (typed.settings.id.clone(), typed.templates.layer.clone());
    let of_application =
        |typed: &applications::Typed| (typed.application.id.clone(), layers(&typed.templates));
    Templates {
        site,
        providers: providers.iter().map(of_provider).collect(),
        applications: applications.iter().map(of_application).collect(),
        ..Templates::default()
    }
}

/// The texts of an application, by channel.
pub(super) fn layers(texts: &BTreeMap<Channel, Texts>) -> BTreeMap<Channel, Layer> {
    texts.iter().map(|(channel, texts)| (channel.clone(), texts.layer.clone())).collect()
}

/// Reads the texts of one owner: by purpose, and under `locales` the same for each language.
pub(super) fn texts(field: &Field<'_>, site: &Site, report: &mut Report) -> Option<Texts> {
    let table = field.table(report)?;
    let mut texts = Texts { at: field.key_at, ..Texts::default() };
    for field in table.fields() {
        if field.key == "locales" && matches!(field.node.value, Value::Table(_)) {
            let Some(locales) = field.table(report) else { continue };
            of_locales(&locales, site, &mut texts, report);
        } else {
            of_purpose(&field, None, site, &mut texts, report);
        }
    }
    Some(texts)
}

fn of_locales(locales: &Section<'_>, site: &Site, texts: &mut Texts, report: &mut Report) {
    let mut seen: Vec<Locale> = Vec::new();
    for field in locales.fields() {
        let Ok(locale) = field.key.parse::<Locale>() else {
            let what = format!("`{}` is no language tag", field.path);
            report.mistake(field.key_at, what, Some(TAG.replace('"', "`")));
            continue;
        };
        if seen.contains(&locale) {
            report.mistake(field.key_at, format!("`{}` names this language a second time", field.path), None);
            continue;
        }
        let Some(table) = field.table(report) else { continue };
        for field in table.fields() {
            of_purpose(&field, Some(&locale), site, texts, report);
        }
        seen.push(locale);
    }
}

fn of_purpose(
    field: &Field<'_>,
    locale: Option<&Locale>,
    site: &Site,
    texts: &mut Texts,
    report: &mut Report,
) {
    if locale.is_none() && is_language(field) {
        let what = format!("`{}` is a language, where a purpose belongs", field.path);
        report.mistake(field.key_at, what, Some(format!("its texts stand under `locales.{}`", field.key)));
        return;
    }
    let known = PURPOSES.into_iter().chain(locale.is_none().then_some("locales"));
    let meant = suggestion::slip(field.key, known).filter(|_| !PURPOSES.contains(&field.key));
    if meant.is_some() || !is_word(field.key) {
        let what = format!("`{}` is no name for a purpose", field.path);
        let hint = meant.map_or_else(|| WORD.to_owned(), |meant| format!("did you mean `{meant}`?"));
        report.mistake(field.key_at, what, Some(hint));
        return;
    }
    let Some(text) = text(field, site, &mut texts.placed, report) else { return };
    texts.layer.add(locale, field.key, text);
}

/// Whether a table is named like a language and holds texts by purpose.
fn is_language(field: &Field<'_>) -> bool {
    let Value::Table(entries) = &field.node.value else { return false };
    let short = field.key.split(['-', '_']).next().is_some_and(|language| language.len() == 2);
    short && entries.iter().any(|entry| PURPOSES.contains(&entry.key.as_str()))
}

/// A text alone, or with a subject and an HTML part.
fn text(field: &Field<'_>, site: &Site, placed: &mut Vec<Placed>, report: &mut Report) -> Option<Text> {
    const FORMS: &str = "`\"…\"`, or `{ subject = \"…\", text = \"…\", html = \"…\" }`";
    match &field.node.value {
        Value::Text(_) => {
            let text = part(field, Part::Text, site, placed, report)?;
            Some(Text { text, subject: None, html: None })
        }
        Value::Table(_) => {
            let mut table = field.table(report)?;
            let text = table.require("text", FORMS, report);
            let (subject, html) = (table.find("subject"), table.find("html"));
            table.close(report);
            let subject = subject.map(|field| part(&field, Part::Subject, site, placed, report));
            let html = html.map(|field| part(&field, Part::Html, site, placed, report));
            let text = part(&text?, Part::Text, site, placed, report)?;
            Some(Text { text, subject: subject.flatten(), html: html.flatten() })
        }
        _ => {
            field.wrong(&format!("must be a text, not {}", field.node.kind()), FORMS.to_owned(), report);
            None
        }
    }
}

fn part(
    field: &Field<'_>,
    part: Part,
    site: &Site,
    placed: &mut Vec<Placed>,
    report: &mut Report,
) -> Option<Template> {
    let written = field.text(report)?;
    let template = match Template::new(written, part, site) {
        Ok(template) => template,
        Err(faults) => {
            for fault in faults {
                tell(field, written, &fault, site, report);
            }
            return None;
        }
    };
    for (word, at) in template.loose() {
        if !is_word(word) {
            continue;
        }
        let place = report.inside(field.at(), written, at);
        let what = format!("`{}` says `{{{word}}}` as it stands there: that is no variable", field.path);
        let meant = suggestion::nearest(word, Templates::variables(site));
        report.note(place, what, meant.map(|meant| format!("did you mean `{{{meant}}}`?")));
    }
    if part != Part::Subject
        && let Some(missing) = template.half_of_a_payment()
    {
        let what = format!("`{}` says one half of a payment and not `{{{missing}}}`", field.path);
        let hint = "a payment is told by the built-in text instead, as whoever approves it must read both";
        report.note(field.at(), what, Some(hint.to_owned()));
    }
    if part == Part::Text {
        placed.push(Placed { path: field.path.clone(), at: field.at(), text: template.clone() });
    }
    Some(template)
}

fn tell(field: &Field<'_>, written: &str, fault: &Fault, site: &Site, report: &mut Report) {
    let hint = match &fault.wrong {
        Wrong::Unknown(name) => suggestion::hint(name, &Templates::variables(site).collect::<Vec<_>>()),
        Wrong::NoPayload => Some("write `{payload}` where the code belongs".to_owned()),
        Wrong::MayLackPayload => Some("write `{payload}` outside of any `{% if %}`".to_owned()),
        Wrong::Tag(_) => {
            Some("there is `{% if … %}`, `{% elif … %}`, `{% else %}` and `{% for … %}`".to_owned())
        }
        _ => None,
    };
    // What is missing is missing in all of it, and all of it is too much.
    let at = match fault.wrong {
        Wrong::NoPayload | Wrong::MayLackPayload | Wrong::Endless => field.at(),
        _ => report.inside(field.at(), written, fault.at),
    };
    report.mistake_of(field.path.clone(), at, format!("`{}` {}", field.path, fault.wrong), hint);
}
