//! Bad files, and exactly what is told about each.

use super::{Config, Draft, Environment, Mistakes, shelf::Shelf};
use crate::plugin::Refusal;
use proptest::prelude::*;
use provider_api::{Manifest, Secret};
use schemars::JsonSchema;
use std::path::Path;

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
    let libraries = [library("sms_twilio", &["sms", "call"]), library("email", &["email"]), {
        let mut bare = library("bare", &["push"]);
        bare.config_schema =
            serde_json::json!({ "type": "object", "properties": { "to": { "type": "string" } } });
        bare
    }];
    let refused = [Refusal {
        file: "providers/libbroken.so".into(),
        reason: "it is cut short".to_owned(),
        hint: Some("copy it again".to_owned()),
    }];
    let folders = ["providers".into()];
    Draft::parse(text, Path::new("p.toml"), environment())
        .finish_with(&Shelf::new(&libraries, &refused, &folders))
}

/// What is told about a file, without the file's name and the count.
fn told(text: &str) -> Vec<String> {
    let Err(mistakes) = read(text) else { return Vec::new() };
    mistakes.iter().map(|mistake| mistake.to_string().trim_start_matches("p.toml:").to_owned()).collect()
}

const GOOD_PROVIDER: &str = "[providers.sms_twilio.config]\naccount_sid = \"AC00ff\"\nauth_token = \"t\"\n";

