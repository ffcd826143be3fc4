//! Rules: what a library says of itself.

use super::{Door, exam::Exam};
use crate::{
    API_VERSION, AVAILABILITY, Channel, EVERY_CHANNEL, FILES, LEAST_HOST, Manifest, NETWORK,
    hosts::{self, Pattern},
    is_word,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Asks what the library says of itself; nothing where that cannot be read.
pub(super) fn ask(exam: &mut Exam<'_>, door: &dyn Door) -> Option<Manifest> {
    exam.rule("manifest_is_readable");
    let manifest = match door.manifest() {
        Ok(manifest) => manifest,
        Err(cause) => {
            exam.demand(false, || format!("the manifest cannot be read: {cause}"));
            return None;
        }
    };
    // Without versions and the readme: a transcript outlives a release and a better sentence.
    exam.note(
        "manifest",
        json!({
            "id": manifest.id, "title": manifest.title, "channels": manifest.channels,
            "capabilities": manifest.capabilities, "needs": manifest.needs, "hosts": manifest.hosts,
            "config_schema": manifest.config_schema,
        }),
    );
    judge(exam, &manifest);
    judge_hosts(exam, &manifest);
    judge_schema(exam, &manifest.config_schema);
    Some(manifest)
}

fn judge(exam: &mut Exam<'_>, manifest: &Manifest) {
    exam.rule("manifest_is_complete");
    exam.demand(is_word(&manifest.id), || {
        format!("the id `{}` is no lower-case word: in `export_provider!`, `id = \"acme_sms\"`", manifest.id)
    });
    exam.demand(!manifest.title.trim().is_empty(), || {
        "the title is empty: in `export_provider!`, `title = \"Acme SMS\"`".to_owned()
    });
    exam.demand(major(&manifest.version).is_some(), || {
        format!(
            "the version `{}` is no semantic version: in `Cargo.toml`, `version = \"1.0.0\"`",
            manifest.version
        )
    });

    exam.rule("versions_fit");
    exam.demand(major(&manifest.api) == major(API_VERSION), || {
        format!(
            "built with provider-api {}, and this is {API_VERSION}: build it with that major version",
            manifest.api
        )
    });
    exam.demand(major(&manifest.host) == major(LEAST_HOST), || {
        format!(
            "wants a host of version {}, and this is {API_VERSION}: build it with that major version",
            manifest.host
        )
    });

    exam.rule("channels_are_words");
    exam.demand(!manifest.channels.is_empty(), || {
        "it delivers on no channel: in `export_provider!`, `channels = [\"sms\"]`".to_owned()
    });
    for channel in &manifest.channels {
        exam.demand(channel == EVERY_CHANNEL || Channel::new(channel).is_ok(), || {
            format!(
                "the channel `{channel}` is no lower-case word: in `export_provider!`, `channels = [\"sms\"]`"
            )
        });
    }

    exam.rule("capabilities_are_known");
    for capability in &manifest.capabilities {
        exam.demand(capability == AVAILABILITY, || {
            format!("the capability `{capability}` is not known: `export_provider!` takes `{AVAILABILITY}`")
        });
    }

    exam.rule("needs_are_known");
    for need in &manifest.needs {
        exam.demand([FILES, NETWORK].contains(&need.as_str()), || {
            format!("the need `{need}` is not known: `export_provider!` takes `{FILES}` and `{NETWORK}`")
        });
    }
}

fn judge_hosts(exam: &mut Exam<'_>, manifest: &Manifest) {
    exam.rule("hosts_are_known");
    exam.demand(manifest.hosts.len() <= hosts::MOST, || {
        format!(
            "`hosts` of `export_provider!` has {} items, of at most {}",
            manifest.hosts.len(),
            hosts::MOST
        )
    });
    for host in &manifest.hosts {
        match Pattern::parse(host) {
            Err(cause) => exam.demand(false, || format!("in `hosts` of `export_provider!`: {cause}")),
            Ok(Pattern::Key(key)) => exam.demand(hosts::is_key_of(&manifest.config_schema, &key), || {
                format!("`hosts` of `export_provider!` names `{host}`, and `Config` has no such key")
            }),
            Ok(_) => {}
        }
    }
}

fn judge_schema(exam: &mut Exam<'_>, schema: &Value) {
    exam.rule("configuration_is_an_object");
    exam.demand(schema.get("type").and_then(Value::as_str) == Some("object"), || {
        "the schema of the configuration is not that of an object: `Config` must be a struct with named fields"
            .to_owned()
    });

    exam.rule("every_key_is_explained");
    for (key, value) in properties(schema) {
        let help = value.get("description").and_then(Value::as_str).unwrap_or_default();
        exam.demand(!help.trim().is_empty(), || {
            format!("the key `{key}` has no help: write a doc comment above it in `Config`")
        });
    }
}

/// The keys of a configuration with the schema of each, in the order of the alphabet: whether JSON objects keep theirs
/// is decided by whoever builds `serde_json`.
pub(super) fn properties(schema: &Value) -> BTreeMap<&String, &Value> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten().collect()
}

/// The major version of `1.2.3`, `1.2.3-rc.1` or `1.2.3+build`.
fn major(version: &str) -> Option<u64> {
    let numbers = version.split(['-', '+']).next()?;
    let numbers: Vec<u64> = numbers.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    if numbers.len() == 3 { numbers.first().copied() } else { None }
}
