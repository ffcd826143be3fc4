//! What a member is called: written by a stranger, read by whoever gets the message.

use super::is_unwelcome;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of a name that are said.
const LONGEST: usize = 64;

/// The most digits of a name: more could be a number to call, or another code.
const DIGITS: usize = 3;

/// A name that may be said in a message. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberName(String);

impl MemberName {
    /// The name as it may be said: 64 characters, without control characters and marks of direction.
    ///
    /// `None` if nothing is left, and for a name in which a phone would find a link, a number or a code: whoever may
    /// choose a name must not choose what a message in the site's name says (J36; Logto refuses such names, too).
    pub fn new(name: &str) -> Option<Self> {
        let clean: String = name.chars().filter(|c| !is_unwelcome(*c)).collect();
        let said: String = clean.trim().chars().take(LONGEST).collect();
        (!said.is_empty() && !is_bait(&clean)).then_some(Self(said))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberName(***)")
    }
}

/// Whether a phone would make a link of some of it.
fn is_bait(name: &str) -> bool {
    // Characters without a width hide what is then shown, and some scripts have dots of their own.
    let shown = name
        .chars()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}'))
        .map(|c| if matches!(c, '。' | '．' | '｡' | '․') { '.' } else { c });
    let shown: String = shown.flat_map(char::to_lowercase).collect();
    shown.contains("://")
        || shown.contains("www.")
        || shown.chars().filter(|c| c.is_numeric()).count() > DIGITS
        || shown.split(|c: char| !is_part(c)).any(is_domain)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || c == '-'
}

/// Whether a word is a name with a dot before a last part of two or more letters: `example.com`, but not `J.R.`.
fn is_domain(word: &str) -> bool {
    let mut before = false;
    for part in word.split('.') {
        if before && part.chars().filter(|c| c.is_alphabetic()).count() > 1 {
            return true;
        }
        before = !part.is_empty();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J36
    #[test]
    fn a_name_that_a_phone_would_make_a_link_of_is_left_out() {
        for name in [
            "Ada",
            "J. R. R. Tolkien",
            "J.R.R. Tolkien",
            "Dr. Ada",
            "O'Neil <b>",
            "Ludwig XIV.",
            "Ludwig 14",
            "María-José",
            "李小龙",
            "{{ code }}",
            "محمد",
            "A.",
        ] {
            assert_eq!(MemberName::new(name).unwrap().as_str(), name);
        }
        for name in [
            "",
            "  ",
            "\r\n",
            "\u{202e}",
            "https://evil.example",
            "x://y",
            "WWW.evil",
            "evil.example",
            "Go to evil.co now",
            "evil.co.uk/x",
            "bit.ly/3x",
            "a@b.example",
            "evil。example",
            "ev\u{200b}il\u{2060}.com",
            "evil.com.",
            "call 0900 123456",
            "Your code is 123456",
            "１２３４",
            "xn--evil.xn--p1ai",
        ] {
            assert_eq!(MemberName::new(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_is_short_and_has_no_line_breaks() {
        assert_eq!(MemberName::new(&"é".repeat(300)).unwrap().as_str(), "é".repeat(64));
        assert_eq!(MemberName::new(" A\r\nd\u{202e}a \0").unwrap().as_str(), "Ada");
        // What is cut off is looked at, too.
        assert_eq!(MemberName::new(&("A".repeat(90) + " evil.example")), None);
        assert_eq!(format!("{:?}", MemberName::new("Ada")), "Some(MemberName(***))");
    }
}
