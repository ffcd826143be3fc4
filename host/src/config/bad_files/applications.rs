//! `[applications.ID]` and `[routes]`.

use super::{GOOD_PROVIDER, read, told};
use crate::config::secret;

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
            vec![format!("4:1: `A` lacks `methods`\nhint: {methods_hint}")],
        ),
        (
            format!("api_keys = \"short\"\n{methods}"),
            vec![format!("5:12: `A.api_keys` must be a list, not a text\nhint: {keys_hint}")],
        ),
        (
            format!("api_keys = [\"short\", 1, \"with a space in the middle of it\"]\n{methods}"),
            vec![
                format!("5:13: `A.api_keys` holds a key of less than 20 characters\nhint: {keys_hint}"),
                format!("5:22: `A.api_keys` must be a secret, not a whole number\nhint: {}", secret::FORMS),
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
                "6:12: `A.methods` holds something that is no method\nhint: did you mean \"sms:code\"?".to_owned(),
                "6:19: `A.methods` asks for links, which come with a later version of Passrelay\n\
                 hint: this version delivers codes: `sms:code`"
                    .to_owned(),
                "6:31: `A.methods` asks for an unknown payload\nhint: this version delivers codes: `sms:code`".to_owned(),
                "6:56: `A.methods` names this method a second time".to_owned(),
                "6:68: `smss` is no configured provider and no channel that one serves\nhint: did you mean `sms`?".to_owned(),
            ],
        ),
        (
            format!("{key}{methods}senders = [\"ab\", \"Acme\", \"Acme\"]\n"),
            vec![
                "7:12: `A.senders` holds something that is no sender\nhint: names, numbers or short codes of 3 to 34 \
                 visible ASCII characters, for example senders = [\"Acme\"]"
                    .to_owned(),
                "7:26: `A.senders` names this sender a second time".to_owned(),
            ],
        ),
        (
            format!("{key}{methods}webhook_url = \"example.com\"\nwebhook_secret = \"whsec_short\"\n"),
            vec![
                "7:15: `A.webhook_url` is no `http` or `https` address of at most 2048 characters\nhint: for example \
                 \"https://example.com/otp-events\""
                    .to_owned(),
                "8:18: `A.webhook_secret` is no secret of webhooks\nhint: `whsec_` and 24 to 64 bytes in base64; `echo \
                 whsec_$(openssl rand -base64 32)` makes a good one"
                    .to_owned(),
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
