//! The payment that a code approves: amount and payee, bound to it (PSD2).

use super::is_unwelcome;
use crate::seal::is_same;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most bytes of an amount and of a payee.
const LONGEST: usize = 100;

/// What a payer approves with a code (Delegated Regulation (EU) 2018/389 article 5). `Debug` shows neither part.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// How much, as the payer is to read it: `12.30 EUR`.
    pub amount: String,
    /// Who receives it.
    pub payee: String,
}

/// The text is no amount and no payee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {LONGEST} bytes, without control characters, line breaks and space at the ends")]
pub struct InvalidPayment;

impl Payment {
    /// Whether a text can be an amount or a payee: one that every message says exactly as it is.
    ///
    /// # Errors
    ///
    /// When it cannot.
    pub fn admit(text: &str) -> Result<(), InvalidPayment> {
        let fits = (1..=LONGEST).contains(&text.len()) && text.trim() == text;
        if fits && !text.chars().any(is_unwelcome) { Ok(()) } else { Err(InvalidPayment) }
    }

    /// Whether both parts are the same. Takes the same time wherever they differ.
    pub fn is_same(&self, amount: &str, payee: &str) -> bool {
        is_same(&self.amount, amount) & is_same(&self.payee, payee)
    }
}

impl fmt::Debug for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payment(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_what_can_be_said_exactly_as_it_is() {
        for good in ["12.30 EUR", "Ada Lovelace & Söhne <GmbH>", "￥1,000"] {
            assert_eq!(Payment::admit(good), Ok(()));
        }
        for bad in ["", " 1", "1 ", "1\n2", "1\u{202e}2", "\u{0}", &"1".repeat(101)] {
            assert_eq!(Payment::admit(bad), Err(InvalidPayment), "{bad:?}");
        }
    }

    /// H6
    #[test]
    fn a_payment_is_another_as_soon_as_either_part_is() {
        let payment = Payment { amount: "12.30 EUR".to_owned(), payee: "Ada".to_owned() };
        assert!(payment.is_same("12.30 EUR", "Ada"));
        for (amount, payee) in [("12.31 EUR", "Ada"), ("12.30 EUR", "Eve"), ("12.30 EUR", "ada"), ("", "")] {
            assert!(!payment.is_same(amount, payee));
        }
        assert_eq!(format!("{payment:?}"), "Payment(***)");
    }
}
