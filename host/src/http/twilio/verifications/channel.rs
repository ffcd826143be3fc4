//! Channels by Twilio's names: which of the Service's methods each is.

use crate::{application::Method, http::twilio::Refused, verification::Verification};
use axum::http::StatusCode;
use serde_json::{Map, Value};

/// What a start asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The method; none where the Service's preferred one that reaches is meant.
    pub(super) method: Option<Method>,
    /// The method that takes its place where it does not reach.
    pub(super) otherwise: Option<Method>,
}

/// Reads `Channel` and `ChannelConfiguration` (T3, T31-T38); the Service says which of its methods goes on a channel.
pub(super) fn read(
    word: &str,
    configuration: Option<&Map<String, Value>>,
    of_service: impl Fn(&str) -> Option<Method>,
) -> Result<Asked, Refused> {
    // One that it does not offer is asked for all the same, and refused by its name.
    let method = |channel: &str| of_service(channel).or_else(|| method(channel));
    let only = |channel| Ok(Asked { method: method(channel), otherwise: None });
    match word {
        "sms" | "email" | "rcs" | "call" => only(word),
        // What many call it (T32).
        "voice" => only("call"),
        "whatsapp" => {
            let sms = is_enabled(configuration, "sms") == Some(true);
            let otherwise = method("sms").filter(|_| sms);
            if is_enabled(configuration, word) == Some(false) && sms {
                return Ok(Asked { method: otherwise, otherwise: None });
            }
            Ok(Asked { method: method(word), otherwise })
        }
        "auto" => Ok(Asked { method: None, otherwise: None }),
        "sna" => {
            let message =
                "Passrelay does no silent network authentication; `auto` chooses a channel that it has";
            Err(Refused::new(StatusCode::BAD_REQUEST, 60550, message))
        }
        _ => {
            let why = "expected `sms`, `call`, `email`, `whatsapp`, `rcs` or `auto`";
            Err(Refused::invalid("Channel", why))
        }
    }
}

/// The method of a channel that carries codes.
fn method(channel: &str) -> Option<Method> {
    format!("{channel}:code").parse().ok()
}

/// What `{"sms": {"enabled": true}}` says of a channel. The other shape, settings of a mail, says nothing of any.
fn is_enabled(configuration: Option<&Map<String, Value>>, channel: &str) -> Option<bool> {
    configuration?.get(channel)?.get("enabled")?.as_bool()
}

/// What a verification's channel is called in an answer: as its caller calls it.
pub(in crate::http::twilio) fn told<'a>(verification: &'a Verification, channel: &'a str) -> &'a str {
    as_asked(verification.notes.find(super::CHANNEL), channel)
}

/// The same, of a channel as it was asked for.
pub(super) fn as_asked<'a>(asked: Option<&'a str>, channel: &'a str) -> &'a str {
    if channel == "call" && asked == Some("voice") { "voice" } else { channel }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(word: &str, configuration: &Value) -> String {
        let text = |method: Option<Method>| method.map_or("-".to_owned(), |method| method.to_string());
        match read(word, configuration.as_object(), |_| None) {
            Ok(Asked { method, otherwise }) => format!("{} {}", text(method), text(otherwise)),
            Err(refused) => format!("{refused:?}"),
        }
    }

    /// T31-T38
    #[test]
    fn each_channel_is_one_of_our_methods() {
        let (both, off) = (
            json!({"whatsapp": {"enabled": true}, "sms": {"enabled": true}}),
            json!({"whatsapp": {"enabled": false}, "sms": {"enabled": true}}),
        );
        for (word, configuration, expected) in [
            ("sms", json!({}), "sms:code -"),
            ("call", json!({}), "call:code -"),
            ("voice", json!({}), "call:code -"),
            ("email", json!({"template_id": "d-1", "from": "a@example.com"}), "email:code -"),
            ("rcs", json!({}), "rcs:code -"),
            ("auto", json!({}), "- -"),
            ("whatsapp", json!({}), "whatsapp:code -"),
            ("whatsapp", both.clone(), "whatsapp:code sms:code"),
            ("whatsapp", off, "sms:code -"),
            ("sms", both, "sms:code -"),
        ] {
            assert_eq!(shown(word, &configuration), expected, "{word} {configuration}");
        }
        let of_service = |channel: &str| format!("{channel}_x:code").parse().ok();
        assert_eq!(read("sms", None, of_service).unwrap().method.unwrap().to_string(), "sms_x:code");
        for (word, code) in [("sna", "60550"), ("SMS", "60200"), ("pigeon", "60200"), ("", "60200")] {
            assert!(shown(word, &json!({})).contains(code), "{word}");
        }
        assert_eq!(as_asked(Some("voice"), "call"), "voice");
        assert_eq!((as_asked(Some("voice"), "sms"), as_asked(None, "call")), ("sms", "call"));
    }
}