/// A mistake is told in at most three lines with a hint where one is known; nothing starts.
#[test]
fn each_bad_file_is_told_exactly() {
    for (text, expected) in [
        // syntax
        ("[server\nlisten = \"127.0.0.1:1\"\n", &["1:8: unclosed table, expected `]`"][..]),
        (
            "[log]\nformat = \"json\"\nformat = \"text\"\n",
            &["3:1: the key `format` stands here a second time"],
        ),
        ("[log]\n[log]\n", &["2:2: the key `log` stands here a second time"]),
        ("[applications.web]\nname = \n", &["2:8: string values must be quoted, expected literal string"]),
        // unknown keys
        ("[servr]\n", &["1:2: unknown key `servr`\nhint: did you mean `server`?"]),
        ("[server]\n  lisen = 1\n", &["2:3: unknown key `lisen` in `server`\nhint: did you mean `listen`?"]),
        ("[keys]\nrotation = 1\n", &["2:1: unknown key `rotation` in `keys`\nhint: known here: `file`"]),
        ("[keys]\n\"a\\nb\" = 1\n", &["2:1: unknown key `…` in `keys`\nhint: known here: `file`"]),
        // types
        (
            "server = 1\n",
            &["1:10: `server` must be a table, not a whole number\nhint: write it as `[server]`"],
        ),
        (
            "[keys]\nfile = 1\n",
            &["2:8: `keys.file` must be a text, not a whole number\nhint: write it in quotes: \"…\""],
        ),
        ("[keys]\nfile = \" \"\n", &["2:8: `keys.file` is empty"]),
        // the host
        (
            "[server]\nlisten = \"localhost:8080\"\n",
            &[
                "2:10: `server.listen` must be an IP address and a port\nhint: for example \"127.0.0.1:8080\"; \
               \"0.0.0.0:8080\" or \"[::]:8080\" for every interface",
            ],
        ),
        (
            "[site]\nsupport_email = \"help\"\n",
            &["2:17: `site.support_email` is no e-mail address: an e-mail address has exactly one `@`"],
        ),
        (
            "[store]\nurl = \"sqlite:passrelay.db\"\n",
            &["2:7: `store.url` names SQLite, which comes with a later version of Passrelay\n\
               hint: this version knows \"memory:\", which forgets everything when it ends"],
        ),
        (
            "store.url = \"postgres://u:hunter2@db/p\"\n",
            &["1:13: `store.url` names PostgreSQL, which comes with a later version of Passrelay\n\
               hint: this version knows \"memory:\", which forgets everything when it ends"],
        ),
        (
            "[store]\nurl = \"redis:\"\n",
            &["2:7: `store.url` names no store\n\
               hint: this version knows \"memory:\", which forgets everything when it ends"],
        ),
        (
            "[libraries]\ndirectories = []\n",
            &["2:15: `libraries.directories` is an empty list\nhint: for example [\"providers\"]"],
        ),
        (
            "[libraries]\ndirectories = [\"a\", \"a\"]\ncopies = \"a\"\n",
            &[
                "2:21: `libraries.directories` names this folder a second time",
                "3:10: `libraries.copies` is one of `libraries.directories`\nhint: name a folder of its own",
            ],
        ),
        (
            "[log]\nfilter = \"info,=\"\nformat = \"jsn\"\n",
            &[
                "2:10: `log.filter` is no filter\n\
                 hint: for example \"info\", \"warn,passrelay=debug\" or \"info,provider=trace\"",
                "3:10: `log.format` must be one of `text`, `json`\nhint: did you mean `json`?",
            ],
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

/// J41, J59: what is wrong with a provider's own table.
#[test]
fn each_bad_provider_is_told_exactly() {
    for (line, expected) in [
        ("enabled = \"yes\"", "`X.enabled` must be `true` or `false`, not a text\nhint: without quotes"),
        (
            "isolation = \"proces\"",
            "`X.isolation` must be one of `process`, `thread`\nhint: did you mean `process`?",
        ),
        ("isolation = \"vm\"", "`X.isolation` must be one of `process`, `thread`"),
        ("timeout = \"10\"", "`X.timeout` is no span of time\nhint: F"),
        ("timeout = 10", "`X.timeout` must be a span of time, not a whole number\nhint: F"),
        ("timeout = \"99ms\"", "`X.timeout` must be between 100ms and 5m"),
        ("queue = 0", "`X.queue` must be between 1 and 65536"),
        ("queue = 99999999999999999999999999999999999999999999", "`X.queue` must be between 1 and 65536"),
        (
            "queue = 1.5",
            "`X.queue` must be a whole number, not a number with a fraction\nhint: without quotes and without a fraction",
        ),
        (
            "sha256 = \"abc\"",
            "`X.sha256` is no SHA-256\nhint: 64 hexadecimal digits, as `sha256sum FILE` prints them",
        ),
        (
            "library = \"SMS\"",
            "`X.library` is no name of a library\nhint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first",
        ),
        ("config = []", "`X.config` must be a table, not a list\nhint: write it as `[X.config]`"),
    ] {
        let column = line.find("= ").unwrap() + 3;
        let form = "a number and a unit, for example \"500ms\", \"10s\", \"5m\" or \"1h30m\"";
        let expected =
            expected.replace("X.", "providers.sms_twilio.").replace("hint: F", &format!("hint: {form}"));
        let text = format!("[providers.sms_twilio]\n{line}\n{GOOD_PROVIDER}");
        let text =
            if line.starts_with("config") { format!("[providers.sms_twilio]\n{line}\n") } else { text };
        let told = told(&text);
        assert_eq!(told.first(), Some(&format!("2:{column}: {expected}")), "{line}");
    }
    let name = "1:12: `providers.SMS-1` is no name for a provider\nhint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, \
                a letter first";
    assert_eq!(told("[providers.SMS-1]\n"), [name]);
}

/// The keys under `config` are held to the schema of the library, and secrets are read only where it marks them.
#[test]
fn a_providers_own_keys_are_held_to_its_librarys_schema() {
    let config = "providers.sms_twilio.config";
    for (keys, expected) in [
        ("", vec![]),
        (
            "chekcs = 1",
            vec![format!(
                "4:1: unknown key `chekcs` in `{config}`\nhint: known here: `account_sid`, \
            `auth_token`, `mode`, `old_tokens`, `proxy`, `region`, `spare_token`, `tries`"
            )],
        ),
        (
            "regoin = \"us\"",
            vec![format!("4:1: unknown key `regoin` in `{config}`\nhint: did you mean `region`?")],
        ),
        (
            "region = \"usa\"",
            vec![format!("4:10: `{config}.region` must be one of `us`, `ie`\nhint: did you mean `us`?")],
        ),
        ("region = 1", vec![format!("4:10: `{config}.region` must be a text, not a whole number")]),
        ("tries = 0", vec![format!("4:9: `{config}.tries` must be at least 1")]),
        ("tries = 10", vec![format!("4:9: `{config}.tries` must be at most 9")]),
        ("tries = \"1\"", vec![format!("4:9: `{config}.tries` must be a whole number, not a text")]),
        ("tries = nan", vec![format!("4:9: `{config}.tries` must be a finite number")]),
        (
            "tries = { env = \"TOKEN\" }",
            vec![format!(
                "4:9: `{config}.tries` must be a whole number, not a table\nhint: only what the library \
                declares as a secret is read from the environment or a file"
            )],
        ),
        ("spare_token = { env = \"TOKEN\" }", vec![]),
        ("spare_token = 5", vec![format!("4:15: `{config}.spare_token` must be a text, not a whole number")]),
        ("spare_token = \"\"", vec![format!("4:15: `{config}.spare_token` must not be empty")]),
        (
            "spare_token = { env = \"NOWHERE\" }",
            vec![format!(
                "4:23: `{config}.spare_token.env` names the environment variable `NOWHERE`, which is not set\n\
                hint: start with `NOWHERE=…` in the environment"
            )],
        ),
        (
            "spare_token = { env = \"EMPTY\" }",
            vec![format!(
                "4:23: `{config}.spare_token.env` names the environment variable `EMPTY`, which is empty\n\
                hint: start with `EMPTY=…` in the environment"
            )],
        ),
        (
            "spare_token = { env = \"TOKEN\", file = \"x\" }",
            vec![format!(
                "4:15: `{config}.spare_token` has both `env` and `file`\nhint: {}",
                super::secret::FORMS
            )],
        ),
        (
            "spare_token = {}",
            vec![format!(
                "4:15: `{config}.spare_token` has neither `env` nor `file`\nhint: {}",
                super::secret::FORMS
            )],
        ),
        ("old_tokens = [\"a\", { env = \"TOKEN\" }]", vec![]),
        (
            "old_tokens = [\"\", { env = \"x y\" }]",
            vec![
                format!("4:15: `{config}.old_tokens[0]` must not be empty"),
                format!(
                    "4:27: `{config}.old_tokens[1].env` is no name of an environment variable\nhint: letters, digits \
                    and `_`, for example \"TWILIO_AUTH_TOKEN\"; the secret itself stands there"
                ),
            ],
        ),
        ("proxy = { host = \"h\", password = { env = \"TOKEN\" } }", vec![]),
        (
            "proxy = { host = { env = \"TOKEN\" }, passwort = \"p\" }",
            vec![
                format!("4:9: `{config}.proxy` lacks `password`\nhint: {}", super::secret::FORMS),
                format!(
                    "4:18: `{config}.proxy.host` must be a text, not a table\nhint: only what the library declares \
                    as a secret is read from the environment or a file"
                ),
                format!("4:37: unknown key `passwort` in `{config}.proxy`\nhint: did you mean `password`?"),
            ],
        ),
        ("mode = { kind = \"plain\" }", vec![]),
        ("mode = { kind = \"signed\", key = { env = \"TOKEN\" }, rounds = 3 }", vec![]),
        (
            "mode = { kind = \"singed\", key = \"k\" }",
            vec![format!(
                "4:17: `{config}.mode.kind` must be one of `plain`, `signed`\nhint: did you mean `signed`?"
            )],
        ),
        (
            "mode = { kind = \"signed\", rounds = \"3\" }",
            vec![
                format!("4:8: `{config}.mode` lacks `key`\nhint: {}", super::secret::FORMS),
                format!("4:36: `{config}.mode.rounds` must be a whole number, not a text"),
            ],
        ),
    ] {
        assert_eq!(told(&format!("{GOOD_PROVIDER}{keys}\n")), expected, "{keys}");
    }
    assert_eq!(
        told("[providers.a]\nlibrary = \"sms_twilio\"\n[providers.b]\nlibrary = \"sms_twilio\"\nconfig = { account_sid = \"SK1\" }\n"),
        [
            "1:1: `providers.a.config` lacks `account_sid`\nhint: Begins with `AC`; see the console.".to_owned(),
            format!("1:1: `providers.a.config` lacks `auth_token`\nhint: The token beside it. ({})", super::secret::FORMS),
            format!("5:10: `providers.b.config` lacks `auth_token`\nhint: The token beside it. ({})", super::secret::FORMS),
            "5:26: `providers.b.config.account_sid` must have the form `^AC[0-9a-f]{4}$`\nhint: Begins with `AC`; see the \
             console."
                .to_owned(),
        ]
    );
    let open = "[providers.bare]\nconfig = { too = \"x\" }\n";
    assert_eq!(told(open), ["2:12: unknown key `too` in `providers.bare.config`\nhint: did you mean `to`?"]);
}

#[test]
fn a_secret_may_stand_in_a_file_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "from-a-file\r\n").unwrap();
    std::fs::write(folder.path().join("nothing"), "\n").unwrap();
    let libraries = [library("sms_twilio", &["sms"])];
    let read = |name: &str| {
        let text = format!(
            "[providers.sms_twilio.config]\naccount_sid = \"AC00ff\"\nauth_token = {{ file = \"{name}\" }}\n"
        );
        let path = folder.path().join("p.toml");
        Draft::parse(&text, &path, environment()).finish_with(&Shelf::new(&libraries, &[], &[]))
    };
    let config = read("token").unwrap();
    assert_eq!(config.providers["sms_twilio"].config["auth_token"], "from-a-file");
    assert_eq!(config.keys, folder.path().join("passrelay.key"));
    for (name, why) in [("missing", "which cannot be read: No such file"), ("nothing", "which is empty")] {
        let told = read(name).unwrap_err().to_string();
        assert!(told.contains(&format!("`{}`, {why}", folder.path().join(name).display())), "{told}");
        assert!(told.contains("p.toml:3:23: "), "{told}");
    }
}

#[test]
fn each_bad_application_is_told_exactly() {
    let key = "api_keys = [{ env = \"KEY\" }]\n";
    let methods = "methods = [\"sms:code\"]\n";
    let keys_hint =
        "for example api_keys = [{ env = \"PASSRELAY_WEB_KEY\" }]; `openssl rand -hex 24` makes a good one";
    let methods_hint = "for example methods = [\"sms:code\", \"email:code\"]";
    for (body, expected) in [
        (
            String::new(),
            vec![
                format!("4:1: `A` lacks `api_keys`\nhint: {keys_hint}"),
                format!("4:1: `A` lacks `methods`\nhint: {methods_hint}"),
            ],
        ),
        (
            format!("api_keys = \"short\"\n{methods}"),
            vec![format!("5:12: `A.api_keys` must be a list, not a text\nhint: {keys_hint}")],
        ),
        (
            format!("api_keys = [\"short\", 1, \"with a space in the middle of it\"]\n{methods}"),
            vec![
                format!("5:13: `A.api_keys` holds a key of less than 20 characters\nhint: {keys_hint}"),
                format!("5:22: `A.api_keys` must be a secret, not a whole number\nhint: {}", super::secret::FORMS),
                "5:25: `A.api_keys` holds a key with something other than visible ASCII without `:`".to_owned(),
            ],
        ),
        (
            format!("api_keys = [{{ env = \"KEY\" }}, \"a-key-of-twenty-characters\"]\n{methods}"),
            vec!["5:30: `A.api_keys` holds the same key twice\nhint: a key says which application calls: each has its own"
                .to_owned()],
        ),
        (
            format!("{key}methods = [\"sms\", \"sms:link\", \"sms:voice\", \"sms:code\", \"sms:code\", \"smss:code\"]\n"),
            vec![
                "6:12: `A.methods` holds something that is no method\n\
                 hint: `CHANNEL:PAYLOAD` or `PROVIDER:PAYLOAD`, for example \"sms:code\""
                    .to_owned(),
                "6:19: `A.methods` asks for links, which come with a later version of Passrelay\n\
                 hint: this version delivers codes: `sms:code`"
                    .to_owned(),
                "6:31: `A.methods` asks for an unknown payload\nhint: this version delivers codes: `sms:code`".to_owned(),
                "6:56: `A.methods` names this method a second time".to_owned(),
                "6:68: `smss` is no configured provider and no channel that one serves\nhint: did you mean `sms`?".to_owned(),
            ],
        ),
        (
            format!("{key}{methods}preferred = \"sms:cod\"\n"),
            vec!["7:13: `A.preferred` is none of the `methods`\nhint: did you mean `sms:code`?".to_owned()],
        ),
        (
            format!("{key}{methods}code = {{ length = 3, alphabet = \"hex\", lifetime = \"10s\", checks = 11, sends = 0, \
                pause = \"2d\", fresh_on_resend = 1, lenght = 6 }}\n"),
            vec![
                "7:19: `A.code.length` must be between 4 and 10".to_owned(),
                "7:33: `A.code.alphabet` must be one of `numeric`, `letters`, `alphanumeric`".to_owned(),
                "7:51: `A.code.lifetime` must be between 1m and 1d".to_owned(),
                "7:67: `A.code.checks` must be between 1 and 10".to_owned(),
                "7:79: `A.code.sends` must be between 1 and 10".to_owned(),
                "7:90: `A.code.pause` must be between 0s and 1d".to_owned(),
                "7:114: `A.code.fresh_on_resend` must be `true` or `false`, not a whole number\nhint: without quotes"
                    .to_owned(),
                "7:117: unknown key `lenght` in `applications.web.code`\nhint: did you mean `length`?".to_owned(),
            ],
        ),
    ] {
        let text = format!("{GOOD_PROVIDER}[applications.web]\n{body}");
        let expected: Vec<String> =
            expected.iter().map(|told| told.replace("`A", "`applications.web")).collect();
        assert_eq!(told(&text), expected, "{text}");
    }
    let two = format!(
        "{GOOD_PROVIDER}[applications.a]\n{key}{methods}[applications.b]\n\
         api_keys = [{{ env = \"KEY\" }}]\n{methods}[applications.\"b c\"]\n\
         api_keys = [{{ env = \"OTHER_KEY\" }}]\n{methods}"
    );
    assert_eq!(
        told(&two),
        [
            "8:13: `applications.b.api_keys` holds a key that `applications.a` has already\n\
             hint: a key says which application calls: each has its own",
            "10:15: `applications.…` is no name for an application\n\
             hint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first",
        ]
    );
}

#[test]
fn a_weak_code_is_the_operators_own_business() {
    let text = format!(
        "{GOOD_PROVIDER}[applications.web]\napi_keys = [{{ env = \"KEY\" }}]\nmethods = [\"sms:code\"]\n\
         code = {{ length = 4, checks = 10 }}\n"
    );
    let config = read(&text).unwrap();
    assert_eq!(config.warnings, []);
    assert_eq!(config.applications["web"].policy.length, 4);
}

/// Which provider delivers on a channel, by the file or because no other does.
#[test]
fn every_channel_has_the_route_that_the_file_settles() {
    let two = "[providers.a]\nlibrary = \"bare\"\n[providers.b]\nlibrary = \"bare\"\n";
    let app = "[applications.web]\napi_keys = [{ env = \"KEY\" }]\n";
    for (text, expected) in [
        // one provider needs no route
        (format!("[providers.a]\nlibrary = \"bare\"\n{app}methods = [\"push:code\"]\n"), vec![]),
        // a provider's own name needs none either
        (format!("{two}{app}methods = [\"a:code\", \"b:code\"]\n"), vec![]),
        // the order is the operator's to say
        (
            format!("{two}{app}methods = [\"push:code\"]\n"),
            vec![
                "7:12: `push` has no route, and `a`, `b` serve it\nhint: say which goes first: [routes] push = [\"a\", \"b\"]",
            ],
        ),
        (format!("{two}{app}methods = [\"push:code\"]\n[routes]\npush = [\"b\", \"a\"]\n"), vec![]),
        (
            format!(
                "[providers.a]\nlibrary = \"bare\"\n[providers.b]\nlibrary = \"bare\"\nenabled = false\n{app}methods = [\"push:code\"]\n"
            ),
            vec![],
        ),
        (
            format!("{two}[routes]\nsms = [\"a\"]\npush = [\"c\", \"b\", \"b\"]\n\"x y\" = [\"a\"]\n"),
            vec![
                "6:8: `routes.sms` names `a`, whose library does not deliver on `sms`\nhint: it delivers on `push`",
                "7:9: `routes.push` names `c`, which is no configured provider\nhint: known here: `a`, `b`",
                "7:19: `routes.push` names this provider a second time",
                "8:1: `routes.…` is no name for a channel\n\
                 hint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first",
            ],
        ),
        (
            format!("{two}{app}methods = [\"sms:code\"]\n"),
            vec![
                "7:12: `sms` is no configured provider and no channel that one serves\n\
                  hint: configure a provider that serves it as `[providers.ID]`",
            ],
        ),
        (
            "[routes]\nsms = []\n".to_owned(),
            vec![
                "2:7: `routes.sms` is an empty list\nhint: the providers in order, first choice first: sms = [\"sms_twilio\"]",
            ],
        ),
    ] {
        assert_eq!(told(&text), expected, "{text}");
    }
    let config =
        read(&format!("[providers.a]\nlibrary = \"bare\"\n{app}methods = [\"push:code\"]\n")).unwrap();
    let routes: Vec<_> =
        config.routes.iter().map(|(channel, route)| (channel.to_string(), route.to_vec())).collect();
    assert_eq!(routes, [("push".to_owned(), vec!["a".to_owned()])]);
}

/// J24, J58: a library that is missing or refused disables its provider only, with a clear message.
#[test]
fn a_missing_library_only_warns() {
    let text = "[providers.broken]\n[providers.emial]\nconfig = { any = { env = \"NOWHERE\" } }\n[providers.gone]\n\
                [providers.off]\nenabled = false\n[applications.web]\napi_keys = [{ env = \"KEY\" }]\n\
                methods = [\"sms:code\", \"broken:code\"]\n";
    let config = read(text).unwrap();
    let warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "p.toml:1:12: provider `broken` is left out: its library `providers/libbroken.so` was refused: it is cut short\n\
             hint: copy it again",
            "p.toml:2:12: provider `emial` is left out: there is no library `emial`\nhint: did you mean `library = \"email\"`?",
            "p.toml:4:12: provider `gone` is left out: there is no library `gone`\nhint: put `libgone.so` into `providers`",
            "p.toml:9:12: nothing delivers on `sms` while the library of `broken` is not there",
        ]
    );
    assert_eq!(config.providers["emial"].config, serde_json::json!({}));
    assert!(config.providers["broken"].enabled, "the operator's word stays");
}

