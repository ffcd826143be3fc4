//! What a sample is, with one to begin with: made from the keys that a library requires.

use crate::{
    cli::{
        Exit,
        page::{Page, printable},
    },
    plugin::schema::Forms,
};
use provider_api::{EVERY_CHANNEL, Manifest};
use serde_json::{Map, Value, json};

/// Explains and shows a skeleton; there is nothing that the library could be asked with.
pub(super) fn page(manifest: &Manifest) -> Page {
    let sample = sample(manifest);
    let text = format!(
        "there is no sample, and without one there is nothing to ask the library with\n\n\
         A sample is a right configuration, a message that is taken, a member to ask about, and what the service\n\
         answers to every HTTP request: nothing is sent. Save this as `sample.json`, fill it in, and try again:\n\n{}",
        printable(&format!("{sample:#}")),
    );
    let what = "there is no `sample.json` here, and `--sample` names none";
    Page::new(text, json!({ "error": what, "hint": "fill in `sample`", "sample": sample }))
        .with_exit(Exit::Failed)
}

fn sample(manifest: &Manifest) -> Value {
    let channel = manifest.channels.first().map_or("sms", String::as_str);
    let channel = if channel == EVERY_CHANNEL { "sms" } else { channel };
    let (field, recipient) = match channel {
        "email" => ("email", "ada@example.com"),
        "sms" | "call" | "whatsapp" | "rcs" | "viber" => ("mobile", "+447700900123"),
        // What an address is there, only its author knows.
        _ => ("…", "…"),
    };
    json!({
        "config": config(&manifest.config_schema),
        "message": {
            "id": "msg_conformance",
            "channel": channel,
            "recipient": recipient,
            "payload": { "kind": "code", "value": "493817" },
            "text": "493817 is your Example code.",
        },
        "member": { "id": "42", "fields": { field: recipient } },
        "http": { "status": 200, "body": "{}" },
    })
}

/// A value of the right kind for each required key; of several sets of keys, for those of the first.
fn config(schema: &Value) -> Value {
    let forms = Forms::of(schema);
    let first = |combination: &str| schema.get(combination).and_then(|forms| forms.get(0));
    let parts = [Some(schema), first("oneOf"), first("anyOf")];
    let required = parts.into_iter().flatten().filter_map(|part| part.get("required")?.as_array()).flatten();
    let keys = required.filter_map(Value::as_str).map(|key| {
        let place = forms.property(key);
        let value = if place.is_secret() { json!("a-secret-of-the-sample") } else { place.example() };
        (key.to_owned(), value)
    });
    Value::Object(keys.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_api::{JsonSchema, Secret, testing::Sample};

    #[derive(JsonSchema)]
    #[schemars(extend("oneOf" = [{ "required": ["token"] }, { "required": ["key"] }]))]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Config {
        from: String,
        token: Option<Secret>,
        key: Option<Secret>,
        region: Region,
        tries: u8,
        senders: Vec<String>,
        #[serde(default)]
        optional: bool,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Region {
        /// Ireland.
        Ie,
    }

    #[test]
    fn the_skeleton_is_a_sample_with_every_required_key() {
        let mut manifest = Manifest::default();
        manifest.channels = vec!["email".to_owned()];
        manifest.config_schema = schemars::schema_for!(Config).to_value();
        let page = page(&manifest);
        assert_eq!(page.exit, Exit::Failed);
        let skeleton = page.text.split_once("try again:\n\n").unwrap().1;
        let sample = Sample::from_json(skeleton).unwrap();
        assert_eq!(
            sample.config,
            json!({ "from": "…", "token": "a-secret-of-the-sample", "region": "ie", "tries": 1, "senders": [] })
        );
        assert_eq!(sample.message.recipient.as_str(), "ada@example.com");
        assert!(sample.http.is_some());
    }
}
