//! The secret that an authenticator app and the server share, and the codes that both make of it (RFC 4226).

use super::{Chance, Code, FactorId, Keys, OpenError, Sealed, base32};
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use std::{fmt, fmt::Write as _};
use zeroize::Zeroizing;

/// Bytes of a secret of ours: 160 bits (RFC 4226 section 4, R6).
const USUAL: usize = 20;

/// Bytes of one that is brought: at least 128 bits (R6), and no more than the largest of the hashes takes whole (RFC 2104).
const BROUGHT: std::ops::RangeInclusive<usize> = 16..=128;

/// The most characters of one that is looked at, spaces and padding included.
const LONGEST: usize = 512;

/// A secret that an authenticator app and the server share. `Debug` hides it and its memory is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret(Zeroizing<Vec<u8>>);

/// The hash under a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeHash {
    /// SHA-1, which every app knows; its weakness is not one of HMAC (RFC 6194 section 3.3).
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// The text is no secret of an authenticator app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {} to {} bytes in base32 (RFC 4648)", BROUGHT.start(), BROUGHT.end())]
pub struct InvalidSecret;

impl SharedSecret {
    /// Draws a new one.
    pub fn new(chance: &Chance) -> Self {
        let drawn = Zeroizing::new(chance.bytes::<USUAL>());
        Self(Zeroizing::new(drawn.to_vec()))
    }

    /// Reads one that somebody brings, in base32.
    ///
    /// # Errors
    ///
    /// When it is none, or too short to be one.
    pub fn read(text: &str) -> Result<Self, InvalidSecret> {
        let short = Some(text).filter(|text| text.len() <= LONGEST);
        let bytes = short.and_then(base32::read).filter(|bytes| BROUGHT.contains(&bytes.len()));
        bytes.map(Self).ok_or(InvalidSecret)
    }

    #[cfg(test)]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// In base32 without padding: to be told once to whoever made it, never to be printed.
    pub fn expose(&self) -> Zeroizing<String> {
        base32::write(&self.0)
    }

    /// The code of this count (RFC 4226 section 5.3), with leading zeros; at most nine digits.
    pub fn code(&self, hash: CodeHash, count: u64, digits: u8) -> Code {
        let tag = hmac::sign(&hmac::Key::new(hash.of_hmac(), &self.0), &count.to_be_bytes());
        let tag = tag.as_ref();
        let from = usize::from(tag.last().copied().unwrap_or_default() & 15);
        let four = tag.get(from..from + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        // A tag has at least twenty bytes.
        let number = four.map_or(0, u32::from_be_bytes) & 0x7fff_ffff;
        let number = number % 10_u32.pow(u32::from(digits.min(9)));
        let mut text = Zeroizing::new(String::with_capacity(16));
        // Writing to a text does not fail.
        let _written = write!(text, "{number:0width$}", width = usize::from(digits));
        Code::new(text)
    }
}

impl CodeHash {
    /// Every one, with its word.
    pub const NAMED: [(&str, Self); 3] =
        [("sha1", Self::Sha1), ("sha256", Self::Sha256), ("sha512", Self::Sha512)];

    /// The one that this word names, in whatever case.
    pub fn named(word: &str) -> Option<Self> {
        let found = Self::NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        found.map(|(_, hash)| *hash)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn of_hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

impl Keys {
    /// Seals a secret for one factor under the newest key.
    pub fn seal_secret(&self, factor: &FactorId, secret: &SharedSecret, chance: &Chance) -> Sealed {
        self.seal(&place(factor), &secret.0, chance)
    }

    /// Opens a secret that was sealed for this factor.
    ///
    /// # Errors
    ///
    /// As [`Keys::open`].
    pub fn open_secret(&self, factor: &FactorId, sealed: &Sealed) -> Result<SharedSecret, OpenError> {
        self.open(&place(factor), sealed).map(SharedSecret)
    }
}

fn place(factor: &FactorId) -> String {
    format!("shared secret/{factor}")
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    /// The secret of RFC 4226 appendix D.
    const OF_THE_RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    /// T4: RFC 4226 appendix D.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        let secret = SharedSecret::read(OF_THE_RFC).unwrap();
        assert_eq!(secret.0.as_slice(), b"12345678901234567890");
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (count, code) in (0..).zip(codes) {
            assert_eq!(secret.code(CodeHash::Sha1, count, 6).expose(), code, "{count}");
        }
    }

    #[test]
    fn a_code_keeps_its_leading_zeros() {
        let secret = SharedSecret::read(OF_THE_RFC).unwrap();
        for digits in 3..=8 {
            for count in 0..200 {
                let code = secret.code(CodeHash::Sha512, count, digits);
                assert_eq!(code.expose().len(), usize::from(digits));
            }
        }
    }

    #[test]
    fn a_secret_of_ours_has_160_bits_and_one_that_is_brought_at_least_128() {
        let drawn = SharedSecret::new(&Chance::system());
        assert_eq!(drawn.expose().len(), 32);
        assert_eq!(SharedSecret::read(&drawn.expose()), Ok(drawn.clone()));
        assert_ne!(SharedSecret::new(&Chance::system()), drawn);
        assert!(SharedSecret::read(&"A".repeat(26)).is_ok(), "16 bytes");
        for bad in [
            "",
            "A",
            &"A".repeat(24),
            &"A".repeat(216),
            &"A".repeat(4_000),
            "not base 32 at all, but long 1890",
        ] {
            assert_eq!(SharedSecret::read(bad), Err(InvalidSecret), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_opened_for_its_factor_only_and_kept_in_no_clear_form() {
        let chance = Chance::seeded(1);
        let keys = Keys::ephemeral(&chance).unwrap();
        let (one, other) = (FactorId::new(millis(0), &chance), FactorId::new(millis(0), &chance));
        let secret = SharedSecret::read(OF_THE_RFC).unwrap();
        let sealed = keys.seal_secret(&one, &secret, &chance);
        assert_eq!(keys.open_secret(&one, &sealed), Ok(secret.clone()));
        assert_eq!(keys.open_secret(&other, &sealed), Err(OpenError::Damaged));
        assert!(!sealed.as_bytes().windows(10).any(|window| window == b"1234567890"));
        assert_eq!(format!("{secret:?}"), "SharedSecret(***)");
    }
}
