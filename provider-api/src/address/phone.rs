//! Phone numbers in strict E.164 form.

use std::fmt;

/// A number in E.164 form: `+`, then 2 to 15 digits of which the first is not zero.
///
/// White space and line breaks around it are dropped, as a member's field may be a text area. Nothing inside is: a
/// number with spaces, dashes, brackets or without its `+` is refused, because completing it would be a guess
/// (ITU-T E.164; JCOGS OTP Pro's "strict E.164").
///
/// # Examples
///
/// ```
/// use provider_api::PhoneNumber;
///
/// assert_eq!(PhoneNumber::parse(" +447700900123\n").unwrap().as_str(), "+447700900123");
/// assert!(PhoneNumber::parse("07700 900123").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

/// Why a value is no phone number. The value itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPhone {
    /// Nothing but white space.
    Empty,
    /// Does not begin with `+`.
    NoPlus,
    /// Holds something other than digits after the `+`.
    NotDigits,
    /// Begins with `+0`: no country code does.
    LeadingZero,
    /// Fewer than 2 or more than 15 digits.
    Length,
}

impl PhoneNumber {
    /// Reads a number.
    ///
    /// # Errors
    ///
    /// When it is not in E.164 form once the white space around it is dropped.
    pub fn parse(value: &str) -> Result<Self, InvalidPhone> {
        let value = value.trim();
        if value.is_empty() {
            return Err(InvalidPhone::Empty);
        }
        let digits = value.strip_prefix('+').ok_or(InvalidPhone::NoPlus)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidPhone::NotDigits);
        }
        if digits.starts_with('0') {
            return Err(InvalidPhone::LeadingZero);
        }
        if !(2..=15).contains(&digits.len()) {
            return Err(InvalidPhone::Length);
        }
        Ok(Self(value.to_owned()))
    }

    /// The number, beginning with `+`. Never put it in a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides all but the country code and the last three digits.
pub(super) fn masked(number: &str) -> String {
    let digits = number.trim_start_matches('+');
    let (code, rest) = digits.split_at(country_code_len(digits).min(digits.len()));
    let shown = rest.len().min(3).min(rest.len() / 2);
    let (hidden, tail) = rest.split_at(rest.len() - shown);
    format!("+{code}{}{tail}", "•".repeat(hidden.len()))
}

/// How many digits the country code has (ITU-T E.164, list of assigned country codes).
fn country_code_len(digits: &str) -> usize {
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Display for InvalidPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the number is empty",
            Self::NoPlus => "the number does not begin with `+` and its country code",
            Self::NotDigits => "the number holds something other than digits after its `+`",
            Self::LeadingZero => "no country code begins with 0",
            Self::Length => "a number has 2 to 15 digits after its `+`",
        })
    }
}

impl std::error::Error for InvalidPhone {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// J14, J15, J20–J22: strict E.164 and nothing else; J13: white space around it survives.
    #[test]
    fn only_strict_e164_is_a_phone_number() {
        for good in ["+447700900123", " +447700900123\r\n", "\t+16175551212 ", "+123456789012345", "+12"] {
            assert_eq!(PhoneNumber::parse(good).unwrap().as_str(), good.trim());
        }
        for (bad, why) in [
            ("", InvalidPhone::Empty),
            (" \n", InvalidPhone::Empty),
            ("447700900123", InvalidPhone::NoPlus),
            ("07700900123", InvalidPhone::NoPlus),
            ("00447700900123", InvalidPhone::NoPlus),
            ("+", InvalidPhone::Length),
            ("+4", InvalidPhone::Length),
            ("+1234567890123456", InvalidPhone::Length),
            ("+0447700900", InvalidPhone::LeadingZero),
            ("+44 7700 900123", InvalidPhone::NotDigits),
            ("+44-7700-900123", InvalidPhone::NotDigits),
            ("+44(0)7700900123", InvalidPhone::NotDigits),
            ("+44٧٧٠٠٩٠٠١٢٣", InvalidPhone::NotDigits),
            ("++447700900123", InvalidPhone::NotDigits),
            ("+447700900123\0", InvalidPhone::NotDigits),
        ] {
            assert_eq!(PhoneNumber::parse(bad), Err(why), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_plus_and_digits(value in "\\PC{0,24}") {
            if let Ok(number) = PhoneNumber::parse(&value) {
                prop_assert!(number.as_str().starts_with('+'));
                prop_assert!(number.as_str()[1..].bytes().all(|b| b.is_ascii_digit()));
            }
        }

        #[test]
        fn a_masked_number_never_shows_half_of_it(digits in "[1-9][0-9]{6,14}") {
            let shown = masked(&format!("+{digits}"));
            prop_assert_eq!(shown.chars().count(), digits.len() + 1);
            prop_assert!(shown.chars().filter(|c| *c == '•').count() >= (digits.len() - 3) / 2);
        }
    }
}
