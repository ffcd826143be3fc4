//! Reads a provider's configuration and says which key is wrong, never what stood there.

use crate::{DeliveryError, abi::frame};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Reads the configuration from its frame.
pub(super) fn read<T: DeserializeOwned>(config: &[u8]) -> Result<T, DeliveryError> {
    let refused = |what: String| DeliveryError::misconfigured(format!("the configuration is wrong: {what}"));
    let (head, _) = frame::split(config).map_err(|cause| refused(cause.to_string()))?;
    // serde would also read a struct from a list, by position.
    if head.first() != Some(&b'{') {
        return Err(refused("it is no table of keys and values".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_slice(head);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|cause| refused(explain(&place(cause.path()), cause.inner())))
}

/// serde quotes the value it did not expect, and that may be a secret: only the kind of mistake is kept.
fn explain(place: &str, cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    let inside = if place.is_empty() { String::new() } else { format!(" in `{place}`") };
    if cause.classify() != serde_json::error::Category::Data {
        "it is not JSON".to_owned()
    } else if let Some(rest) = text.strip_prefix("missing field `") {
        format!("the key `{}` is missing{inside}", rest.split('`').next().unwrap_or_default())
    } else if text.starts_with("unknown field") {
        format!("the key `{place}` is not known")
    } else {
        format!("`{place}` has a value of the wrong kind")
    }
}

/// Where it is wrong: `fail[0].first`. The keys of a free map are an operator's own words, perhaps a phone number:
/// what is no lower-case word is left out.
fn place(path: &Path) -> String {
    let mut place = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => place.extend(["[", &index.to_string(), "]"]),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                place += if place.is_empty() { "" } else { "." };
                place += if crate::is_word(key) { key } else { "…" };
            }
            Segment::Unknown => {}
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read, never looked at")]
    struct Config {
        port: u16,
        #[serde(default)]
        hosts: Vec<Host>,
        #[serde(default)]
        members: BTreeMap<String, u8>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only read, never looked at")]
    struct Host {
        name: String,
    }

    #[test]
    fn a_mistake_is_told_with_its_key_and_without_its_value() {
        for (json, said) in [
            (r#"{"port":"hunter2"}"#, "`port` has a value of the wrong kind"),
            (r#"{"prot":"hunter2"}"#, "the key `prot` is not known"),
            (r"{}", "the key `port` is missing"),
            (r#"{"port":1,"hosts":[{"name":"a"},{}]}"#, "the key `name` is missing in `hosts[1]`"),
            (r#"{"port":1,"hosts":[{"name":["hunter2"]}]}"#, "`hosts[0].name` has a value of the wrong kind"),
            (
                r#"{"port":1,"members":{"+447700900123":"hunter2"}}"#,
                "`members.…` has a value of the wrong kind",
            ),
            (r#"[1,["hunter2"]]"#, "it is no table of keys and values"),
        ] {
            let head: serde_json::Value = serde_json::from_str(json).unwrap();
            let error = read::<Config>(&frame::encode(&head, &[])).unwrap_err();
            assert_eq!(error.failure, crate::Failure::Misconfigured);
            assert_eq!(error.text, format!("the configuration is wrong: {said}"));
        }
        assert!(read::<Config>(b"garbage").is_err());
    }
}
