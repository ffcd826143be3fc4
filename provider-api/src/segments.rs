//! How a text travels by SMS: in which alphabet and in how many parts.

use std::fmt;

/// The characters of the GSM 7-bit default alphabet (3GPP TS 23.038 section 6.2.1), without the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
                     abcdefghijklmnopqrstuvwxyzäöñüà";

/// The characters of its extension table, which cost an escape each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// In which alphabet a text travels, and in how many parts.
///
/// One character outside the GSM alphabet turns the whole text to UCS-2, which more than halves what fits: 160 units in
/// one part become 70, and 153 in each of several become 67 (3GPP TS 23.040 section 9.2.3.24.1). Neither an escaped
/// character nor a surrogate pair straddles two parts. A service that swaps typographic characters may do better.
///
/// # Examples
///
/// ```
/// use provider_api::{Encoding, Segments};
///
/// let segments = Segments::of("123456 – your code");
/// assert_eq!((segments.encoding, segments.parts), (Encoding::Ucs2, 1));
/// assert_eq!(segments.foreign, Some('–'));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segments {
    /// The alphabet.
    pub encoding: Encoding,
    /// Septets of GSM-7, or 16-bit units of UCS-2.
    pub units: usize,
    /// The messages that it is sent and paid as; at least one.
    pub parts: usize,
    /// The first character outside the GSM alphabet: what makes it UCS-2.
    pub foreign: Option<char>,
}

/// The alphabet of an SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// The GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// UCS-2; what lies outside of it goes as UTF-16.
    Ucs2,
}

impl Segments {
    /// Counts a text.
    pub fn of(text: &str) -> Self {
        let foreign = text.chars().find(|c| septets(*c).is_none());
        let encoding = if foreign.is_some() { Encoding::Ucs2 } else { Encoding::Gsm7 };
        let cost = |c: char| if foreign.is_some() { c.len_utf16() } else { septets(c).unwrap_or(2) };
        let units = text.chars().map(cost).sum();
        let parts =
            if units <= encoding.alone() { 1 } else { split(text.chars().map(cost), encoding.each()) };
        Self { encoding, units, parts, foreign }
    }
}

/// The parts of at most `each` units that hold these characters in order.
fn split(costs: impl Iterator<Item = usize>, each: usize) -> usize {
    let (parts, _) =
        costs.fold(
            (1, 0),
            |(parts, filled), cost| {
                if filled + cost <= each { (parts, filled + cost) } else { (parts + 1, cost) }
            },
        );
    parts
}

fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

impl Encoding {
    /// The units of a message that goes alone.
    pub fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// The units of each part of a longer one: six bytes say which part it is.
    fn each(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// What people call it: `GSM-7` or `UCS-2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("segments/vectors.json")).unwrap()
    }

    /// The text of a vector; `160 chars starting 'a'` is that many times the character, but where the count of units says
    /// that one escaped character stands across a border.
    fn text(vector: &Value) -> String {
        if let Some(text) = vector["text"].as_str() {
            return text.to_owned();
        }
        let (count, first) = vector["desc"].as_str().unwrap().split_once(" chars starting ").unwrap();
        let count: usize = count.parse().unwrap();
        let first = first.trim_matches('\'');
        if vector["units"] == count + 1 {
            return format!("{}€{}", first.repeat(152), first.repeat(count - 153));
        }
        first.repeat(count)
    }

    #[test]
    fn texts_are_counted_as_the_vectors_say() {
        for vector in vectors()["segments"].as_array().unwrap() {
            let segments = Segments::of(&text(vector));
            assert_eq!(segments.encoding.as_str(), vector["encoding"], "{vector}");
            assert_eq!(segments.units, vector["units"], "{vector}");
            assert_eq!(segments.parts, vector["segments"], "{vector}");
        }
    }

    #[test]
    fn the_alphabet_is_the_one_of_the_vectors() {
        let vectors = vectors();
        let basic = vectors["gsm7_basic"].as_str().unwrap().replace('\u{1b}', "");
        assert_eq!((BASIC, EXTENSION), (basic.as_str(), vectors["gsm7_extension"].as_str().unwrap()));
        assert_eq!((BASIC.chars().count(), EXTENSION.chars().count()), (127, 10));
    }

    /// An escape or a surrogate pair that does not fit goes into the next part whole.
    #[test]
    fn nothing_straddles_two_parts() {
        for (text, parts) in [
            ("a".repeat(152) + "€" + &"a".repeat(152), 3),
            ("a".repeat(153) + "€" + &"a".repeat(151), 2),
            ("😀".repeat(66), 2),
            ("😀".repeat(67), 3),
        ] {
            assert_eq!(Segments::of(&text).parts, parts, "{text}");
        }
        assert_eq!(Segments::of("").parts, 1);
    }

    #[test]
    fn the_first_character_outside_the_alphabet_is_named() {
        for (text, foreign) in
            [("é", None), ("ç", Some('ç')), ("a\u{a0}b`", Some('\u{a0}')), ("\u{1b}", Some('\u{1b}'))]
        {
            assert_eq!(Segments::of(text).foreign, foreign);
        }
    }

    proptest! {
        #[test]
        fn parts_hold_all_units_and_no_more_than_one_is_nearly_empty(text in "\\PC{0,400}|[a-z€]{0,700}") {
            let segments = Segments::of(&text);
            let each = segments.encoding.each();
            prop_assert!(segments.parts * each.max(segments.encoding.alone()) >= segments.units);
            prop_assert!(segments.parts == 1 || segments.units > (segments.parts - 1) * (each - 1));
        }
    }
}
