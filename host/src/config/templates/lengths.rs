//! Texts that would go as more than one SMS: each part is paid.

use super::{Placed, Texts};
use crate::{
    config::{applications, providers, report::Report, shelf::Shelf},
    route::Routes,
    template::{Site, Values},
};
use provider_api::{Channel, Encoding, Segments};

/// Notes every text for SMS that needs more than one with the longest code, the site's name and a name of 20 characters.
pub(in crate::config) fn note_lengths(
    site: &Site,
    providers: &[providers::Typed],
    applications: &[applications::Typed],
    routes: &Routes,
    shelf: &Shelf<'_>,
    report: &mut Report,
) {
    let Ok(sms) = Channel::new("sms") else { return };
    let longest = applications.iter().map(|typed| typed.application.policy.length).max().unwrap_or(6);
    for provider in providers {
        let manifest = shelf.manifest(&provider.settings.library);
        let serves = manifest.is_some_and(|manifest| manifest.channels.iter().any(|word| word == "sms"));
        if serves || routes.of(&sms).contains(&provider.settings.id) {
            note(&provider.templates, site, longest, report);
        }
    }
    for typed in applications {
        if let Some(texts) = typed.templates.get(&sms) {
            note(texts, site, typed.application.policy.length, report);
        }
    }
}

fn note(texts: &Texts, site: &Site, length: u8, report: &mut Report) {
    let values = Values::sample(site, length, true);
    for Placed { path, at, text } in &texts.placed {
        let Ok(said) = text.render(&values) else { continue };
        let Segments { encoding, units, parts, foreign, .. } = Segments::of(&said);
        if parts < 2 {
            continue;
        }
        let (most, unit) = match encoding {
            Encoding::Gsm7 => (encoding.alone(), "characters"),
            _ => (encoding.alone(), "units"),
        };
        let mut what =
            format!("`{path}` takes {parts} SMS: {units} {unit} of {encoding}, and one holds {most}");
        let found = foreign.and_then(|c| text.as_str().find(c));
        if let Some(foreign) = foreign {
            let whose = if found.is_some() { "" } else { ", which is a value's," };
            // With its number: a no-break space looks like any other.
            let number = u32::from(foreign);
            what = format!("{what}; `{foreign}` (U+{number:04X}){whose} is outside of GSM-7");
        }
        let place = found.map_or(*at, |byte| report.inside(*at, text.as_str(), byte));
        let hint =
            foreign.map(|_| format!("without such characters one SMS holds {}", Encoding::Gsm7.alone()));
        report.note(place, what, hint);
    }
}
