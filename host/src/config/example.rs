//! The documented file: it is what a host without a file uses, and all of it is true.

use super::{Config, Draft, EXAMPLE, Environment, Mistakes, shelf::Shelf};
use crate::plugin::Settings;
use provider_api::Manifest;
use std::{collections::BTreeSet, path::Path};

/// The keys that have no default: required, or examples of what may be said. A route has none either, but the only
/// provider of a channel is its route anyway.
const WITHOUT_DEFAULT: [&str; 29] = [
    "providers.dry_run.canary",
    "server.public_url",
    "applications.web.service_sid",
    "twilio.account_sid",
    "twilio.auth_token",
    "server.proxy",
    "server.allow_test_recipients",
    "applications.web.test_recipients.\"+15005550006\"",
    "site.variables.company",
    "site.prefixes.\"+41\"",
    "site.prefixes.\"+4122\"",
    "providers.dry_run.prices.\"+44\"",
    "providers.dry_run.prices.default",
    "providers.dry_run.templates.generic",
    "providers.dry_run.templates.sign_in",
    "providers.dry_run.templates.locales.de.generic",
    "applications.web.templates.sms.generic",
    "applications.web.templates.email.generic",
    "applications.web.templates.email.locales.fr.generic",
    "libraries.signers",
    "providers.dry_run.sha256",
    "providers.dry_run.allow_hosts",
    "providers.dry_run.config.outbox",
    "applications.web.api_keys",
    "applications.web.methods",
    "applications.web.preferred",
    "applications.web.senders",
    "applications.web.webhook_url",
    "applications.web.webhook_secret",
];

/// The example with every setting in force: a line that begins with `#` and no space is one.
fn uncommented() -> String {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(prose) if prose.starts_with(' ') => "",
        Some(setting) => setting,
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn read(text: &str) -> Result<Config, Mistakes> {
    let mut manifest = Manifest::default();
    manifest.id = "dry_run".to_owned();
    manifest.channels = vec!["*".to_owned()];
    manifest.config_schema = serde_json::json!({
        "type": "object",
        "properties": { "outbox": { "type": "string" } },
        "additionalProperties": false,
    });
    let found = [manifest];
    let environment = Environment::of([
        ("PASSRELAY_WEB_KEY", "a-key-of-twenty-characters"),
        ("PASSRELAY_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("TWILIO_AUTH_TOKEN", "a-token-of-twenty-characters"),
    ]);
    Draft::parse(text, Path::new("passrelay.toml"), environment).finish_with(&Shelf::new(&found, &[], &[]))
}

/// Everything that a configuration means.
fn meaning(config: &Config) -> String {
    let providers: Vec<_> = config
        .providers
        .values()
        .map(|settings| {
            let Settings { sha256, allow_private_addresses, allow_hosts, .. } = settings;
            (settings, sha256, allow_private_addresses, allow_hosts, settings.config.to_string())
        })
        .collect();
    format!("{config:?} {providers:?}")
}

/// Each `key = value` line with its full name.
fn settings(text: &str) -> Vec<(usize, String)> {
    let mut table = String::new();
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_end_matches(']').to_owned();
        } else if let Some((key, _)) = line.split_once(" = ") {
            found.push((number, format!("{table}.{key}")));
        }
    }
    found
}

#[test]
fn a_host_without_a_file_uses_the_documented_one() {
    let empty = read("").unwrap();
    let example = read(EXAMPLE).unwrap();
    assert_eq!(meaning(&empty), meaning(&example));
    assert_eq!(example.warnings, []);
    assert!(example.providers.is_empty() && example.applications.is_empty());
    assert_eq!(example.server.listen.to_string(), "127.0.0.1:8080");
}

#[test]
fn all_of_the_documented_file_can_be_put_in_force() {
    let config = read(&uncommented()).unwrap();
    assert_eq!((&config.warnings, &config.notes), (&Vec::new(), &Vec::new()));
    assert!(config.providers.contains_key("dry_run") && config.applications.contains_key("web"));
}

#[test]
fn every_documented_default_is_the_true_one() {
    let text = uncommented();
    let whole = meaning(&read(&text).unwrap());
    let settings = settings(&text);
    assert!(settings.len() > 25, "{settings:?}");
    for (number, name) in settings {
        let lines = text.lines().enumerate().filter(|(other, _)| *other != number);
        let without = lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n");
        let same = read(&without).is_ok_and(|config| meaning(&config) == whole);
        assert_eq!(same, !WITHOUT_DEFAULT.contains(&name.as_str()), "{name}");
    }
}

/// The reader itself says which keys it knows: it is asked with one that it does not.
#[test]
fn every_key_of_the_reader_stands_in_the_documented_file() {
    let text = uncommented();
    let documented: BTreeSet<String> = settings(&text).into_iter().map(|(_, name)| name).collect();
    let tables: BTreeSet<String> = text
        .lines()
        .filter_map(|line| Some(line.strip_prefix('[')?.trim_end_matches(']').to_owned()))
        .collect();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let is_free = |table: &&str| {
        ["routes", "site.variables", "site.prefixes", "applications.web.test_recipients"].contains(table)
            || table.contains(".templates")
            || table.ends_with(".prices")
    };
    for table in tables.iter().map(String::as_str).filter(|table| !is_free(table)).chain([""]) {
        let asking = "qqqqqqqqqqqqqqqqqqqq = 1";
        let asked = match table {
            "" => format!("{asking}\n{text}"),
            table => text.replace(&format!("[{table}]\n"), &format!("[{table}]\n{asking}\n")),
        };
        let mistakes = read(&asked).unwrap_err();
        let hint = mistakes.iter().find_map(|mistake| mistake.hint.clone()).unwrap();
        let keys =
            hint.trim_start_matches("known here: ").split(", ").map(|key| key.trim_matches('`').to_owned());
        known.extend(keys.map(|key| if table.is_empty() { key } else { format!("{table}.{key}") }));
    }
    assert!(known.len() > 30, "{known:?}");
    for key in known {
        let is_table = tables.iter().any(|table| *table == key || table.starts_with(&format!("{key}.")));
        assert!(is_table || documented.contains(&key), "`{key}` is not documented");
    }
}
