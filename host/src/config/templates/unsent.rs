//! Texts for a channel that nothing delivers on.

use crate::config::{applications, providers, report::Report, section::named, shelf::Shelf, suggestion};
use crate::route::Routes;

/// Notes every channel with texts that no provider serves, unless a library that is not there may be the one.
pub(in crate::config) fn note_unsent(
    providers: &[providers::Typed],
    applications: &[applications::Typed],
    routes: &Routes,
    shelf: &Shelf<'_>,
    report: &mut Report,
) {
    let enabled = || providers.iter().map(|typed| &typed.settings).filter(|settings| settings.enabled);
    if enabled().any(|settings| shelf.manifest(&settings.library).is_none()) {
        return;
    }
    for typed in applications {
        for (channel, texts) in &typed.templates {
            let served = enabled().any(|settings| shelf.serves(&settings.library, channel) == Some(true));
            if served || !routes.of(channel).is_empty() {
                continue;
            }
            let path = format!("applications.{}.templates", typed.application.id);
            let what = match named(channel.as_str()) {
                Some(channel) => {
                    format!("`{path}.{channel}` is never sent: no provider delivers on `{channel}`")
                }
                None => format!("`{path}` has texts for a channel that no provider delivers on"),
            };
            let known = routes.iter().map(|(channel, _)| channel.as_str());
            let meant = suggestion::nearest(channel.as_str(), known);
            report.note(texts.at, what, meant.map(|word| format!("did you mean `{word}`?")));
        }
    }
}