#[test]
fn a_library_whose_schema_is_none_is_left_out() {
    let mut manifest = library("odd", &["sms"]);
    manifest.config_schema = serde_json::json!({ "type": "objekt", "$ref": "https://example.com/schema" });
    let found = [manifest];
    let draft = Draft::parse("[providers.odd]\n", Path::new("p.toml"), environment());
    let config = draft.finish_with(&Shelf::new(&found, &[], &[])).unwrap();
    assert!(!config.providers["odd"].enabled);
    assert!(config.warnings[0].what.contains("the schema of its library `odd` cannot be used"));
}

/// Every mistake at once: sections, providers, secrets, schema, routes and applications in one go.
#[test]
fn ten_mistakes_are_told_at_once() {
    let text = r#"
[server]
listen = 8080
[store]
url = "sqlite:x"
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

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere.toml");
    let load = |path: &Path| {
        Draft::load(Some(path), environment()).finish_with(&Shelf::new([], &[], &[])).unwrap_err().to_string()
    };
    assert_eq!(
        load(&path),
        format!(
            "{}: cannot be read: No such file or directory (os error 2)\nhint: name another file with `--config FILE`\n\
             1 mistake: nothing is started",
            path.display()
        )
    );
    let latin = folder.path().join("latin.toml");
    std::fs::write(&latin, b"[site]\nname = \"caf\xe9\"\n").unwrap();
    assert_eq!(
        load(&latin),
        format!("{}:2:12: this is no UTF-8\n1 mistake: nothing is started", latin.display())
    );
}

