//! What an operator can say to this provider.

use provider_api::{JsonSchema, Secret, schemars};
use schemars::{Schema, json_schema};

/// Sends SMS through Twilio. Either `auth_token` signs the requests, or `api_key_sid` and `api_key_secret`.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["auth_token"] }, { "required": ["api_key_sid", "api_key_secret"] }]))]
pub(crate) struct Config {
    /// The Account SID: `AC` and 32 hexadecimal digits. It stands under Account Info on the first page of Twilio's
    /// console.
    #[schemars(regex(pattern = "^AC[0-9a-fA-F]{32}$"))]
    pub(crate) account_sid: String,

    /// The Auth Token of the account. It stands under Account Info on the first page of Twilio's console, behind Show.
    /// Either this or `api_key_sid` with `api_key_secret`.
    #[serde(default)]
    pub(crate) auth_token: Option<Secret>,

    /// The SID of an API key: `SK` and 32 hexadecimal digits. Keys are made under Account, API keys & tokens in
    /// Twilio's console.
    #[serde(default)]
    #[schemars(regex(pattern = "^SK[0-9a-fA-F]{32}$"))]
    pub(crate) api_key_sid: Option<String>,

    /// The secret of that API key. Twilio's console shows it once, when the key is made.
    #[serde(default)]
    pub(crate) api_key_secret: Option<Secret>,

    /// Who the messages come from: a number such as `+16175551212` or a short code (Phone Numbers, Manage, Active
    /// numbers in Twilio's console), the SID of a messaging service, `MG…` (Messaging, Services), or a name of at most
    /// 11 letters and digits where the country allows it.
    #[schemars(schema_with = "sender")]
    pub(crate) from: String,

    /// The member field that holds the phone number, in E.164 form, for example `mobile`.
    #[schemars(length(min = 1))]
    pub(crate) member_phone_field: String,

    /// Whether a Test only simulates sending, for example while a registration at Twilio is pending.
    #[serde(default)]
    pub(crate) dry_run_in_test: bool,

    /// Where Twilio's API is, for example a proxy of your own; blank for Twilio itself.
    #[serde(default)]
    #[schemars(schema_with = "base_url")]
    pub(crate) base_url: Option<String>,

    /// Whether Twilio weighs each message for the risk of SMS pumping: `enable`, or `disable` where you know better.
    #[serde(default)]
    pub(crate) risk_check: RiskCheck,

    /// A URL of yours that Twilio tells what became of each message; its host name has no underscore. Where Passrelay
    /// itself asks for that, its own URL is used instead.
    #[serde(default)]
    #[schemars(regex(pattern = "^https?://[^/?#_@ ]+([/?#]|$)"))]
    pub(crate) status_callback: Option<String>,
}

/// Twilio's protection against SMS pumping.
#[derive(Clone, Copy, Default, serde::Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum RiskCheck {
    #[default]
    Enable,
    Disable,
}

impl RiskCheck {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
        }
    }
}

/// The four kinds of `from`, each by its form; [`Sender::parse`](crate::sender::Sender::parse) says what is wrong.
fn sender(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "anyOf": [
            { "title": "number", "pattern": "^\\+[1-9][0-9]{1,14}$" },
            { "title": "short code", "pattern": "^[0-9]{3,8}$" },
            { "title": "messaging service", "pattern": "^MG[0-9a-fA-F]{32}$" },
            { "title": "name", "pattern": "^[0-9 &+_-]*[A-Za-z][A-Za-z0-9 &+_-]*$", "maxLength": 11 },
        ],
    })
}

fn base_url(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "pattern": "^ *$|^https?://[^?#@ ]+$" })
}
