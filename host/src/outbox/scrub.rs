//! Takes the code and the recipient out of what a provider answers: it ends in logs and answers of ours.

use crate::seal::redacted;
use provider_api::{DeliveryError, Receipt};

/// Redacts every text of an answer.
pub(super) fn answer(
    answer: Result<Receipt, DeliveryError>,
    secrets: &[&str],
) -> Result<Receipt, DeliveryError> {
    match answer {
        Ok(mut receipt) => {
            receipt.reference = receipt.reference.map(|reference| redacted(&reference, secrets));
            Ok(receipt)
        }
        Err(mut error) => {
            error.code = error.code.map(|code| redacted(&code, secrets));
            error.text = redacted(&error.text, secrets);
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_repeats_is_hidden() {
        let secrets = ["123456", "+447700900123"];
        let error = DeliveryError::broken("cannot send 123456 to +447700900123").with_code("447700900123");
        let scrubbed = answer(Err(error), &secrets).unwrap_err();
        assert_eq!(scrubbed.text, "cannot send ••• to +•••");
        assert_eq!(scrubbed.code.as_deref(), Some("•••"));
        let receipt = answer(Ok(Receipt::new("ref-447700900123")), &secrets).unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("ref-•••"));
    }
}
