//! The text of a message: placeholders replaced once, values taken literally.

/// The one text of this version.
pub const GENERIC: &str = "{payload} is your {site_name} code.";

/// Replaces each `{name}` that has a value; any other brace stays as it is.
///
/// A value is never read for placeholders again and loses its control characters, line breaks and marks that turn the
/// direction of a text: what a stranger is called cannot change what a message says.
pub fn render(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let found = after.split_once('}').and_then(|(name, after)| Some((value(values, name)?, after)));
        if let Some((value, after)) = found {
            text.extend(value.chars().filter(|c| !is_unwelcome(*c)));
            rest = after;
        } else {
            text.push('{');
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

fn value<'v>(values: &[(&str, &'v str)], name: &str) -> Option<&'v str> {
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn is_unwelcome(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// J34, J35
    #[test]
    fn a_text_is_rendered_literally() {
        for (template, site, text) in [
            (GENERIC, "Example", "123456 is your Example code."),
            (GENERIC, "{payload}", "123456 is your {payload} code."),
            (GENERIC, "{site_name}", "123456 is your {site_name} code."),
            (GENERIC, "A\r\nB\0\u{202e}C\u{2028}", "123456 is your ABC code."),
            (GENERIC, "", "123456 is your  code."),
            ("{payload", "x", "{payload"),
            ("{}{{payload}}", "x", "{}{123456}"),
            ("{ payload } {unknown} }{", "x", "{ payload } {unknown} }{"),
            ("", "x", ""),
        ] {
            assert_eq!(render(template, &[("payload", "123456"), ("site_name", site)]), text);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_site_is_called_its_name_stands_there_as_it_is(site in "\\PC{0,20}") {
            let text = render(GENERIC, &[("payload", "1"), ("site_name", &site)]);
            let shown: String = site.chars().filter(|c| !is_unwelcome(*c)).collect();
            prop_assert_eq!(text, format!("1 is your {shown} code."));
        }

        #[test]
        fn a_template_without_placeholders_stays_as_it_is(template in "[^{]{0,40}") {
            prop_assert_eq!(render(&template, &[("payload", "1")]), template);
        }
    }
}
