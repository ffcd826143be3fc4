//! The operator's keys, as `passrelay` tells them: before anything is started.

use harness::{Console, Twilio};

fn console(configuration: &str) -> Console {
    let console = Console::with(&["sms_twilio"]);
    console.write("passrelay.toml", configuration);
    console
}

const WRONG: &str = r#"[providers.sms_twilio]
[providers.sms_twilio.config]
account_sid = "SK00112233445566778899aabbccddeeff"
auth_token = ""
api_key_sid = "hunter2"
from = "+1 617 555 1212"
base_url = "api.twilio.com"
risk_check = "disabled"
dry_run_in_test = "yes"
status_callback = "https://my_host.example.com/"
auth_tokn = "hunter2"
"#;

/// J17, J29, J31, J32, J40, J48, S19, L25: every mistake with its place, where to find what is right, and no value.
#[test]
fn every_wrong_key_is_told_with_its_line_and_where_the_right_value_is_found() {
    let told = console(WRONG).run("check");
    assert_eq!(told.code, 3, "{told:?}");
    let config = "providers.sms_twilio.config";
    for line in [
        format!("passrelay.toml:2:1: `{config}` lacks `member_phone_field`"),
        format!("passrelay.toml:3:15: `{config}.account_sid` must have the form `^AC[0-9a-fA-F]{{32}}$`"),
        format!("passrelay.toml:4:14: `{config}.auth_token` must not be empty"),
        format!("passrelay.toml:5:15: `{config}.api_key_sid` must have the form `^SK[0-9a-fA-F]{{32}}$`"),
        format!("passrelay.toml:6:8: `{config}.from` has none of the forms that the library expects"),
        format!("passrelay.toml:7:12: `{config}.base_url` must have the form"),
        format!("passrelay.toml:8:14: `{config}.risk_check` must be one of `enable`, `disable`"),
        format!("passrelay.toml:9:19: `{config}.dry_run_in_test` must be `true` or `false`, not a text"),
        format!("passrelay.toml:10:19: `{config}.status_callback` must have the form"),
        "passrelay.toml:11:1: unknown key `auth_tokn`".to_owned(),
    ] {
        assert!(told.err.contains(&line), "{line}\n{}", told.err);
    }
    for hint in
        ["first page of Twilio's console", "Phone Numbers, Manage, Active", "did you mean `auth_token`?"]
    {
        assert!(told.err.contains(hint), "{hint}\n{}", told.err);
    }
    assert!(!told.err.contains("hunter2"), "{}", told.err);
}

/// L23: the library carries its own page, and the help of each key.
#[test]
fn the_library_explains_itself() {
    let console = console("");
    let docs = console.run("providers docs sms_twilio");
    assert_eq!(docs.code, 0, "{docs:?}");
    assert!(docs.out.contains("SMS by Twilio") && docs.out.contains("member_phone_field"), "{}", docs.out);
    assert!(docs.out.contains("(SMS (Twilio))"), "{}", docs.out);
}

/// J48: neither way to sign, and both of them: told before anything is started, with what is right.
#[test]
fn requests_are_signed_in_one_of_two_ways() {
    let keys = [
        "account_sid = \"AC00112233445566778899aabbccddeeff\"",
        "from = \"+16175551212\"",
        "member_phone_field = \"mobile\"",
    ];
    let token = "auth_token = \"hunter2hunter2\"".to_owned();
    let key = format!("api_key_sid = \"{}\"\napi_key_secret = \"hunter2hunter2\"", Twilio::KEY);
    let check = |signed: &str| {
        let keys = keys.join("\n");
        console(&format!("[providers.sms_twilio.config]\n{keys}\n{signed}\n")).run("check")
    };
    for right in [&token, &key] {
        assert_eq!(check(right).code, 0, "{right}");
    }
    for (wrong, said) in [
        (String::new(), "lacks `auth_token`, or `api_key_sid` and `api_key_secret`"),
        (
            format!("{token}\n{key}"),
            "has `auth_token` as well as `api_key_sid` and `api_key_secret`; only one of these may stand there",
        ),
    ] {
        let told = check(&wrong);
        let mistake = format!("passrelay.toml:1:1: `providers.sms_twilio.config` {said}\nhint: ");
        assert_eq!(told.code, 3, "{told:?}");
        assert!(told.err.starts_with(&mistake), "{told:?}");
        assert!(
            told.err
                .contains("Either `auth_token` signs the requests, or `api_key_sid` and `api_key_secret`")
        );
        assert!(!told.err.contains("hunter2"), "{told:?}");
    }
}

/// What no schema says is told where the provider is opened, and its value is not quoted.
#[test]
fn a_token_with_a_line_break_is_told_where_the_provider_is_opened() {
    let account = Twilio::ACCOUNT;
    let told = console(&format!(
        r#"[providers.sms_twilio.config]
account_sid = "{account}"
auth_token = "hunter2\nhunter2"
from = "+16175551212"
member_phone_field = "mobile"
"#
    ))
    .run("providers list");
    assert!(told.out.contains("`auth_token` has white space in it; copy it again"), "{told:?}");
    assert!(!told.out.contains("hunter2") && !told.err.contains("hunter2"), "{told:?}");
}

const README: &str = include_str!("../../../providers/sms_twilio/README.md");

/// L23: what the library's own page shows is right, and explains every key.
#[test]
fn the_first_lines_of_the_page_are_a_right_configuration() {
    let block = README.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let console = console(block);
    let checked = console.command(["check"]).env("TWILIO_AUTH_TOKEN", "hunter2hunter2").output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));

    let schema = console.run("providers schema sms_twilio").json();
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(README.contains(&format!("| `{key}`")) || README.contains(&format!(", `{key}` |")), "{key}");
    }
}
