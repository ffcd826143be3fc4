//! Texts that starts brought, compiled once and tried: applications bring the same one again and again.

use super::{Fault, InvalidWording, Part, Template, Templates, Wording, Wrong};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// How many are remembered. Who brings another text each time pays for compiling it.
const ROOM: usize = 256;

/// The texts that were brought lately. All clones know the same ones; none outlives the site that it was tried with.
#[derive(Clone, Default)]
pub struct Brought(Arc<Mutex<HashMap<String, Template>>>);

impl Templates {
    /// Whether a start may say this text (X4, X17): it is compiled and tried as an operator's own is.
    ///
    /// # Errors
    ///
    /// When it is too long, cannot be rendered, or does not hold its code, and that of a payment not amount and payee.
    pub fn admit(&self, text: &str, of_payment: bool) -> Result<(), InvalidWording> {
        if text.chars().count() > Wording::LONGEST_TEXT {
            return Err(InvalidWording::TooLong);
        }
        let template = self.brought(text).map_err(InvalidWording::Wrong)?;
        if of_payment && !template.says_payment() {
            return Err(InvalidWording::Wrong(Wrong::LacksPayment));
        }
        Ok(())
    }

    /// The text, compiled; else what is wrong first.
    pub(super) fn brought(&self, text: &str) -> Result<Template, Wrong> {
        // What a panic left behind is whole texts all the same.
        let known = || self.brought.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = known().get(text) {
            return Ok(template.clone());
        }
        let first =
            |faults: Vec<Fault>| faults.into_iter().next().map_or(Wrong::NoPayload, |fault| fault.wrong);
        let template = Template::new(text, Part::Text, &self.site).map_err(first)?;
        let mut known = known();
        if known.len() >= ROOM {
            known.clear();
        }
        known.insert(text.to_owned(), template.clone());
        Ok(template)
    }
}

/// A text may name somebody.
impl fmt::Debug for Brought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Brought(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str, of_payment: bool) -> String {
        let admitted = Templates::default().admit(text, of_payment);
        admitted.map_or_else(|why| why.to_string(), |()| "admitted".to_owned())
    }

    /// X4
    #[test]
    fn a_text_of_a_start_is_held_to_the_rules_of_an_operators() {
        for (text, why) in [
            ("Your code is {{pin}}", "admitted"),
            ("{code} for {site_name}", "admitted"),
            ("Your code", "lacks its payload"),
            ("{{pin}} {{ cod }}", "uses `cod`, which is no variable"),
            ("{% if member_name %}{{pin}}{% endif %}", "does not always hold its payload"),
            ("{{pin}}{{ 'x' * 999999 }}", "takes too much work or grows too large to render"),
            (&format!("{{{{pin}}}}{}", "x".repeat(1600)), "has more than 1600 characters"),
        ] {
            assert_eq!(told(text, false), why, "{text}");
        }
        assert_eq!(told("{code}", true), "does not say both `amount` and `payee` of a payment");
        assert_eq!(told("{code}: {amount} to {payee}", true), "admitted");
    }

    #[test]
    fn a_bounded_number_of_texts_is_remembered_and_none_is_shown() {
        let templates = Templates::default();
        for number in 0..3 * ROOM {
            templates.admit(&format!("{{code}} for {number}"), false).unwrap();
        }
        assert!(templates.brought.0.lock().unwrap().len() <= ROOM);
        assert!(!format!("{templates:?}").contains("for 7"));
        let clone = templates.clone();
        clone.admit("{code} of a clone", false).unwrap();
        assert!(templates.brought.0.lock().unwrap().contains_key("{code} of a clone"));
    }

    proptest! {
        /// Whatever stands in a request: an answer, and no panic.
        #[test]
        fn any_text_is_admitted_or_refused(text in "\\PC{0,40}(\\{\\{pin\\}\\})?[ {}%a-z]{0,40}", paid: bool) {
            prop_assert!(Templates::default().admit(&text, paid).is_err() || !text.is_empty());
        }
    }
}
