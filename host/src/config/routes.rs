//! `[routes]`: which providers deliver on a channel, and which do where the file says nothing.

use super::{
    applications,
    providers::{self, WORD},
    report::Report,
    section::{Field, Section, named},
    shelf::Shelf,
    suggestion,
};
use crate::route::Routes;
use provider_api::{Channel, EVERY_CHANNEL};
use std::collections::{BTreeMap, BTreeSet};

/// A route as it stands in the file: each provider with the place of its name.
pub(super) type Typed = BTreeMap<Channel, Vec<(String, usize)>>;

/// Reads `[routes]`.
pub(super) fn read(routes: &Section<'_>, report: &mut Report) -> Typed {
    let mut read = Typed::new();
    for field in routes.fields() {
        let providers = providers_of(&field, report);
        if let Ok(channel) = Channel::new(field.key) {
            read.insert(channel, providers);
        } else {
            let what = format!("`{}` is no name for a channel", field.path);
            report.mistake(field.key_at, what, Some(WORD.to_owned()));
        }
    }
    read
}

/// Settled routes as they would stand in a file.
pub(super) fn typed(routes: &Routes) -> Typed {
    let placed = |route: &[String]| route.iter().map(|id| (id.clone(), 0)).collect();
    routes.iter().map(|(channel, route)| (channel.clone(), placed(route))).collect()
}

fn providers_of(field: &Field<'_>, report: &mut Report) -> Vec<(String, usize)> {
    let hint = format!("the providers in order, first choice first: {} = [\"sms_twilio\"]", field.key);
    let mut providers: Vec<(String, usize)> = Vec::new();
    for item in field.list(&hint, report).unwrap_or_default() {
        let Some(id) = item.text(report) else { continue };
        if providers.iter().any(|(other, _)| other == id) {
            item.wrong("names this provider a second time", None, report);
            continue;
        }
        providers.push((id.to_owned(), item.at()));
    }
    providers
}

/// Settles the route of every channel.
///
/// A channel that stands in `[routes]` has the route that stands there. Any other has one only if exactly one enabled
/// provider serves it, so that one provider needs no `[routes]` at all and a second one never silently takes over.
/// It is a mistake if a method needs a route that is not settled by that, unless a library that is missing or refused
/// may be the one that serves the channel: a broken library disables its provider and stops nothing else.
pub(super) fn settle(
    typed: Typed,
    providers: &[providers::Typed],
    applications: &[applications::Typed],
    shelf: &Shelf<'_>,
    report: &mut Report,
) -> Routes {
    let mut routes: BTreeMap<Channel, Vec<String>> = BTreeMap::new();
    for (channel, named) in typed {
        check(&channel, &named, providers, shelf, report);
        routes.insert(channel, named.into_iter().map(|(id, _)| id).collect());
    }
    for channel in served_channels(providers, shelf) {
        if !routes.contains_key(&channel)
            && let [only] = serving(&channel, providers, shelf).as_slice()
        {
            routes.insert(channel, vec![(*only).to_owned()]);
        }
    }
    for application in applications {
        for (method, at) in application.application.methods.iter().zip(&application.methods_at) {
            let is_provider = providers.iter().any(|provider| provider.settings.id == method.target);
            if is_provider || routes.keys().any(|channel| channel.as_str() == method.target) {
                continue;
            }
            let Ok(channel) = Channel::new(&method.target) else { continue };
            match serving(&channel, providers, shelf).as_slice() {
                [only] => routes.extend([(channel, vec![(*only).to_owned()])]),
                candidates => unrouted(&channel, candidates, *at, providers, shelf, &routes, report),
            }
        }
    }
    Routes::new(routes)
}

/// Holds a route that stands in the file against the providers it names.
fn check(
    channel: &Channel,
    route: &[(String, usize)],
    providers: &[providers::Typed],
    shelf: &Shelf<'_>,
    report: &mut Report,
) {
    for (id, at) in route {
        let Some(provider) = providers.iter().find(|provider| provider.settings.id == *id) else {
            let what = match named(id) {
                Some(id) => format!("`routes.{channel}` names `{id}`, which is no configured provider"),
                None => format!("`routes.{channel}` names something that is no configured provider"),
            };
            let ids: Vec<&str> = providers.iter().map(|provider| provider.settings.id.as_str()).collect();
            let hint =
                suggestion::hint(id, &ids).or_else(|| Some("configure it as `[providers.ID]`".to_owned()));
            report.consequence(*at, what, hint);
            continue;
        };
        let library = &provider.settings.library;
        if shelf.serves(library, channel) == Some(false) {
            let channels = shelf.manifest(library).map_or(&[][..], |manifest| manifest.channels.as_slice());
            let channels: Vec<&str> = channels.iter().map(String::as_str).collect();
            let what =
                format!("`routes.{channel}` names `{id}`, whose library does not deliver on `{channel}`");
            report.mistake(*at, what, Some(format!("it delivers on {}", suggestion::listed(&channels))));
        }
    }
}

/// The enabled providers that are known to serve a channel.
fn serving<'a>(channel: &Channel, providers: &'a [providers::Typed], shelf: &Shelf<'_>) -> Vec<&'a str> {
    let enabled = providers.iter().map(|provider| &provider.settings).filter(|settings| settings.enabled);
    enabled
        .filter(|settings| shelf.serves(&settings.library, channel) == Some(true))
        .map(|settings| settings.id.as_str())
        .collect()
}

/// Every channel that an enabled provider's library names.
fn served_channels(providers: &[providers::Typed], shelf: &Shelf<'_>) -> BTreeSet<Channel> {
    let enabled = providers.iter().filter(|provider| provider.settings.enabled);
    let manifests = enabled.filter_map(|provider| shelf.manifest(&provider.settings.library));
    let words = manifests.flat_map(|manifest| &manifest.channels).filter(|word| *word != EVERY_CHANNEL);
    words.filter_map(|word| Channel::new(word).ok()).collect()
}

/// Tells that a method has no route.
fn unrouted(
    channel: &Channel,
    candidates: &[&str],
    at: usize,
    providers: &[providers::Typed],
    shelf: &Shelf<'_>,
    routes: &BTreeMap<Channel, Vec<String>>,
    report: &mut Report,
) {
    if candidates.len() > 1 {
        let what = format!("`{channel}` has no route, and {} serve it", suggestion::listed(candidates));
        let ids: Vec<String> = candidates.iter().map(|id| format!("\"{id}\"")).collect();
        let hint = format!("say which goes first: [routes] {channel} = [{}]", ids.join(", "));
        report.mistake(at, what, Some(hint));
        return;
    }
    let mut enabled = providers.iter().map(|provider| &provider.settings).filter(|settings| settings.enabled);
    if let Some(unknown) = enabled.find(|settings| shelf.manifest(&settings.library).is_none()) {
        let what =
            format!("nothing delivers on `{channel}` while the library of `{}` is not there", unknown.id);
        report.warning(at, what, None);
        return;
    }
    let mut known: Vec<&str> = routes.keys().map(Channel::as_str).collect();
    known.extend(providers.iter().map(|provider| provider.settings.id.as_str()));
    let what = match named(channel.as_str()) {
        Some(name) => format!("`{name}` is no configured provider and no channel that one serves"),
        None => "the method names no configured provider and no channel that one serves".to_owned(),
    };
    let hint = suggestion::nearest(channel.as_str(), known).map_or_else(
        || "configure a provider that serves it as `[providers.ID]`".to_owned(),
        |word| format!("did you mean `{word}`?"),
    );
    report.consequence(at, what, Some(hint));
}