/// Every place of a file in which a text may stand, `@` for the text.
const TEXTS: &str = r#"
[server]
listen = "@"
[site]
name = "@"
support_email = "@"
[store]
url = "@"
[log]
filter = "@"
format = "@"
[providers.sms_twilio]
enabled = "@"
library = "@"
isolation = "@"
timeout = "@"
queue = "@"
sha256 = "@"
[providers.b]
library = "sms_twilio"
[providers.b.config]
account_sid = "@"
auth_token = ["@"]
spare_token = { env = "@" }
old_tokens = ["@", { env = "@", other = "@" }, ["@"], { file = "@", env = "@" }]
region = "@"
tries = "@"
proxy = { host = ["@"], password = { value = "@" }, other = "@" }
mode = { kind = "@", key = "@", rounds = "@" }
unknown = "@"
[providers.c]
library = "sms_twilio"
config = "@"
[providers.d.config]
any = "@"
[routes]
sms = ["@", "b"]
call = "@"
[applications.web]
api_keys = ["@", { env = "@" }, "@"]
methods = ["@", "@:code", "sms:@", "sms:code"]
preferred = "@"
code = { length = "@", alphabet = "@", lifetime = "@", pause = "@" }
[applications.other]
api_keys = ["@"]
methods = "@"
unknown = ["@"]
"#;

