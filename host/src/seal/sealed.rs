//! What is kept but must not be read in the store: sealed under a key of the server, bound to its place.

use super::{Chance, Keys, keys::hex};
use aws_lc_rs::aead::{Aad, Nonce};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a nonce (RFC 8452 section 4).
const NONCE: usize = 12;

/// Sealed bytes: the id of the key, a nonce, and the text with its tag. `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sealed(Vec<u8>);

/// Why sealed bytes cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// They name a key that is not there.
    #[error("key `{0}` is not in the key file\nhint: put its line back")]
    LostKey(String),
    /// They were changed, moved, or sealed by somebody else's key.
    #[error("what was sealed was changed, or stands in another place")]
    Damaged,
}

impl Keys {
    /// Seals bytes under the newest key (AES-256-GCM-SIV, RFC 8452). `place` is not kept: to open them the same is needed,
    /// so that nobody can move them elsewhere.
    ///
    /// GCM-SIV and not GCM: with nonces of chance, GCM is good for 2^32 records a key, which a busy host writes in days.
    ///
    /// # Panics
    ///
    /// Never: it fails only beyond 64 GiB.
    pub fn seal(&self, place: &str, text: &[u8], chance: &Chance) -> Sealed {
        let key = self.newest();
        let id = key.id().as_bytes();
        let nonce: [u8; NONCE] = chance.bytes();
        let mut sealed = Vec::with_capacity(1 + id.len() + NONCE + text.len() + 16);
        // A key's id has at most 32 characters.
        sealed.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
        sealed.extend_from_slice(id);
        sealed.extend_from_slice(&nonce);
        let begin = sealed.len();
        sealed.extend_from_slice(text);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let clear = sealed.get_mut(begin..).unwrap_or_default();
        match key.sealing().seal_in_place_separate_tag(nonce, Aad::from(place), clear) {
            Ok(tag) => sealed.extend_from_slice(tag.as_ref()),
            // Whatever it is, it must not be kept in clear.
            Err(_) => sealed.truncate(begin),
        }
        Sealed(sealed)
    }

    /// Whether this is sealed under the newest key; its beginning is enough to tell.
    pub fn is_newest(&self, sealed: &Sealed) -> bool {
        let id = self.newest().id().as_bytes();
        let said = sealed.0.split_first().and_then(|(length, rest)| rest.get(..usize::from(*length)));
        said == Some(id)
    }

    /// Opens what was sealed for the same place under any key of the file. Its memory is wiped on drop.
    ///
    /// # Errors
    ///
    /// When the key is not there, or when the bytes are not what was sealed for this place.
    pub fn open(&self, place: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (length, rest) = sealed.0.split_first().ok_or(OpenError::Damaged)?;
        let (id, rest) = rest.split_at_checked(usize::from(*length)).ok_or(OpenError::Damaged)?;
        let id = std::str::from_utf8(id).map_err(|_| OpenError::Damaged)?;
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or(OpenError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Damaged)?;
        let key = self.by_id(id).ok_or_else(|| OpenError::LostKey(id.to_owned()))?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = key
            .sealing()
            .open_in_place(nonce, Aad::from(place), &mut text)
            .map_err(|_| OpenError::Damaged)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

impl Sealed {
    /// The bytes as they are kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that were kept.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        hex(&sealed.0)
    }
}

impl TryFrom<String> for Sealed {
    type Error = OpenError;

    fn try_from(text: String) -> Result<Self, OpenError> {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let pair = |pair: &[u8]| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        bytes.map(Self).ok_or(OpenError::Damaged)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::keys::tests::keys;
    use proptest::prelude::*;

    #[test]
    fn what_was_sealed_is_opened_in_its_place_only() {
        let (old, chance) = (keys(&[("a", 1)]), Chance::seeded(1));
        let sealed = old.seal("member/1", b"+447700900123", &chance);
        assert_eq!(old.open("member/1", &sealed).unwrap().as_slice(), b"+447700900123");
        assert_eq!(old.open("member/2", &sealed), Err(OpenError::Damaged));
        let rotated = keys(&[("a", 1), ("b", 2)]);
        assert_eq!(rotated.open("member/1", &sealed).unwrap().as_slice(), b"+447700900123");
        assert!(rotated.seal("x", b"", &chance).as_bytes().starts_with(b"\x01b"));
        assert_eq!(keys(&[("b", 2)]).open("member/1", &sealed), Err(OpenError::LostKey("a".to_owned())));
        assert_eq!(keys(&[("a", 2)]).open("member/1", &sealed), Err(OpenError::Damaged));
        assert_ne!(old.seal("x", b"same", &chance), old.seal("x", b"same", &chance));
        assert_eq!(format!("{sealed:?}"), "Sealed(***)");
    }

    proptest! {
        #[test]
        fn nothing_in_clear_is_kept_and_no_changed_bit_goes_unseen(text in "[a-z0-9+]{8,60}", at: usize, bit in 0u8..8) {
            let (keys, chance) = (keys(&[("a", 1)]), Chance::seeded(2));
            let sealed = keys.seal("p", text.as_bytes(), &chance);
            prop_assert!(!sealed.as_bytes().windows(8).any(|window| window == &text.as_bytes()[..8]));
            let again: Sealed = serde_json::from_str(&serde_json::to_string(&sealed).unwrap()).unwrap();
            let opened = keys.open("p", &again).unwrap();
            prop_assert_eq!(opened.as_slice(), text.as_bytes());
            let mut changed = sealed.as_bytes().to_vec();
            let at = at % changed.len();
            changed[at] ^= 1 << bit;
            prop_assert!(keys.open("p", &Sealed::from_bytes(changed)).is_err());
        }

        #[test]
        fn whatever_is_opened_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(keys(&[("a", 1)]).open("p", &Sealed::from_bytes(bytes)).is_err());
        }
    }
}
