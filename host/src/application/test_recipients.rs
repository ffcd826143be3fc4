//! Recipients that are sent nothing and have a code that is known: for an application's own tests.

use crate::seal::Typed;
use provider_api::Recipient;

/// Recipients that are sent nothing, each with its code. `Debug` shows the recipients masked and no code.
#[derive(Debug, Clone, Default)]
pub struct TestRecipients(Vec<(Recipient, Typed)>);

impl TestRecipients {
    /// These recipients with their codes.
    pub fn new(recipients: Vec<(Recipient, Typed)>) -> Self {
        Self(recipients)
    }

    /// The code of a recipient, if it is one of them; an address counts in any case of its letters.
    pub fn code(&self, recipient: &Recipient) -> Option<&Typed> {
        let same = |one: &Recipient| one.as_str().to_lowercase() == recipient.as_str().to_lowercase();
        self.0.iter().find(|(one, _)| same(one)).map(|(_, code)| code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_recipient_is_found_in_any_case_and_shown_without_its_code() {
        let code = Typed::read("123456").unwrap();
        let recipients = TestRecipients::new(vec![(Recipient::new("Ada@example.com"), code.clone())]);
        assert_eq!(recipients.code(&Recipient::new("ada@Example.com")), Some(&code));
        assert_eq!(recipients.code(&Recipient::new("bob@example.com")), None);
        let shown = format!("{recipients:?}");
        assert!(!shown.contains("123456") && !shown.contains("Ada@"), "{shown}");
    }
}
