//! Vocabularies that may grow: a word a newer side added is kept, not lost.

/// Declares how an enum with an `Other(String)` variant is spelled on the wire.
///
/// Implement [`Word::WORDS`] and [`Word::other`]; the JSON form is then the bare word, and a word this version does
/// not know survives a round trip in `Other`.
pub(crate) trait Word: Sized + Clone + 'static {
    /// Every known value with its word.
    const WORDS: &'static [(&'static str, Self)];
    /// Keeps a word that this version does not know.
    fn other(word: String) -> Self;
    /// The kept word, if this is one that this version does not know.
    fn as_other(&self) -> Option<&str>;
}

/// Reads a word; an unknown one is kept as it is.
pub(crate) fn parse<W: Word>(word: &str) -> W {
    W::WORDS
        .iter()
        .find(|(known, _)| *known == word)
        .map_or_else(|| W::other(word.to_owned()), |(_, value)| value.clone())
}

/// Spells a value.
pub(crate) fn spell<W: Word + PartialEq>(value: &W) -> &str {
    match value.as_other() {
        Some(word) => word,
        None => W::WORDS.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word),
    }
}

/// Implementation of `Serialize` for a vocabulary.
pub(crate) fn serialize<W: Word + PartialEq, S: serde::Serializer>(
    value: &W,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_str(spell(value))
}

/// Implementation of `Deserialize` for a vocabulary.
pub(crate) fn deserialize<'de, W: Word, D: serde::Deserializer<'de>>(from: D) -> Result<W, D::Error> {
    let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
    Ok(parse(&word))
}
