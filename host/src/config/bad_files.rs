//! Bad files, and exactly what is told about each.

mod alternatives;
mod applications;
mod host;
mod keys;
mod limits;
mod policy;
mod providers;
mod secrecy;
mod templates;
mod twilio;

use super::{Config, Draft, Environment, Mistakes, shelf::Shelf};
use crate::plugin::Refusal;
use provider_api::{Manifest, Secret};
use schemars::JsonSchema;
use std::path::{Path, PathBuf};

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct SmsKeys {
    /// Begins with `AC`; see the console.
    #[schemars(regex(pattern = "^AC[0-9a-f]{4}$"))]
    account_sid: String,
    /// The token beside it.
    auth_token: Secret,
    #[serde(default)]
    spare_token: Option<Secret>,
    #[serde(default)]
    old_tokens: Vec<Secret>,
    #[serde(default)]
    region: Option<Region>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 9))]
    tries: u8,
    #[serde(default)]
    proxy: Option<Proxy>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    ca_file: Option<PathBuf>,
    #[serde(default)]
    base_url: Option<String>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is looked at")]
enum Region {
    /// The United States.
    Us,
    /// Ireland.
    Ie,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Proxy {
    host: String,
    password: Secret,
}

#[derive(JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is looked at")]
enum Mode {
    Plain,
    Signed { key: Secret, rounds: u8 },
}

/// A library with this id and these channels and the keys above.
fn library(id: &str, channels: &[&str]) -> Manifest {
    let mut manifest = Manifest::default();
    manifest.id = id.to_owned();
    manifest.channels = channels.iter().map(|channel| (*channel).to_owned()).collect();
    manifest.config_schema = schemars::schema_for!(SmsKeys).to_value();
    manifest.hosts = ["api.twilio.com", "*.regions.example", "{base_url}"].map(str::to_owned).to_vec();
    manifest
}

fn environment() -> Environment {
    Environment::of([
        ("KEY", "a-key-of-twenty-characters"),
        ("OTHER_KEY", "another-key-of-twenty-characters"),
        ("TOKEN", "a-token"),
        ("EMPTY", ""),
    ])
}

fn read(text: &str) -> Result<Config, Mistakes> {
    let libraries = [
        library("sms_twilio", &["sms", "call"]),
        library("email", &["email"]),
        {
            let mut bare = library("bare", &["push"]);
            bare.config_schema =
                serde_json::json!({ "type": "object", "properties": { "to": { "type": "string" } } });
            bare
        },
        {
            let mut keyless = library("keyless", &["fax"]);
            keyless.config_schema = serde_json::json!({ "type": "object", "additionalProperties": false });
            keyless.hosts = Vec::new();
            keyless
        },
    ];
    let refused = [Refusal {
        file: "providers/libbroken.so".into(),
        id: None,
        sha256: None,
        reason: "it is cut short".to_owned(),
        hint: Some("copy it again".to_owned()),
    }];
    let folders = ["providers".into()];
    Draft::parse(text, Path::new("p.toml"), environment())
        .finish_with(&Shelf::new(&libraries, &refused, &folders).with_c(["keyless"]))
}

/// What is told about a file, without the file's name and the count.
fn told(text: &str) -> Vec<String> {
    let Err(mistakes) = read(text) else { return Vec::new() };
    mistakes.iter().map(|mistake| mistake.to_string().trim_start_matches("p.toml:").to_owned()).collect()
}

const GOOD_PROVIDER: &str = "[providers.sms_twilio.config]\naccount_sid = \"AC00ff\"\nauth_token = \"t\"\n";

/// Every mistake at once: sections, providers, secrets, schema, routes and applications in one go.
#[test]
fn ten_mistakes_are_told_at_once() {
    let text = r#"
[server]
listen = 8080
[store]
url = "redis:x"
[log]
fromat = "json"
[providers.sms_twilio]
timeout = "1h"
[providers.sms_twilio.config]
account_sid = "SK"
auth_token = { env = "NOWHERE" }
tries = 99
[routes]
sms = ["twilio"]
[applications.web]
api_keys = ["short"]
methods = ["sms:code", "email:link"]
"#;
    let told = read(text).unwrap_err();
    let places: Vec<_> =
        told.iter().map(|mistake| (mistake.line.unwrap(), mistake.column.unwrap())).collect();
    assert_eq!(
        places,
        [(3, 10), (5, 7), (7, 1), (9, 11), (11, 15), (12, 22), (13, 9), (15, 8), (17, 13), (18, 24)]
    );
    assert!(told.to_string().ends_with("\n10 mistakes: nothing is started"));
    assert!(told.iter().all(|mistake| mistake.to_string().lines().count() <= 3));
}
