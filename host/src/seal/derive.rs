//! Codes are derived, not stored: the database alone never yields one.

use super::{Code, Key, keys::update};
use aws_lc_rs::hmac;
use provider_api::Recipient;
use zeroize::Zeroizing;

/// Everything a code depends on. Change any of it and the code is another.
///
/// The channel is no part of it: an SMS and a call to the same number say the same code.
#[derive(Debug, Clone)]
pub struct CodeInput<'a> {
    /// The verification's id.
    pub verification: &'a str,
    /// Grows when a resend carries a fresh code.
    pub generation: u32,
    /// Whose code it is.
    pub recipient: &'a Recipient,
    /// The kind of payload: `code`.
    pub payload: &'a str,
    /// How many characters.
    pub length: u8,
    /// From which characters: 1 to 256 different ASCII characters.
    pub characters: &'a str,
    /// The amount that the code approves, where there is one (PSD2, Delegated Regulation (EU) 2018/389 article 5).
    pub amount: Option<&'a str>,
    /// Who receives that amount.
    pub payee: Option<&'a str>,
}

impl Key {
    /// Derives the code: HMAC-SHA256 with a counter as a stream of bytes, mapped to the alphabet without bias.
    pub fn code(&self, input: &CodeInput<'_>) -> Code {
        let alphabet = input.characters.as_bytes();
        let length = usize::from(input.length);
        let mut code = Zeroizing::new(String::with_capacity(length));
        let mut blocks = 0..=u32::MAX;
        while code.len() < length
            && let Some(counter) = blocks.next()
        {
            let block = block(self.codes(), input, counter);
            let characters = block.as_ref().iter().filter_map(|byte| character(alphabet, *byte));
            let missing = length - code.len();
            code.extend(characters.take(missing));
        }
        Code::new(code)
    }
}

/// The character that a random byte stands for; `None` for bytes that would favour some characters over others.
fn character(alphabet: &[u8], byte: u8) -> Option<char> {
    let fair = 256 - 256_usize.checked_rem(alphabet.len())?;
    let byte = usize::from(byte);
    let chosen = alphabet.get(byte.checked_rem(alphabet.len())?)?;
    (byte < fair).then_some(char::from(*chosen))
}

