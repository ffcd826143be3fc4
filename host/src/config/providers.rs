//! `[providers.ID]`: what an operator says about each provider.

use super::{
    hosts::{self, Permitted},
    prices,
    report::Report,
    section::{Field, Section},
    templates::{self, Texts},
    tree::Node,
};
use crate::{
    delivery::PriceTable,
    plugin::{Canary, Isolation, Sandbox, Settings},
    template::Site,
};
use provider_api::is_word;
use serde_json::json;
use std::time::Duration;

/// The shortest and the longest time one call may take.
const TIMEOUTS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_mins(5));

/// How long one call may take by default.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many calls may wait or run at once by default.
const QUEUE: u32 = 1024;

/// The keys beside `config` that are mistaken for the library's own.
pub(super) const KEYS: [&str; 10] = [
    "enabled",
    "library",
    "isolation",
    "sandbox",
    "timeout",
    "queue",
    "sha256",
    "canary",
    "allow_private_addresses",
    "allow_hosts",
];

/// A provider as far as it is known before its library is.
#[derive(Clone)]
pub(super) struct Typed {
    /// Where its name stands.
    pub(super) at: usize,
    /// Where its `isolation` stands, if it does.
    pub(super) isolation_at: Option<usize>,
    /// What is known; its `config` is still empty.
    pub(super) settings: Settings,
    /// The library's own keys, as they stand in the file; `None` if what stands there is no table.
    pub(super) config: Option<Node>,
    /// The hosts that it may reach, if the file says.
    pub(super) hosts: Option<Permitted>,
    /// What their table is called.
    pub(super) path: String,
    /// What its messages cost, if the file says.
    pub(super) prices: Option<PriceTable>,
    /// What its messages say.
    pub(super) templates: Texts,
}

/// Reads `[providers]`.
pub(super) fn read(providers: &Section<'_>, site: &Site, report: &mut Report) -> Vec<Typed> {
    providers.fields().iter().filter_map(|field| provider(field, site, report)).collect()
}

fn provider(field: &Field<'_>, site: &Site, report: &mut Report) -> Option<Typed> {
    let mut table = field.table(report)?;
    let enabled = table.find("enabled").and_then(|field| field.flag(report)).unwrap_or(true);
    let library =
        table.find("library").and_then(|field| word(&field, "library", report)).unwrap_or(field.key);
    let isolations = [("process", Isolation::Process), ("thread", Isolation::Thread)];
    let isolation = table.find("isolation").and_then(|field| field.word(&isolations, report));
    let isolation_at = table.find("isolation").map(|field| field.node.at);
    let sandboxes = [("strict", Sandbox::Strict), ("network", Sandbox::Network), ("off", Sandbox::Off)];
    let sandbox = table.find("sandbox").and_then(|field| {
        if isolation == Some(Isolation::Thread) {
            let hint = "leave it out, or write `isolation = \"process\"`";
            field.wrong("means nothing with `isolation = \"thread\"`", hint.to_owned(), report);
        }
        field.word(&sandboxes, report)
    });
    let timeout = table.find("timeout").and_then(|field| field.span(TIMEOUTS.0..=TIMEOUTS.1, report));
    let queue = table.find("queue").and_then(|field| field.whole(1_u32..=65_536, report)).unwrap_or(QUEUE);
    let sha256 = table.find("sha256").and_then(|field| sha256(&field, report));
    let canary = table.find("canary").and_then(|field| canary(&field, report));
    let private = table.find("allow_private_addresses").and_then(|field| field.flag(report));
    let hosts = table.find("allow_hosts").and_then(|field| hosts::read(&field, report));
    let config = match table.find("config") {
        Some(config) => config.table(report).map(|_| config.node.clone()),
        None => Some(Node::empty_table(table.at())),
    };
    let templates = table.find("templates").and_then(|field| templates::texts(&field, site, report));
    let prices = table.find("prices").and_then(|field| Some(prices::read(&field.table(report)?, report)));
    table.close(report);
    if !is_word(field.key) {
        report.mistake(
            field.key_at,
            format!("`{}` is no name for a provider", field.path),
            Some(WORD.to_owned()),
        );
        return None;
    }
    Some(Typed {
        at: field.key_at,
        isolation_at,
        settings: Settings {
            id: field.key.to_owned(),
            enabled,
            library: library.to_owned(),
            isolation: isolation.unwrap_or(Isolation::Process),
            sandbox: sandbox.unwrap_or(Sandbox::Strict),
            timeout: timeout.unwrap_or(TIMEOUT),
            queue: usize::try_from(queue).unwrap_or(usize::MAX),
            sha256,
            allow_private_addresses: private.unwrap_or(false),
            allow_hosts: hosts.as_ref().map(Permitted::patterns),
            config: json!({}),
            canary,
        },
        config,
        hosts,
        path: format!("{}.config", field.path),
        prices,
        templates: templates.unwrap_or_default(),
    })
}

/// A provider of which nothing stands in a file but its own keys, named like its library.
pub(super) fn of_keys(library: &str, keys: Node) -> Typed {
    let settings = Settings {
        id: library.to_owned(),
        enabled: true,
        library: library.to_owned(),
        isolation: Isolation::Process,
        sandbox: Sandbox::Strict,
        timeout: TIMEOUT,
        queue: usize::try_from(QUEUE).unwrap_or(usize::MAX),
        sha256: None,
        allow_private_addresses: false,
        allow_hosts: None,
        config: json!({}),
        canary: None,
    };
    let templates = Texts::default();
    let path = "config".to_owned();
    Typed {
        at: 0,
        isolation_at: None,
        settings,
        config: Some(keys),
        hosts: None,
        path,
        prices: None,
        templates,
    }
}

/// What a name is, for hints.
pub(super) const WORD: &str = "a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first";

fn word<'a>(field: &Field<'a>, of: &str, report: &mut Report) -> Option<&'a str> {
    let text = field.text(report)?;
    if !is_word(text) {
        field.wrong(&format!("is no name of a {of}"), WORD.to_owned(), report);
        return None;
    }
    Some(text)
}

/// Reads `canary`: another file of the library, and its share.
fn canary(field: &Field<'_>, report: &mut Report) -> Option<Canary> {
    const SHARE: &str = "of a hundred deliveries so many: 1 to 99";
    let mut table = field.table(report)?;
    let hash = table.require("sha256", HASH, report).and_then(|field| sha256(&field, report));
    let weight = table.require("weight", SHARE, report).and_then(|field| field.whole(1_u8..=99, report));
    table.close(report);
    Some(Canary { sha256: hash?, weight: weight?, config: Ok(json!({})) })
}

/// What a hash is, for hints.
const HASH: &str = "64 hexadecimal digits, as `sha256sum FILE` prints them";

fn sha256(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = field.text(report)?;
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some(text.to_ascii_lowercase());
    }
    field.wrong("is no SHA-256", HASH.to_owned(), report);
    None
}
