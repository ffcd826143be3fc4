//! Rules: wrong configurations are refused without a word of what stood in them, the right one opens.

use super::{Door, Session, exam::Exam, manifest::properties};
use crate::{
    Address, Channel, DeliveryError, EVERY_CHANNEL, Failure, Manifest, OpenAnswer, abi::frame, abi::ops,
};
use serde_json::{Value, json};

/// Stands where something else should; no answer may hold it.
const MARKER: &str = "planted-9f8e7d6c5b4a";
const PLANTED: (&str, &str) = ("a value of the configuration", MARKER);

type Opened = Result<(OpenAnswer, Box<dyn Session>), DeliveryError>;

/// Opens with every kind of wrong configuration.
pub(super) fn refuse_what_is_wrong(exam: &mut Exam<'_>, door: &dyn Door, manifest: &Manifest) {
    exam.rule("wrong_configuration_is_refused");
    for (step, config) in [
        ("open with null", Value::Null),
        ("open with a number", json!(7)),
        ("open with a text", json!(MARKER)),
        ("open with a list", json!([MARKER])),
    ] {
        let refused = open(exam, door, step, &config).is_err();
        exam.demand(refused, || {
            format!("{step}: `open` takes it, and should not: make `Config` a struct with named fields")
        });
    }

    exam.rule("unknown_keys_are_refused");
    if manifest.config_schema.get("additionalProperties") == Some(&json!(false)) {
        let config = exam.sample.clone().with_key("planted_key", json!(MARKER)).config;
        let refused = open(exam, door, "open with an unknown key", &config).is_err();
        exam.demand(refused, || {
            "`open` takes a key that its schema does not have: `#[serde(deny_unknown_fields)]` on `Config`"
                .to_owned()
        });
    }

    exam.rule("wrong_values_are_survived");
    for (key, schema) in properties(&manifest.config_schema) {
        for (what, value) in wrong_values(schema) {
            let config = exam.sample.clone().with_key(key, value).config;
            drop(open(exam, door, &format!("open with {what} as `{key}`"), &config));
        }
        if schema.get("writeOnly") == Some(&json!(true)) {
            plant_a_secret(exam, door, key);
        }
    }
}

/// Opens with the sample's configuration, and looks at the addresses.
pub(super) fn take_what_is_right(
    exam: &mut Exam<'_>,
    door: &dyn Door,
    manifest: &Manifest,
) -> Option<Box<dyn Session>> {
    exam.rule("sample_configuration_opens");
    let config = exam.sample.config.clone();
    let (answer, session) = match open(exam, door, "open", &config) {
        Ok(opened) => opened,
        Err(error) => {
            exam.demand(false, || {
                format!("`open` refuses the sample's configuration: {error}; correct the sample's `config`, or `open`")
            });
            return None;
        }
    };

    exam.rule("every_channel_has_an_address");
    for channel in &manifest.channels {
        let declared = match Channel::new(channel) {
            Ok(channel) => Address::for_channel(&answer.addresses, &channel).is_some(),
            Err(_) if channel == EVERY_CHANNEL => {
                answer.addresses.iter().any(|address| address.channel.is_none())
            }
            Err(_) => true,
        };
        exam.demand(declared, || {
            format!(
                "`addresses` declares none for the channel `{channel}`: add `Address::phone`, `email` or `other`, for \
                 it or with `None` for every channel"
            )
        });
    }
    exam.demand(answer.addresses.iter().all(|address| !address.field.trim().is_empty()), || {
        "`addresses` declares an address without the name of a member's field: name one such as `mobile`"
            .to_owned()
    });

    exam.rule("sample_channel_is_served");
    let channel = exam.sample.message.channel.clone();
    exam.demand(manifest.serves(&channel), || {
        format!(
            "the sample's message is for `{channel}`, which `channels` of `export_provider!` lacks: change one of the two"
        )
    });
    Some(session)
}

fn open(exam: &mut Exam<'_>, door: &dyn Door, step: &str, config: &Value) -> Opened {
    let opened = door.open(config);
    let answer = match &opened {
        Ok((answer, _)) => json!({ "ok": answer }),
        Err(error) => json!({ "err": error }),
    };
    exam.reveals_nothing(step, &answer, &[PLANTED]);
    exam.note(step, answer);
    if let Err(error) = &opened {
        exam.demand(error.failure != Failure::Broken, || {
            format!(
                "{step}: `open` is broken: {}; return `DeliveryError::misconfigured` with the key's name",
                error.text
            )
        });
    }
    opened
}

/// A table for anything; also a text where the schema clearly wants none. A text in place of a text may be quoted: only
/// secrets are secret.
fn wrong_values(schema: &Value) -> Vec<(&'static str, Value)> {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or("string");
    let mut values = vec![("a table", json!({ "planted_key": MARKER }))];
    if kind != "string" {
        values.push(("a text", json!(MARKER)));
    }
    values
}

/// A secret of the right kind opens as a rule; then neither `health` nor `deliver` may tell it.
fn plant_a_secret(exam: &mut Exam<'_>, door: &dyn Door, key: &str) {
    let config = exam.sample.clone().with_key(key, json!(MARKER)).config;
    let Ok((_, session)) = open(exam, door, &format!("open with a planted secret as `{key}`"), &config)
    else {
        return;
    };
    let message = frame::encode(&exam.sample.message, &[]);
    for (what, op, request) in
        [("deliver", ops::DELIVER, message), ("health", ops::HEALTH, frame::encode(&(), &[]))]
    {
        let step = format!("{what} with a planted secret as `{key}`");
        exam.call(&step, &*session, op, request.into(), &[PLANTED]);
    }
}