fn block(key: &hmac::Key, input: &CodeInput<'_>, counter: u32) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    update(&mut context, b"passrelay code v1");
    update(&mut context, input.verification.as_bytes());
    update(&mut context, &input.generation.to_be_bytes());
    update(&mut context, input.recipient.as_str().as_bytes());
    update(&mut context, input.payload.as_bytes());
    update(&mut context, &[input.length]);
    update(&mut context, input.characters.as_bytes());
    for optional in [input.amount, input.payee] {
        update(&mut context, &[u8::from(optional.is_some())]);
        update(&mut context, optional.unwrap_or_default().as_bytes());
    }
    update(&mut context, &counter.to_be_bytes());
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::keys::{Keys, Master};
    use proptest::prelude::*;
    use std::{collections::BTreeMap, sync::LazyLock};

    const DIGITS: &str = "0123456789";

    /// Every alphabet that a policy knows, with look-alikes and without.
    const ALPHABETS: [&str; 5] = [
        DIGITS,
        "ABCDEFGHJKLMNPQRSTUVWXYZ",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "23456789ABCDEFGHJKLMNPQRSTUVWXYZ",
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ];

    fn keys(byte: u8) -> Keys {
        Keys::new(&[Master { id: "k1".to_owned(), bytes: Zeroizing::new([byte; 32]) }]).unwrap()
    }

    static ADA: LazyLock<Recipient> = LazyLock::new(|| Recipient::new("+447700900123"));

    fn derive<'a>(keys: &Keys, change: impl FnOnce(&mut CodeInput<'a>)) -> String {
        let mut input = CodeInput {
            verification: "ver_01890a5d0000700080000000000000aa",
            generation: 0,
            recipient: &ADA,
            payload: "code",
            length: 10,
            characters: DIGITS,
            amount: None,
            payee: None,
        };
        change(&mut input);
        keys.newest().code(&input).expose().to_owned()
    }

    /// Computed apart from this code (`hmac` of Python): derivation must never change by accident.
    #[test]
    fn a_known_input_has_a_known_code() {
        assert_eq!(derive(&keys(1), |_| {}), "3619902750");
        assert_eq!(derive(&keys(1), |input| input.length = 6), "122947");
        assert_eq!(derive(&keys(1), |input| input.characters = "ABCDEFGHJKLMNPQRSTUVWXYZ"), "LCYULJXLMA");
        let psd2 = |input: &mut CodeInput<'_>| {
            input.amount = Some("12.30 EUR");
            input.payee = Some("Ada");
        };
        assert_eq!(derive(&keys(1), psd2), "7951855469");
    }

    #[test]
    fn any_other_input_has_another_code() {
        let other = Recipient::new("+447700900124");
        let codes = [
            derive(&keys(1), |_| {}),
            derive(&keys(2), |_| {}),
            derive(&keys(1), |input| input.verification = "ver_01890a5d0000700080000000000000ab"),
            derive(&keys(1), |input| input.generation = 1),
            derive(&keys(1), |input| input.recipient = &other),
            derive(&keys(1), |input| input.payload = "link"),
            derive(&keys(1), |input| input.characters = "1234567890"),
            derive(&keys(1), |input| input.amount = Some("")),
            derive(&keys(1), |input| input.amount = Some("1")),
            derive(&keys(1), |input| input.payee = Some("1")),
        ];
        let different: std::collections::BTreeSet<&String> = codes.iter().collect();
        assert_eq!(different.len(), codes.len(), "{codes:?}");
        assert!(!derive(&keys(1), |input| input.length = 9).starts_with(&codes[0][..6]));
    }

    /// X8: a code may begin with zeros, as often as with any other digit.
    #[test]
    fn leading_zeros_are_as_likely_as_any_other_digit() {
        let keys = keys(5);
        let begins_with_zero = |generation: &u32| {
            let code = derive(&keys, |input| (input.generation, input.length) = (*generation, 6));
            assert_eq!(code.len(), 6);
            code.starts_with('0')
        };
        let count = (0..5_000).filter(begins_with_zero).count();
        assert!((400..600).contains(&count), "{count}");
    }

    /// Pearson's chi-squared over every place and character: a modulo bias of 6 in 256 would give far more.
    #[test]
    fn every_character_is_as_likely_as_any_other() {
        let keys = keys(9);
        for alphabet in ALPHABETS {
            let mut seen: BTreeMap<char, u32> = BTreeMap::new();
            for generation in 0..8_000 {
                let code = derive(&keys, |input| {
                    input.generation = generation;
                    input.characters = alphabet;
                });
                code.chars().for_each(|c| *seen.entry(c).or_default() += 1);
            }
            assert_eq!(seen.len(), alphabet.len());
            let expected = 80_000.0 / f64::from(u32::try_from(alphabet.len()).unwrap());
            let chi: f64 = seen.values().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
            assert!(chi < 80.0, "{alphabet}: {chi}");
        }
    }

    #[test]
    fn no_alphabet_no_code() {
        assert_eq!(character(b"", 7), None);
    }

    proptest! {
        /// X7–X10
        #[test]
        fn a_code_has_its_length_and_its_alphabet(generation: u32, length in 4u8..=10, verification in "\\PC{0,40}") {
            for alphabet in ALPHABETS {
                let code = derive(&keys(3), |input| {
                    input.generation = generation;
                    input.length = length;
                    input.verification = &verification;
                    input.characters = alphabet;
                });
                prop_assert_eq!(code.len(), usize::from(length));
                prop_assert!(code.chars().all(|c| alphabet.contains(c)));
            }
        }
    }
}
