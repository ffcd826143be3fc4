//! Values that strangers chose, and texts that anybody typed.

use super::{is_unwelcome, values::Spoken, *};
use proptest::prelude::*;
use std::time::Duration;

/// What somebody would call themselves who wants to say something in our name.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{",
        "}",
        "{{ code }}",
        "{payload}",
        "{% for x in y %}",
        "<script>",
        "</b>",
        "&",
        "\"",
        "'",
        "\r\n",
        "\n",
        "\0",
        "\u{202e}",
        "\u{2066}",
        "\u{2028}",
        "[[OTP]]",
        "é",
        "😀",
        "a",
        " ",
    ]);
    let long = Just("ä<".repeat(5_000));
    prop_oneof![8 => prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat()), 1 => long, 4 => any::<String>()]
}

fn site(name: &str, support: &str, company: &str) -> Site {
    Site {
        name: name.to_owned(),
        support_email: support.to_owned(),
        variables: [("company".to_owned(), company.to_owned())].into(),
        ..Site::default()
    }
}

fn values(site: &Site, code: &str, name: Option<&MemberName>, word: &str) -> Values {
    let expires_in = Duration::from_mins(10);
    Values::new(
        site,
        Spoken {
            code,
            member_name: name,
            expires_in,
            purpose: word,
            locale: word,
            channel: word,
            payment: None,
            site_name: None,
        },
    )
}

fn clean(value: &str) -> String {
    value.chars().filter(|c| !is_unwelcome(*c)).collect()
}

fn template(text: &str, part: Part) -> Template {
    Template::new(text, part, &site("", "", "")).unwrap()
}

proptest! {
    #[test]
    fn no_value_changes_the_text_around_it(
        name in hostile(), support in hostile(), company in hostile(), member in hostile(), word in hostile(), code in hostile(),
    ) {
        let site = site(&name, &support, &company);
        let member = MemberName::new(&member);
        let values = values(&site, &code, member.as_ref(), &word);
        let said_name = member.as_ref().map_or("", MemberName::as_str);
        let expected = [&code, &name, &support, said_name, &word, &word, &word, &company].map(clean).join("|");
        let text = "{code}|{site_name}|{{ support_email }}|{member_name}|{purpose}|{locale}|{channel}|{company}";
        prop_assert_eq!(template(text, Part::Text).render(&values).unwrap(), &*expected);

        let subject = template(text, Part::Subject).render(&values).unwrap();
        prop_assert!(!subject.contains(char::is_control));
        prop_assert_eq!(subject, expected.trim());
    }

    #[test]
    fn no_value_stands_in_html_unescaped(
        name in hostile(), support in hostile(), company in hostile(), member in hostile(),
    ) {
        let site = site(&name, &support, &company);
        let member = MemberName::new(&member);
        let values = values(&site, "123456", member.as_ref(), "x");
        let text = "{code}|{site_name}|{support_email}|{member_name}|{company}";
        let said = template(text, Part::Html).render(&values).unwrap();
        prop_assert!(!said.contains(['<', '>', '"', '\'']), "{}", said);
        let unescaped = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")]
            .iter()
            .fold(said, |said, (escaped, plain)| said.replace(escaped, plain));
        let said_name = member.as_ref().map_or("", MemberName::as_str);
        let expected = ["123456", &name, &support, said_name, &company].map(clean).join("|");
        prop_assert_eq!(unescaped, expected);
    }

    #[test]
    fn whatever_is_typed_as_a_text_nothing_panics(
        pieces in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(vec![
                "{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "[[", "]]", "code", "payload", "otp", "OTP", "if ", "for a in ", "endfor",
                "endif", "else", "elif ", "-", "|upper", "~", "'", "\"", "\\", "(", ")", "[", "]", "*", "999999999999", ".", "site_name",
                "{{ code }}", "{% if member_name %}", "{% endif %}", "{% for c in code * 999 %}", "{% endfor %}", "\n", "é",
            ]).prop_map(str::to_owned),
            1 => "\\PC{0,12}",
        ], 0..24),
        name in hostile(),
    ) {
        let text = pieces.concat();
        let site = site("Example", "", "");
        for part in [Part::Text, Part::Subject, Part::Html] {
            match Template::new(&text, part, &site) {
                Ok(template) => {
                    let member = MemberName::new(&name);
                    let said = template.render(&values(&site, "123456", member.as_ref(), "x"));
                    prop_assert!(said.is_err() || part == Part::Subject || said.unwrap().contains("123456"));
                }
                Err(faults) => {
                    prop_assert!(!faults.is_empty());
                    for fault in faults {
                        prop_assert!(fault.at <= text.len() + 16, "{} in {}", fault.at, text);
                        prop_assert!(!fault.to_string().is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_without_placeholders_stays_as_it_is(text in "[^{\\[]{0,40}") {
        let template = template(&format!("{text}{{code}}"), Part::Text);
        prop_assert_eq!(template.render(&values(&site("", "", ""), "1", None, "")).unwrap(), format!("{text}1"));
    }
}
