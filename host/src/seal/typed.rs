//! What a person typed, read forgivingly: spaces, dashes, case, full-width and Arabic digits do not matter.

use std::fmt;
use zeroize::Zeroizing;

/// The most bytes of a typed code that are looked at.
const LONGEST: usize = 64;

/// A typed code in its one canonical form. `Debug` hides it and its memory is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(Zeroizing<String>);

/// Why a text cannot be a typed code at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTyped {
    /// Nothing is left once spaces and dashes are gone.
    #[error("the code is empty")]
    Empty,
    /// Longer than any code with its spaces and dashes.
    #[error("a typed code has at most {LONGEST} bytes")]
    TooLong,
}

impl Typed {
    /// Reads what was typed.
    ///
    /// White space, dashes and invisible marks are dropped, letters become capital ASCII letters, full-width,
    /// Arabic-Indic and extended Arabic-Indic digits become ASCII digits. Anything else stays and makes it wrong.
    pub fn read(text: &str) -> Result<Self, InvalidTyped> {
        if text.len() > LONGEST {
            return Err(InvalidTyped::TooLong);
        }
        // Reserved at once: growing would leave copies behind that nobody wipes. No character gets longer.
        let mut typed = Zeroizing::new(String::with_capacity(LONGEST));
        typed.extend(text.chars().filter(|c| !is_filler(*c)).map(canonical));
        if typed.is_empty() { Err(InvalidTyped::Empty) } else { Ok(Self(typed)) }
    }

    /// Whether it is nothing but ASCII letters and digits.
    pub fn is_plain(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// The canonical form: to be compared, never to be printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// White space, dashes, and the invisible marks that copying from a message or a right-to-left text leaves.
fn is_filler(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}')
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn canonical(c: char) -> char {
    let moved =
        |first: char, to: char| char::from_u32(u32::from(c) - u32::from(first) + u32::from(to)).unwrap_or(c);
    match c {
        '\u{660}'..='\u{669}' => moved('\u{660}', '0'),
        '\u{6f0}'..='\u{6f9}' => moved('\u{6f0}', '0'),
        '\u{ff10}'..='\u{ff19}' => moved('\u{ff10}', '0'),
        '\u{ff21}'..='\u{ff3a}' => moved('\u{ff21}', 'A'),
        '\u{ff41}'..='\u{ff5a}' => moved('\u{ff41}', 'A'),
        _ => c.to_ascii_uppercase(),
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_typed_code_is_read_forgivingly() {
        for (text, read) in [
            ("123456", "123456"),
            (" 123 456\r\n", "123456"),
            ("123-456", "123456"),
            ("123–456", "123456"),
            ("１２３４５６", "123456"),
            ("١٢٣٤٥٦", "123456"),
            ("۱۲۳۴۵۶", "123456"),
            ("\u{200f}۱۲۳\u{200e}-456\u{feff}", "123456"),
            ("grnxq", "GRNXQ"),
            ("ｇｒＮＸQ", "GRNXQ"),
            ("12e456", "12E456"),
            ("12é456", "12é456"),
        ] {
            assert_eq!(Typed::read(text).unwrap().expose(), read, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_told_apart_from_a_wrong_one() {
        for empty in ["", "   ", "---", "\u{200b}"] {
            assert_eq!(Typed::read(empty), Err(InvalidTyped::Empty));
        }
        assert!(Typed::read(&"1".repeat(64)).is_ok());
        assert_eq!(Typed::read(&"1".repeat(65)), Err(InvalidTyped::TooLong));
    }

    #[test]
    fn a_typed_code_is_never_printed() {
        assert_eq!(format!("{:?}", Typed::read("123456").unwrap()), "Typed(***)");
    }

    proptest! {
        #[test]
        fn reading_twice_changes_nothing_and_never_grows(text in "\\PC{0,40}|[0-9 \\-a-z٠-٩۰-۹０-９]{0,30}") {
            if let Ok(typed) = Typed::read(&text) {
                prop_assert!(typed.expose().len() <= text.len());
                prop_assert_eq!(Typed::read(typed.expose()).unwrap(), typed);
            }
        }

        #[test]
        fn dashes_and_spaces_anywhere_do_not_matter(code in "[0-9]{4,10}", at in 0usize..10, filler in "[ \\-–]{1,3}") {
            let mut text = code.clone();
            text.insert_str(at.min(code.len()), &filler);
            let typed = Typed::read(&text).unwrap();
            prop_assert_eq!(typed.expose(), code);
        }
    }
}
