//! `[site]` and every `templates`.

use super::{GOOD_PROVIDER, read, told};

const KEYS: &str = "api_keys = [{ env = \"KEY\" }]\nmethods = [\"sms:code\"]\n";

#[test]
fn each_bad_text_is_told_at_the_character() {
    let known = "known here: `payload`, `code`, `pin`, `otp`, `site_name`, `support_email`, `member_name`, `expiry_minutes`, \
                 `expiry_seconds`, `purpose`, `locale`, `channel`, `amount`, `payee`";
    let forms = "`\"…\"`, or `{ subject = \"…\", text = \"…\", html = \"…\" }`";
    for (body, expected) in [
        ("generic = \"Hello\"", vec![
            "5:11: `T.generic` lacks its payload\nhint: write `{payload}` where the code belongs".to_owned(),
        ]),
        ("generic = \"é \\u00e9 {{ site_nmae }} {code}\"", vec![
            "5:24: `T.generic` uses `site_nmae`, which is no variable\nhint: did you mean `site_name`?".to_owned(),
        ]),
        ("generic = \"\"\"\n{payload}\n{{ quux }}\"\"\"", vec![
            format!("7:4: `T.generic` uses `quux`, which is no variable\nhint: {known}"),
        ]),
        ("generic = '{code} {% if x'", vec![
            "5:19: `T.generic` has a `{%` that is never closed".to_owned(),
        ]),
        ("generic = '{code} {% include \"x\" %}'", vec![
            "5:19: `T.generic` uses `{% include %}`, which is not for texts\n\
             hint: there is `{% if … %}`, `{% elif … %}`, `{% else %}` and `{% for … %}`".to_owned(),
        ]),
        ("generic = '{% if member_name %}{code}{% endif %}'", vec![
            "5:11: `T.generic` does not always hold its payload\nhint: write `{payload}` outside of any `{% if %}`".to_owned(),
        ]),
        ("generic = \"{code}{% for a in 'x' * 999 %}{% for b in 'x' * 999 %}{% endfor %}{% endfor %}\"", vec![
            "5:11: `T.generic` takes too much work or grows too large to render".to_owned(),
        ]),
        ("de = { generic = \"{code}\" }", vec![
            "5:1: `T.de` is a language, where a purpose belongs\nhint: its texts stand under `locales.de`".to_owned(),
        ]),
        ("generic = 5", vec![format!("5:11: `T.generic` must be a text, not a whole number\nhint: {forms}")]),
        ("generic = { subject = \"a\\nb\", html = \"<p>\", txt = \"x\" }", vec![
            format!("5:11: `T.generic` lacks `text`\nhint: {forms}"),
            "5:25: `T.generic.subject` has a line break, and a subject is one line".to_owned(),
            "5:38: `T.generic.html` lacks its payload\nhint: write `{payload}` where the code belongs".to_owned(),
            "5:45: unknown key `txt` in `T.generic`\nhint: did you mean `text`?".to_owned(),
        ]),
        ("sign-in = \"{code}\"\nSign_in = \"{code}\"\nlocale = {}\n\"?\" = \"{code}\"\nsign_up = \"{code}\"", vec![
            "5:1: `T.sign-in` is no name for a purpose\nhint: did you mean `sign_in`?".to_owned(),
            "6:1: `T.Sign_in` is no name for a purpose\nhint: did you mean `sign_in`?".to_owned(),
            "7:1: `T.locale` is no name for a purpose\nhint: did you mean `locales`?".to_owned(),
            "8:1: `T.…` is no name for a purpose\n\
             hint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first".to_owned(),
        ]),
        ("locales = { en_GB = {}, de = { generic = \"x\" }, DE = {}, fr = 1 }", vec![
            "5:13: `T.locales.en_GB` is no language tag\nhint: for example `en` or `pt-BR`".to_owned(),
            "5:42: `T.locales.de.generic` lacks its payload\nhint: write `{payload}` where the code belongs".to_owned(),
            "5:49: `T.locales.DE` names this language a second time".to_owned(),
            "5:63: `T.locales.fr` must be a table, not a whole number\nhint: write it as `[T.locales.fr]`".to_owned(),
        ]),
    ] {
        let text = format!("{GOOD_PROVIDER}[providers.sms_twilio.templates]\n{body}\n");
        let expected: Vec<String> =
            expected.iter().map(|told| told.replace("T.", "providers.sms_twilio.templates.")).collect();
        assert_eq!(told(&text), expected, "{text}");
    }
    let text = format!(
        "{GOOD_PROVIDER}[applications.web]\n{KEYS}templates.\"S M\".generic = \"{{code}}\"\ntemplates.sms = 1\n\
         templates.sign_in = \"{{code}}\"\n"
    );
    assert_eq!(
        told(&text),
        [
            "7:11: `applications.web.templates.…` is no name for a channel\n\
         hint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first",
            "8:17: `applications.web.templates.sms` must be a table, not a whole number\n\
         hint: write it as `[applications.web.templates.sms]`",
            "9:11: `applications.web.templates.sign_in` is a purpose, where a channel belongs\n\
         hint: an application's texts stand by channel: `sms.sign_in`",
        ]
    );
}

