//! An operator's text and a stranger's name in one message.

use super::parts;
use crate::template::{MemberName, Occasion, Part, Site, Template, Templates, Text, Values};
use provider_api::{Channel, Recipient, Segments};
use std::time::Duration;

const CODE: &str = "735192";

/// The text, then `---` and the member's name, then `---` and the site's name.
///
/// Faults point into the text; a text that is taken says the code, whatever the names.
pub(super) fn template(bytes: &[u8]) {
    let parts = parts(bytes);
    let Some(text) = parts.first() else { return };
    let [name, site_name] = [1, 2].map(|at| parts.get(at).copied().unwrap_or_default());
    let variables = [("company".to_owned(), site_name.to_owned())].into();
    let site = Site { name: site_name.to_owned(), variables, ..Site::default() };
    let parts = [Part::Text, Part::Subject, Part::Html];
    let [plain, subject, html] = parts.map(|part| compiled(text, part, &site));
    let Some(plain) = plain else { return };
    say(&Text { text: plain, subject, html }, name, &site);
}

fn compiled(text: &str, part: Part, site: &Site) -> Option<Template> {
    match Template::new(text, part, site) {
        Ok(template) => {
            assert_eq!(template.as_str(), text);
            assert!(
                template.loose().all(|(word, at)| text.get(at..).is_some_and(|rest| rest.contains(word)))
            );
            for named in [true, false] {
                let said = template.render(&Values::sample(site, 10, named));
                assert!(said.is_ok(), "what was tried is rendered: {said:?}");
            }
            Some(template)
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(text.is_char_boundary(fault.at), "{} is no place of the text: {fault}", fault.at);
            }
            None
        }
    }
}

fn say(text: &Text, name: &str, site: &Site) {
    let Ok(channel) = Channel::new("email") else { return };
    let (name, recipient) = (MemberName::new(name), Recipient::new("ada@example.com"));
    let occasion = Occasion {
        application: None,
        provider: "email",
        channel: &channel,
        recipient: &recipient,
        purpose: "sign_in",
        locale: Some("de-AT"),
        member_name: name.as_ref(),
        payment: None,
        wording: None,
        code: CODE,
        expires_in: Duration::from_secs(569),
    };
    let templates = Templates { site: site.clone(), ..Templates::default() };
    // A text may fail with a name that it was not tried with; then it says nothing at all.
    let Ok(said) = templates.say_with(text, &occasion) else { return };
    assert!(said.text.contains(CODE), "the code is not in it");
    assert!(said.html.is_none_or(|html| html.contains(CODE)));
    assert!(said.subject.is_none_or(|subject| !subject.contains(['\r', '\n', '\0'])));
    assert!(said.text.len() <= 300 << 10);
    let segments = Segments::of(&said.text);
    assert!(segments.parts > 0, "it is sent in some parts");
}
