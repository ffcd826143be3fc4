//! A language as people name it: a BCP 47 tag, compared without its case.

use std::{fmt, str::FromStr};

/// A BCP 47 language tag by its shape: `de`, `pt-BR`. Keeps its spelling; compares without it.
#[derive(Debug, Clone)]
pub struct Locale(String);

/// The text is no language tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a language tag such as `en` or `pt-BR`")]
pub struct InvalidLocale;

impl FromStr for Locale {
    type Err = InvalidLocale;

    fn from_str(tag: &str) -> Result<Self, InvalidLocale> {
        let subtag =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let language = |part: &str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_alphabetic());
        let fits = tag.len() <= 35
            && tag.split('-').all(subtag)
            && tag.split('-').next().is_some_and(|first| language(first) || first.eq_ignore_ascii_case("x"));
        if fits { Ok(Self(tag.to_owned())) } else { Err(InvalidLocale) }
    }
}

impl Locale {
    /// `en`
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The tag as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag and what is left of it subtag by subtag, in lower case: `zh-hant-tw`, `zh-hant`, `zh` (RFC 4647
    /// section 3.4).
    pub(super) fn ranges(&self) -> impl Iterator<Item = String> {
        let whole = self.0.to_ascii_lowercase();
        std::iter::successors(Some(whole), |tag| tag.rsplit_once('-').map(|(shorter, _)| shorter.to_owned()))
    }
}

impl PartialEq for Locale {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Locale {}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_by_its_shape_and_falls_back_to_its_language() {
        let ranges = |tag: &str| tag.parse::<Locale>().map(|locale| locale.ranges().collect::<Vec<_>>());
        assert_eq!(ranges("zh-Hant-TW").unwrap(), ["zh-hant-tw", "zh-hant", "zh"]);
        assert_eq!(ranges("DE").unwrap(), ["de"]);
        assert_eq!("pt-BR".parse::<Locale>(), "PT-br".parse::<Locale>());
        for bad in ["", "e", "en_GB", "1a", "en-", "-en", "en-123456789", "deutsch-österreich", "?"] {
            assert_eq!(ranges(bad), Err(InvalidLocale), "{bad}");
        }
    }
}
