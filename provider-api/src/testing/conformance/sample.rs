//! What an author gives the conformance suite: a configuration that is right and a message that is taken.

use crate::{HttpResponse, Member, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt};

/// A right configuration and a message that the provider takes. `Debug` shows neither.
///
/// It can stand in a file, so that the native provider and the library are asked the same. The code and the recipient
/// should be easy to recognize: the suite looks for them wherever they must not be.
///
/// # Examples
///
/// ```
/// use provider_api::testing::{Sample, json};
///
/// let sample = Sample::from_json(r#"{
///     "config": { "token": "t", "outbox": "" },
///     "message": {
///         "id": "m1", "channel": "sms", "recipient": "+447700900123",
///         "payload": { "kind": "code", "value": "493817" }, "text": "493817 is your code."
///     },
///     "member": { "fields": { "mobile": "+447700900123" } },
///     "http": { "status": 201, "body": "{\"id\":\"7\"}" }
/// }"#).unwrap().with_key("outbox", json!("/tmp/outbox"));
/// assert_eq!(sample.message.id, "m1");
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sample {
    /// A configuration that opens.
    pub config: Value,
    /// A message that is taken.
    pub message: Message,
    /// Someone to ask about, for a provider that declares `availability`.
    #[serde(default)]
    pub member: Member,
    /// What the service answers to every HTTP request while the suite runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<SampleHttp>,
}

/// An HTTP answer as it stands in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SampleHttp {
    /// The status code.
    pub status: u16,
    /// Names in lower case and values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: String,
}

impl Sample {
    /// A sample of a configuration that opens and a message that is taken.
    pub fn new(config: Value, message: Message) -> Self {
        Self { config, message, member: Member::default(), http: None }
    }

    /// Reads a sample from a file's text.
    ///
    /// # Errors
    ///
    /// When the text is no sample.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Sets a key of the configuration: what is only known at run time.
    #[must_use]
    pub fn with_key(mut self, key: &str, value: Value) -> Self {
        match &mut self.config {
            Value::Object(keys) => drop(keys.insert(key.to_owned(), value)),
            other => *other = Value::Object(Map::from_iter([(key.to_owned(), value)])),
        }
        self
    }

    /// Sets the member to ask about.
    #[must_use]
    pub fn with_member(mut self, member: Member) -> Self {
        self.member = member;
        self
    }

    /// Sets what the service answers to every HTTP request.
    #[must_use]
    pub fn with_http(mut self, status: u16, body: impl Into<String>) -> Self {
        self.http = Some(SampleHttp { status, headers: BTreeMap::new(), body: body.into() });
        self
    }
}

impl From<SampleHttp> for HttpResponse {
    fn from(sample: SampleHttp) -> Self {
        let mut response = Self::new(sample.status, sample.body);
        response.headers = sample.headers.into_iter().collect();
        response
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample").field("message", &self.message).finish_non_exhaustive()
    }
}
