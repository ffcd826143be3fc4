//! What a member types and what a member is called.

use super::text;
use crate::{seal::Typed, template::MemberName};

/// A typed code has one form, which never grows and is never printed.
pub(super) fn typed(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    match Typed::read(text) {
        Ok(typed) => {
            assert!(!typed.expose().is_empty() && typed.expose().len() <= text.len());
            assert_eq!(Typed::read(typed.expose()).as_ref(), Ok(&typed), "read again it is another");
            assert_eq!(Typed::read(&format!(" {text}")).ok().is_some(), text.len() < 64);
            assert_eq!(format!("{typed:?}"), "Typed(***)");
        }
        Err(why) => assert!(text.chars().count() < 30 || !why.to_string().contains(text)),
    }
}

/// A name that may be said is short, on one line, no link and no number; said again it is the same.
pub(super) fn name(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Some(name) = MemberName::new(text) else { return };
    let said = name.as_str();
    assert!((1..=64).contains(&said.chars().count()));
    assert!(!said.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)));
    assert!(said.chars().filter(|c| c.is_numeric()).count() <= 3, "a number could be read out of it");
    assert!(!said.contains("://") && !said.to_lowercase().contains("www."), "a phone makes a link of it");
    let again = MemberName::new(said);
    assert!(again.as_ref().is_some_and(|again| again.as_str() == said.trim()), "said again it is another");
    assert_eq!(format!("{name:?}"), "MemberName(***)");
}
