//! `[providers.ID]`, the library's own keys and its secrets.

use super::{GOOD_PROVIDER, environment, library, read, told};
use crate::config::{Draft, secret, shelf::Shelf};
use std::path::Path;

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
        (
            "sandbox = \"strikt\"",
            "`X.sandbox` must be one of `strict`, `network`, `off`\nhint: did you mean `strict`?",
        ),
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
        ("canary = \"abc\"", "`X.canary` must be a table, not a text\nhint: write it as `[X.canary]`"),
        (
            "library = \"SMS\"",
            "`X.library` is no name of a library\nhint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first",
        ),
        (
            "allow_hosts = \"a.example\"",
            "`X.allow_hosts` must be a list, not a text\nhint: a host such as \"api.example.com\", \
             \"api.example.com:8443\", \"*.example.com\" (any name below) or \"*\", in lower case and without `https://`",
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

/// Each where it stands, and both at once.
#[test]
fn a_bad_canary_is_told_exactly() {
    let (hash, canary) = ("ab".repeat(32), "providers.sms_twilio.canary");
    let hint = "64 hexadecimal digits, as `sha256sum FILE` prints them";
    let between = format!("`{canary}.weight` must be between 1 and 99");
    for (keys, expected) in [
        (format!("sha256 = \"{hash}\", weight = 0"), vec![format!("2:98: {between}")]),
        (format!("sha256 = \"{hash}\", weight = 100"), vec![format!("2:98: {between}")]),
        (format!("sha256 = \"{hash}\", weight = -1"), vec![format!("2:98: {between}")]),
        (
            format!("sha256 = \"{hash}\", weight = 0.5"),
            vec![format!(
                "2:98: `{canary}.weight` must be a whole number, not a number with a fraction\n\
                 hint: without quotes and without a fraction"
            )],
        ),
        (
            format!("sha256 = \"{hash}\""),
            vec![format!("2:10: `{canary}` lacks `weight`\nhint: of a hundred deliveries so many: 1 to 99")],
        ),
        ("weight = 10".to_owned(), vec![format!("2:10: `{canary}` lacks `sha256`\nhint: {hint}")]),
        (
            "sha256 = \"abc\", weight = 100".to_owned(),
            vec![format!("2:21: `{canary}.sha256` is no SHA-256\nhint: {hint}"), format!("2:37: {between}")],
        ),
        (
            format!("sha256 = \"{hash}\", weight = 1, wieght = 1"),
            vec![format!("2:101: unknown key `wieght` in `{canary}`\nhint: did you mean `weight`?")],
        ),
        (format!("sha256 = \"{}\", weight = 99", hash.to_uppercase()), vec![]),
    ] {
        assert_eq!(
            told(&format!("[providers.sms_twilio]\ncanary = {{ {keys} }}\n{GOOD_PROVIDER}")),
            expected,
            "{keys}"
        );
        let disabled = format!("[providers.sms_twilio]\ncanary = {{ {keys} }}\nenabled = false\n");
        assert_eq!(told(&disabled), expected, "a provider that is off is read as any: {keys}");
    }
}

/// The keys are right for what the provider runs: the canary's own schema stops nothing, and is told with its place.
#[test]
fn keys_that_a_canarys_schema_does_not_take_are_no_mistake_of_the_file() {
    let (own, mut newer) = (library("sms_twilio", &["sms"]), library("sms_twilio", &["sms"]));
    let hash = "ab".repeat(32);
    let text =
        format!("[providers.sms_twilio]\ncanary = {{ sha256 = \"{hash}\", weight = 10 }}\n{GOOD_PROVIDER}");
    let folders = ["providers".into()];
    let canary = |newer: &provider_api::Manifest| {
        let shelf = Shelf::new([&own], &[], &folders).with_canary(&hash, newer);
        let config = Draft::parse(&text, Path::new("p.toml"), environment()).finish_with(&shelf).unwrap();
        assert!(config.warnings.is_empty());
        config.providers["sms_twilio"].canary.clone().unwrap()
    };
    let taken = canary(&newer);
    assert_eq!((taken.weight, &taken.sha256), (10, &hash));
    assert_eq!(taken.config.clone().unwrap()["account_sid"], "AC00ff");
    assert!(!format!("{taken:?}").contains("AC00ff"), "{taken:?}");
    newer.config_schema["required"] = serde_json::json!(["account_sid", "auth_token", "token_of_today"]);
    newer.config_schema["properties"]["token_of_today"] = serde_json::json!({ "type": "string" });
    let why = canary(&newer).config.unwrap_err();
    let expected =
        "the configuration does not fit it: p.toml:3: `providers.sms_twilio.config` lacks `token_of_today`";
    assert!(why.starts_with(expected), "{why}");
}

#[test]
fn a_sandbox_on_a_thread_is_a_mistake() {
    let mistake = "3:11: `providers.sms_twilio.sandbox` means nothing with `isolation = \"thread\"`\n\
                   hint: leave it out, or write `isolation = \"process\"`";
    let keys = "isolation = \"thread\"\nsandbox = \"strict\"";
    assert_eq!(told(&format!("[providers.sms_twilio]\n{keys}\n{GOOD_PROVIDER}")).first().unwrap(), mistake);
}

/// Nothing catches what goes wrong in C, so it never runs in the server's own process.
#[test]
fn a_library_in_c_on_a_thread_is_a_mistake() {
    let mistake = "2:13: `providers.keyless.isolation` must be `process`: `keyless` is not in Rust\n\
                   hint: leave it out: nothing would guard the server from it";
    assert_eq!(told("[providers.keyless]\nisolation = \"thread\"\n"), [mistake]);
    assert!(told("[providers.keyless]\nisolation = \"process\"\n").is_empty());
}

#[test]
fn a_providers_key_among_its_librarys_own_is_told_where_it_belongs() {
    let mistake = "4:1: unknown key `allow_private_addresses` in `providers.sms_twilio.config`\n\
                   hint: it belongs under `[providers.sms_twilio]`";
    assert_eq!(told(&format!("{GOOD_PROVIDER}allow_private_addresses = true\n")), [mistake]);
}

/// What could never be reached is told where it stands, also in the middle of the list.
#[test]
fn a_host_that_is_none_or_that_the_library_does_not_declare_is_told() {
    let form = "hint: a host such as \"api.example.com\", \"api.example.com:8443\", \"*.example.com\" (any name below) or \
                \"*\", in lower case and without `https://`";
    let none = |column| {
        format!("2:{column}: `providers.sms_twilio.allow_hosts` has an item that is no host\n{form}")
    };
    let undeclared = |column, hint: &str| {
        format!(
            "2:{column}: `providers.sms_twilio.allow_hosts` permits a host that its library does not declare\nhint: {hint}"
        )
    };
    let all = "`sms_twilio` declares `api.twilio.com`, `*.regions.example`, `{base_url}`";
    for (hosts, base_url, expected) in [
        ("[]", "", vec![]),
        (r#"["api.twilio.com", "eu.regions.example", "*.twilio.com", "*"]"#, "", vec![]),
        (r#"["sms.test:8080"]"#, "http://sms.test:8080/v1", vec![]),
        (r#"["sms.test"]"#, "http://sms.test:8080/v1", vec![undeclared(16, all)]),
        (r#"["sms.test:8080"]"#, "", vec![undeclared(16, all)]),
        (r#"["api.twilo.com"]"#, "", vec![undeclared(16, "did you mean `api.twilio.com`?")]),
        (r#"["*", "api.other.example", "regions.example"]"#, "", vec![undeclared(21, all), undeclared(42, "did you mean `*.regions.example`?")]),
        (r#"["https://api.twilio.com", "API.twilio.com"]"#, "", vec![none(16), none(42)]),
        (r#"["{base_url}"]"#, "http://sms.test:8080/v1", vec![none(16)]),
        (
            "[1]",
            "",
            vec![
                "2:16: `providers.sms_twilio.allow_hosts` must be a text, not a whole number\nhint: write it in quotes: \"…\""
                    .to_owned(),
            ],
        ),
    ] {
        let base_url = if base_url.is_empty() { String::new() } else { format!("base_url = \"{base_url}\"\n") };
        let text = format!("[providers.sms_twilio]\nallow_hosts = {hosts}\n{GOOD_PROVIDER}{base_url}");
        assert_eq!(told(&text), expected, "{hosts} {base_url}");
    }
    let keyless = "[providers.keyless]\nallow_hosts = [\"a.example\"]\n";
    let mistake = "2:16: `providers.keyless.allow_hosts` permits a host that its library does not declare\n\
                   hint: `keyless` declares no host at all";
    assert_eq!(told(keyless), [mistake]);
    // What is wrong with a key is told alone: it might have named the host.
    let wrong = "[providers.sms_twilio]\nallow_hosts = [\"sms.test\"]\n[providers.sms_twilio.config]\n\
                 account_sid = \"AC00ff\"\nauth_token = \"t\"\nbase_url = 7\n";
    let mistake = "6:12: `providers.sms_twilio.config.base_url` must be a text, not a whole number";
    assert_eq!(told(wrong), [mistake]);
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
            `auth_token`, `base_url`, `ca_file`, `mode`, `old_tokens`, `proxy`, `region`, `spare_token`, `tries`"
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
            vec![format!("4:15: `{config}.spare_token` has both `env` and `file`\nhint: {}", secret::FORMS)],
        ),
        (
            "spare_token = {}",
            vec![format!(
                "4:15: `{config}.spare_token` has neither `env` nor `file`\nhint: {}",
                secret::FORMS
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
                format!("4:9: `{config}.proxy` lacks `password`\nhint: {}", secret::FORMS),
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
                format!("4:8: `{config}.mode` lacks `key`\nhint: {}", secret::FORMS),
                format!("4:36: `{config}.mode.rounds` must be a whole number, not a text"),
            ],
        ),
    ] {
        assert_eq!(told(&format!("{GOOD_PROVIDER}{keys}\n")), expected, "{keys}");
    }
}

#[test]
fn what_a_provider_lacks_is_missing_where_its_table_begins() {
    assert_eq!(
        told("[providers.a]\nlibrary = \"sms_twilio\"\n[providers.b]\nlibrary = \"sms_twilio\"\nconfig = { account_sid = \"SK1\" }\n"),
        [
            "1:1: `providers.a.config` lacks `account_sid`\nhint: Begins with `AC`; see the console.".to_owned(),
            format!("1:1: `providers.a.config` lacks `auth_token`\nhint: The token beside it. ({})", secret::FORMS),
            format!("5:10: `providers.b.config` lacks `auth_token`\nhint: The token beside it. ({})", secret::FORMS),
            "5:26: `providers.b.config.account_sid` must have the form `^AC[0-9a-f]{4}$`\nhint: Begins with `AC`; see the \
             console."
                .to_owned(),
        ]
    );
    let keyless = "[providers.keyless]\nconfig = { too = \"x\" }\n";
    let unknown =
        "2:12: unknown key `too` in `providers.keyless.config`\nhint: the library declares no keys here";
    assert_eq!(told(keyless), [unknown]);
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
fn a_path_among_a_providers_own_keys_begins_at_the_folder_of_the_file() {
    for (written, path) in [("ca.pem", "/etc/passrelay/ca.pem"), ("/ca.pem", "/ca.pem"), ("", "")] {
        let text = format!("{GOOD_PROVIDER}ca_file = \"{written}\"\n");
        let libraries = [library("sms_twilio", &["sms"])];
        let draft = Draft::parse(&text, Path::new("/etc/passrelay/p.toml"), environment());
        let config = draft.finish_with(&Shelf::new(&libraries, &[], &[])).unwrap();
        assert_eq!(config.providers["sms_twilio"].config["ca_file"], path);
    }
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

/// T13: prices that are none, and prefixes of no number, each where it stands.
#[test]
fn each_bad_price_is_told() {
    let text = format!(
        "[providers.sms_twilio.prices]\n\"+44\" = \"0.0463 GBP\"\n44 = \"1 GBP\"\n\"+0\" = 5\n\"+1\" = \"1,5 USD\"\n\
         default = \"free\"\n{GOOD_PROVIDER}"
    );
    let prefix = "`providers.sms_twilio.prices` has a key that no number begins with\n\
                  hint: `+` and digits in quotes, or `default`: \"+44\" = \"0.0463 GBP\"";
    let price = "is no price\nhint: an amount and a currency (ISO 4217): \"0.0463 GBP\"";
    assert_eq!(
        told(&text),
        [
            format!("3:1: {prefix}"),
            format!("4:1: {prefix}"),
            "4:8: `providers.sms_twilio.prices.…` must be a text, not a whole number\nhint: write it in quotes: \"…\""
                .to_owned(),
            format!("5:8: `providers.sms_twilio.prices.…` {price}"),
            format!("6:11: `providers.sms_twilio.prices.default` {price}"),
        ]
    );
    let good = format!("[providers.sms_twilio.prices]\n\"+44\" = \"0.0463 GBP\"\n{GOOD_PROVIDER}");
    let prices = read(&good).unwrap().prices;
    let cost =
        prices.estimate("sms_twilio", &provider_api::Recipient::new("+447700900123"), Some(2)).unwrap();
    assert_eq!((cost.amount.as_str(), cost.currency.as_str()), ("0.0926", "GBP"));
    assert_eq!(told("[providers.sms_twilio]\nprices = 1\nenabled = false\n").len(), 1);
}