/// No secret in any output, wherever it was pasted.
#[test]
fn no_text_of_a_bad_file_is_ever_told() {
    const MARKER: &str = "S3cr3t-Marker/of/the+operator==";
    let text = TEXTS.replace('@', MARKER);
    let mistakes = read(&text).unwrap_err();
    assert!(mistakes.iter().count() > 35, "{mistakes}");
    let output = format!("{mistakes}{mistakes:?}{}", serde_json::to_string(&mistakes).unwrap());
    assert!(!output.contains("Marker"), "{output}");
    let draft = Draft::parse(&text, Path::new("p.toml"), environment());
    assert!(!format!("{draft:?}").contains("Marker"));
    // A syntax error on any of its lines shows no more.
    for cut in (0..text.len()).step_by(7) {
        for broken in [&text[..cut], &text[cut..]] {
            let told =
                read(broken).map_or_else(|mistakes| mistakes.to_string(), |config| format!("{config:?}"));
            assert!(!told.contains("Marker/of"), "{told}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_the_bytes_reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        drop(read(&String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn whatever_the_characters_reading_never_panics(text in "[a-z\\[\\]{}=\"'#.,0-9\n -]{0,200}") {
        drop(read(&text));
    }

    #[test]
    fn a_file_with_a_piece_cut_out_or_put_in_never_panics(
        from in 0_usize..4000,
        length in 0_usize..80,
        put in "[a-z\\[\\]{}=\"'#.,0-9\n]{0,12}",
    ) {
        for whole in [super::EXAMPLE, TEXTS] {
            let mut text: Vec<char> = whole.replace("\n#", "\n").chars().collect();
            let from = from.min(text.len());
            let to = (from + length).min(text.len());
            text.splice(from..to, put.chars());
            drop(read(&text.iter().collect::<String>()));
        }
    }
}
