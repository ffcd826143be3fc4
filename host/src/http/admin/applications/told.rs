//! What the document says of applications. Their settings are read by the configuration, which has no structs for them:
//! those here stand for it, and a test holds them against every key of the documented file.
#![expect(dead_code, reason = "the structs stand for their schemas")]

use crate::{
    application::Method,
    http::openapi::{Operation, never_null},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json as value};

/// The fields of `[applications.ID]`, but for `api_keys`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "ApplicationSettings", transform = never_null)]
struct Settings {
    /// What its members may be offered, in this order.
    #[schemars(length(min = 1))]
    methods: Vec<Method>,
    /// The one of them that is offered first.
    preferred: Option<Method>,
    /// Whom a start may have its messages come from.
    senders: Option<Vec<String>>,
    /// Where the SMS.CX face tells the end of an OTP that was started there without an `otpCallbackUrl`: an `http` or `https`
    /// address.
    webhook_url: Option<String>,
    /// How its codes are made, and how often they may be sent and checked.
    code: Option<Code>,
    /// How far one start may go from that.
    bounds: Option<Bounds>,
    /// How often what may happen; a limit that is left out is the server's own.
    limits: Option<Limits>,
    /// What its messages say: by channel, then by purpose; `locales` has them by language.
    templates: Option<Map<String, Value>>,
    /// Who is sent nothing and proves with this code, where the server allows such recipients.
    test_recipients: Option<Map<String, Value>>,
    /// What it is called where it is a Twilio Service: `VA` and 32 hexadecimal digits.
    #[schemars(regex(pattern = "^VA[0-9a-f]{32}$"))]
    service_sid: Option<String>,
}

/// How codes are made, and how often they may be sent and checked.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Code {
    /// Characters of a code: 4 to 10.
    length: u8,
    /// `numeric`, `letters` or `alphanumeric`.
    alphabet: String,
    /// Whether letters and digits that read alike are among them.
    look_alikes: bool,
    /// From the start of a verification to its end: `1m` to `24h`.
    lifetime: String,
    /// How many codes may be checked: 1 to 10.
    checks: u8,
    /// Whether only the first check is judged, whatever `checks` says.
    check_once: bool,
    /// How many messages may be sent, the first included: 1 to 10.
    sends: u8,
    /// The least time between two of them.
    pause: String,
    /// Whether a resend carries a fresh code instead of the same one.
    fresh_on_resend: bool,
}

impl Default for Code {
    fn default() -> Self {
        let word = str::to_owned;
        Self {
            length: 6,
            alphabet: word("numeric"),
            look_alikes: false,
            lifetime: word("10m"),
            checks: 5,
            check_once: false,
            sends: 5,
            pause: word("30s"),
            fresh_on_resend: false,
        }
    }
}

/// How codes are made, with what was left out.
#[derive(Serialize, JsonSchema)]
struct ShownCode {
    #[serde(flatten)]
    code: Code,
}

/// How far one start may go from the application's policy.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = never_null)]
struct Bounds {
    /// Characters of a code.
    length: Option<Range<u8>>,
    /// From which alphabets a code may be made.
    alphabets: Option<Vec<String>>,
    /// From the start of a verification to its end.
    lifetime: Option<Range<String>>,
    /// How many codes may be checked.
    checks: Option<Range<u8>>,
    /// How many messages may be sent.
    sends: Option<Range<u8>>,
    /// The least time between two of them.
    pause: Option<Range<String>>,
}

/// From the least to the most, both included.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, inline, transform = never_null)]
struct Range<T> {
    /// The least.
    least: Option<T>,
    /// The most.
    most: Option<T>,
}

/// How often what may happen, each such as `5 per 10m`, or `off`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "ApplicationLimits", transform = never_null)]
struct Limits {
    /// Messages to one recipient.
    sends_per_recipient: Option<String>,
    /// Messages to one member, to whichever of their recipients.
    sends_per_member: Option<String>,
    /// Messages of the application.
    sends_per_application: Option<String>,
    /// Messages asked for with one API key.
    sends_per_api_key: Option<String>,
    /// Messages asked for from one address of a member's network.
    sends_per_client_ip: Option<String>,
    /// Readings of the state of one verification.
    reads_per_verification: Option<Rates>,
    /// Wrong codes of one recipient and of one member.
    failed_checks: Option<String>,
    /// So many wrong codes in a row lock until freed; or `off`.
    failed_checks_in_a_row: Option<Count>,
    /// Members that it may have stored at a time; or `off`.
    members: Option<Count>,
}

/// One rate, or several that all hold.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
enum Rates {
    One(String),
    All(Vec<String>),
}

/// A number, or `off`.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
enum Count {
    Number(u32),
    Off(String),
}

/// An application that is to be made.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = never_null)]
struct MakeApplicationRequest {
    /// What it is called: a lower-case word, at most 32 characters.
    #[schemars(length(min = 1, max = 32))]
    id: String,
    #[schemars(flatten)]
    settings: Settings,
}

