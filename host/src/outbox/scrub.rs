//! Takes the code and the recipient out of what a provider says: it ends in logs and answers.

use provider_api::{DeliveryError, Receipt};

/// The most characters of a text that are kept.
const LONGEST: usize = 500;

/// Scrubs every text of an answer.
pub(super) fn answer(
    answer: Result<Receipt, DeliveryError>,
    secrets: &[&str],
) -> Result<Receipt, DeliveryError> {
    match answer {
        Ok(mut receipt) => {
            receipt.reference = receipt.reference.map(|reference| clean(&reference, secrets));
            Ok(receipt)
        }
        Err(mut error) => {
            error.code = error.code.map(|code| clean(&code, secrets));
            error.text = clean(&error.text, secrets);
            Err(error)
        }
    }
}

/// Hides the secrets, with or without their leading `+`, drops control characters and cuts what is too long.
fn clean(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in
        secrets.iter().map(|secret| secret.trim_start_matches('+')).filter(|secret| !secret.is_empty())
    {
        text = text.replace(secret, "•••");
    }
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: [&str; 2] = ["123456", "+447700900123"];

    #[test]
    fn what_a_provider_repeats_is_hidden() {
        for (text, kept) in [
            ("all is well", "all is well"),
            ("cannot send 123456 to +447700900123", "cannot send ••• to +•••"),
            ("to=447700900123\r\nx", "to=•••x"),
            ("12345", "12345"),
        ] {
            let error = DeliveryError::broken(text).with_code(text);
            let scrubbed = answer(Err(error), &SECRETS).unwrap_err();
            assert_eq!((scrubbed.text.as_str(), scrubbed.code.as_deref()), (kept, Some(kept)));
        }
        let receipt = answer(Ok(Receipt::new("ref-447700900123")), &SECRETS).unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("ref-•••"));
        assert_eq!(clean(&"x".repeat(2 * LONGEST), &SECRETS).len(), LONGEST);
    }
}