#[test]
fn each_bad_key_of_the_site_is_told() {
    let text = "[site]\nlocale = \"english!\"\nvariables = { code = \"x\", a-b = \"x\", n = 1 }\n\
                prefixes = { \"41\" = \"de\", \"+0\" = \"de\", \"+41\" = \"d\" }\n";
    assert_eq!(
        told(text),
        [
            "2:10: `site.locale` is no language tag\nhint: for example \"en\" or \"pt-BR\"",
            "3:15: `site.variables.code` is a variable already\nhint: choose another name",
            "3:27: `site.variables.a-b` is no name for a variable\n\
         hint: a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first",
            "3:42: `site.variables.n` must be a text, not a whole number\nhint: write it in quotes: \"…\"",
            "4:14: `site.prefixes` has a key that no number begins with\nhint: `+` and digits in quotes: \"+41\" = \"fr\"",
            "4:27: `site.prefixes` has a key that no number begins with\nhint: `+` and digits in quotes: \"+41\" = \"fr\"",
            "4:48: `site.prefixes.…` is no language tag\nhint: for example \"en\" or \"pt-BR\"",
        ]
    );
}

/// What is told although nothing is wrong.
fn noted(text: &str) -> Vec<String> {
    let config = read(text).unwrap();
    assert_eq!(config.warnings, []);
    config.notes.iter().map(|note| note.to_string().trim_start_matches("p.toml:").to_owned()).collect()
}

/// X26: what costs more than one SMS, and the character that does it.
#[test]
fn a_text_that_takes_more_than_one_sms_is_noted() {
    let provider = "[providers.sms_twilio.templates]\n";
    let long = "x".repeat(155);
    let site = "[site]\nname = \"Größe – 1\"\n";
    let app = format!("[applications.web]\n{KEYS}code = {{ length = 10 }}\n");
    for (text, expected) in [
        // UCS-2, but one
        (format!("{GOOD_PROVIDER}{provider}generic = \"{{code}} – {{site_name}}\"\n"), vec![]),
        (
            format!("{GOOD_PROVIDER}{provider}generic = \"{{code}} – {}\"\n", "x".repeat(70)),
            vec!["5:19: `providers.sms_twilio.templates.generic` takes 2 SMS: 79 units of UCS-2, and one holds 70; `–` (U+2013) is \
                  outside of GSM-7\nhint: without such characters one SMS holds 160".to_owned()],
        ),
        (
            format!("{GOOD_PROVIDER}{provider}generic = \"{{code}}\u{a0}{}\"\n", "x".repeat(70)),
            vec!["5:18: `providers.sms_twilio.templates.generic` takes 2 SMS: 77 units of UCS-2, and one holds 70; \
                  `\u{a0}` (U+00A0) is outside of GSM-7\nhint: without such characters one SMS holds 160".to_owned()],
        ),
        // six digits fit, the ten of an application do not
        (format!("{GOOD_PROVIDER}{provider}generic = \"{{code}}{}\"\n", "x".repeat(154)), vec![]),
        (
            format!("{GOOD_PROVIDER}{provider}generic = \"{{code}}{long}\"\n{app}"),
            vec!["5:11: `providers.sms_twilio.templates.generic` takes 2 SMS: 165 characters of GSM-7, and one holds 160"
                .to_owned()],
        ),
        // an application's own, where a value is to blame
        (
            format!(
                "{GOOD_PROVIDER}{site}{app}[applications.web.templates.sms.locales.de]\ngeneric = \"{{code}}{{site_name}}{}\"\n",
                "x".repeat(60)
            ),
            vec!["11:11: `applications.web.templates.sms.locales.de.generic` takes 2 SMS: 79 units of UCS-2, and one holds \
                  70; `–` (U+2013), which is a value's, is outside of GSM-7\nhint: without such characters one SMS holds 160"
                .to_owned()],
        ),
        // nothing is paid by the part in a mail or a call
        (format!("[providers.bare.templates]\ngeneric = \"{{code}}{long}{long}\"\n"), vec![]),
        (format!("{GOOD_PROVIDER}{app}templates.call.generic = \"{{code}}{long}{long}\"\n"), vec![]),
        // a payment is told whole or by ours
        (
            format!("{GOOD_PROVIDER}{provider}generic = \"{{code}} {{amount}}\"\n"),
            vec![
                "5:11: `providers.sms_twilio.templates.generic` says one half of a payment and not `{payee}`\nhint: a \
                 payment is told by the built-in text instead, as whoever approves it must read both"
                    .to_owned(),
            ],
        ),
        // a slip that is no mistake
        (
            format!("{GOOD_PROVIDER}{provider}generic = \"{{code}} {{site_nam}} {{quux}}\"\n"),
            vec![
                "5:20: `providers.sms_twilio.templates.generic` says `{site_nam}` as it stands there: that is no variable\n\
                 hint: did you mean `{site_name}`?".to_owned(),
                "5:31: `providers.sms_twilio.templates.generic` says `{quux}` as it stands there: that is no variable"
                    .to_owned(),
            ],
        ),
    ] {
        assert_eq!(noted(&text), expected, "{text}");
    }
}

#[test]
fn texts_for_a_channel_that_nothing_delivers_on_are_noted() {
    let app = format!("[applications.web]\n{KEYS}[applications.web.templates]\n");
    let note = "8:1: `applications.web.templates.smss` is never sent: no provider delivers on `smss`\n\
                hint: did you mean `sms`?";
    for (channel, expected) in [("smss", vec![note]), ("sms", vec![]), ("call", vec![])] {
        let text = format!("{GOOD_PROVIDER}{app}{channel} = {{ generic = \"{{code}}\" }}\n");
        assert_eq!(noted(&text), expected, "{channel}");
    }
}