/// An application as it works: what was left out is shown with what it means. One that was made at run time shows all
/// of its settings.
#[derive(JsonSchema, Serialize)]
struct Application {
    /// What it is called.
    id: String,
    /// Whether it stands in the file or was made at run time.
    source: Source,
    /// What its members may be offered, in this order.
    methods: Vec<Method>,
    /// The one that is offered first.
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred: Option<Method>,
    /// How its codes are made, and how often they may be sent and checked.
    code: ShownCode,
    /// Whom a start may have its messages come from; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    senders: Option<Vec<String>>,
    /// Where the SMS.CX face tells the end of an OTP; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    /// How far one start may go from that; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<Map<String, Value>>,
    /// Its own limits; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Map<String, Value>>,
    /// What its messages say; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    templates: Option<Map<String, Value>>,
    /// Who is sent nothing; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    test_recipients: Option<Map<String, Value>>,
    /// What it is called where it is a Twilio Service, if it says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_sid: Option<String>,
    /// When it was made; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    /// When it was changed last; of one made at run time.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// There, and `true`, where this version of the server does not know what its settings mean: it may not call until
    /// they are said anew. The log says what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<bool>,
}

/// Whether an application stands in the file or was made at run time.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Source {
    File,
    Api,
}

#[derive(JsonSchema)]
struct Applications {
    /// By id.
    applications: Vec<Application>,
}

const ID: &str = "The application's id";
const NO_ID: &str = "application-not-found";

fn example() -> Value {
    value!({ "methods": ["sms:code"], "preferred": "sms:code", "code": { "length": 8, "lifetime": "5m" } })
}

/// The list.
pub(in crate::http::admin) fn told_list(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listApplications", "Lists every application, of the file and made at run time")
        .of_operator()
        .answer::<Applications>(200, "The applications")
}

/// One of them.
pub(in crate::http::admin) fn told_fetch(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("fetchApplication", "Shows an application")
        .of_operator()
        .at::<String>(ID, "web")
        .problem(404, NO_ID)
        .answer::<Application>(200, "The application")
}

/// Making one.
pub(in crate::http::admin) fn told_make(operation: Operation<'_>) -> Operation<'_> {
    let mut shop = example();
    if let Some(shop) = shop.as_object_mut() {
        shop.insert("id".to_owned(), value!("shop"));
    }
    operation
        .named("makeApplication", "Makes an application")
        .of_operator()
        .of_store()
        .body::<MakeApplicationRequest>(&[("shop", shop)])
        .answer::<Application>(201, "The application, which may call from now on")
        .problem(409, "application-exists")
        .problem(409, "application-of-file")
}

/// Making one, or saying anew all that one is.
pub(in crate::http::admin) fn told_replace(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("replaceApplication", "Makes an application, or says anew all that one is")
        .of_operator()
        .of_store()
        .at::<String>(ID, "shop")
        .body::<Settings>(&[("shop", example())])
        .answer::<Application>(200, "The application, which was there before")
        .answer::<Application>(201, "The application, which is new")
        .problem(409, "application-of-file")
}

/// Removing one.
pub(in crate::http::admin) fn told_remove(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("removeApplication", "Removes an application, and its API keys and stored members with it")
        .of_operator()
        .of_store()
        .at::<String>(ID, "shop")
        .problem(404, NO_ID)
        .nothing("It is removed")
        .problem(409, "application-of-file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EXAMPLE;

    /// `[applications.web]` as the documented file has it, with every setting in force, but for its secrets.
    fn documented() -> Value {
        let settings: Vec<&str> =
            EXAMPLE.lines().map(|line| line.strip_prefix('#').unwrap_or(line)).collect();
        let from = settings.iter().position(|line| *line == "[applications.web]").unwrap();
        let settings = settings[from..].iter().filter(|line| !line.starts_with(' '));
        let file: toml::Table = settings.copied().collect::<Vec<_>>().join("\n").parse().unwrap();
        let mut web = serde_json::to_value(&file["applications"]["web"]).unwrap();
        for secret in ["api_keys", "webhook_secret"] {
            web.as_object_mut().unwrap().remove(secret).unwrap();
        }
        web
    }

    /// The names of the members of an object.
    fn names(object: &Value) -> Vec<&String> {
        object.as_object().unwrap().keys().collect()
    }

    #[test]
    fn the_settings_are_all_that_the_documented_file_may_say_and_nothing_else() {
        let (schema, documented) = (schemars::schema_for!(Settings).to_value(), documented());
        let wrong: Vec<String> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(&documented)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(names(&schema["properties"]), names(&documented));
        for (definition, key) in [("Code", "code"), ("Bounds", "bounds"), ("ApplicationLimits", "limits")] {
            assert_eq!(names(&schema["$defs"][definition]["properties"]), names(&documented[key]), "{key}");
        }
        let defaults = serde_json::to_value(Code::default()).unwrap();
        assert_eq!(defaults, documented["code"], "what is left out");
    }
}
