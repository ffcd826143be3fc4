//! What an operator says.

use provider_api::{DeliveryError, JsonSchema, Secret, schemars};

/// Delivers push notifications through an ntfy server.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The server, `https://ntfy.sh` or one of your own. Codes pass through it in clear.
    #[serde(default = "public_server")]
    pub(crate) server: String,

    /// An access token, where the server asks for one: "Account", "Access tokens".
    #[serde(default)]
    pub(crate) token: Option<Secret>,

    /// The title of a notification whose message has no subject.
    #[serde(default)]
    pub(crate) title: Option<String>,

    /// From 1, silent, to 5, which rings through "do not disturb" where the phone allows it.
    #[serde(default = "high")]
    #[schemars(range(min = 1, max = 5))]
    pub(crate) priority: u8,

    /// The member field that holds the topic.
    #[serde(default = "ntfy_topic")]
    pub(crate) member_topic_field: String,

    /// The fewest characters of a topic: whoever guesses one reads its codes.
    #[serde(default = "sixteen")]
    #[schemars(range(min = 1, max = 64))]
    pub(crate) shortest_topic: u8,

    /// Whether a test message is only shown and not sent.
    #[serde(default)]
    pub(crate) dry_run_in_test: bool,
}

impl Config {
    /// Looks at what a schema cannot express.
    pub(crate) fn checked(self) -> Result<Self, DeliveryError> {
        let server = self.server.trim_end_matches('/').to_owned();
        let host = server.strip_prefix("https://").or_else(|| server.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains('/')) {
            let text = "`server` is no server's address; write it without a topic, as in `https://ntfy.sh`";
            return Err(DeliveryError::misconfigured(text));
        }
        if self.member_topic_field.trim().is_empty() {
            let text = "`member_topic_field` is empty; it names a field of the member such as `ntfy_topic`";
            return Err(DeliveryError::misconfigured(text));
        }
        Ok(Self { server, ..self })
    }
}

fn public_server() -> String {
    "https://ntfy.sh".to_owned()
}

fn high() -> u8 {
    4
}

fn ntfy_topic() -> String {
    "ntfy_topic".to_owned()
}

fn sixteen() -> u8 {
    16
}
