//! The older keys of the server: what still hangs on each, and when its line may go.

use super::Finding;
use crate::{
    seal::{Chance, Keys},
    store::{Hanging, Kind, Need},
};
use std::path::Path;

/// One finding for each key that is not the newest, and for each that records need and the file has not.
pub(super) fn look(file: &Path, hanging: &[Hanging]) -> Vec<Finding> {
    // What is wrong with the file was told before; one that is not there is not made.
    if !file.exists() {
        return Vec::new();
    }
    let Ok(keys) = Keys::open_or_create(file, &Chance::system()) else { return Vec::new() };
    let of = |id: &str| hanging.iter().filter(|hanging| hanging.key == id).collect::<Vec<_>>();
    let older = keys.older().map(|key| finding(key.id(), &of(key.id())));
    let mut gone: Vec<&str> = hanging.iter().map(|hanging| hanging.key.as_str()).collect();
    gone.retain(|id| keys.by_id(id).is_none() && !keys.is_lost(id));
    gone.sort_unstable();
    gone.dedup();
    let gone = gone.into_iter().map(|id| {
        let detail = format!("key `{id}` is not in the key file: {}", needs(&of(id)));
        let remedy = format!("put its line back, or write `lost {id}` if it is lost for good");
        Finding::fail("older key", detail, remedy)
    });
    older.chain(gone).collect()
}

fn finding(id: &str, hanging: &[&Hanging]) -> Finding {
    if hanging.is_empty() {
        return Finding::ok("older key", format!("nothing hangs on key `{id}`: its line may go"));
    }
    let detail = format!("key `{id}` is still needed: {}", needs(hanging));
    let is_used = hanging.iter().any(|hanging| hanging.by == Need::Name(Kind::ApiKey));
    let is_stale = hanging.iter().any(|hanging| {
        let anew = [Kind::Member, Kind::Entity, Kind::Factor].map(Need::Name);
        hanging.by == Need::Seal || anew.contains(&hanging.by) || hanging.until.is_none()
    });
    let lasts = hanging.iter().filter_map(|hanging| hanging.until).max();
    let until = lasts.map(|until| format!(" (the last of the others ends {until:.0})")).unwrap_or_default();
    let remedy = match (is_used, is_stale) {
        (true, _) => format!("leave its line, and use each of those API keys once or revoke it{until}"),
        (false, true) => format!("leave its line: the server makes them anew while it runs{until}"),
        (false, false) => format!("leave its line{until}"),
    };
    Finding { remedy: Some(remedy), ..Finding::ok("older key", detail) }
}

/// What needs a key, each with its number.
fn needs(hanging: &[&Hanging]) -> String {
    let need = |hanging: &&Hanging| {
        let what = match hanging.by {
            Need::Seal => "records sealed under it",
            Need::Name(Kind::Verification) => "verifications",
            Need::Name(Kind::Delivery) => "deliveries",
            Need::Name(Kind::Slot) => "pending slots",
            Need::Name(Kind::Idempotency) => "remembered answers",
            Need::Name(Kind::Limit) => "counts of limits",
            Need::Name(Kind::Application) => "applications",
            Need::Name(Kind::ApiKey) => "API keys",
            Need::Name(Kind::Member) => "members",
            Need::Name(Kind::Count) => "counts",
            Need::Name(Kind::Event) => "events",
            Need::Name(Kind::Entity) => "entities",
            Need::Name(Kind::Factor) => "factors",
            Need::Name(Kind::Challenge) => "challenges",
            Need::Name(Kind::SafeList) => "safe lists",
        };
        format!("{what}: {}", hanging.records)
    };
    hanging.iter().map(need).collect::<Vec<_>>().join(", ")
}
