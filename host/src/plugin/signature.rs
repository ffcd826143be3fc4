//! minisign's signature beside a library: who made it, and whether the operator trusts that key.

use super::admit::{AdmitError, Folder, SIGNATURE};
use base64::{Engine, prelude::BASE64_STANDARD};
use minisign_verify::{PublicKey, Signature};
use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::ErrorKind,
};

/// The id of a key, shown as minisign shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(u64);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

/// A public key whose signatures are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    id: KeyId,
    key: PublicKey,
}

impl Signer {
    /// Reads a public key as minisign prints it: the base64 of 42 bytes. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        let (algorithm, rest) = bytes.split_first_chunk::<2>()?;
        let id = key_id(rest)?;
        (algorithm == b"Ed").then(|| PublicKey::from_base64(text).ok()).flatten().map(|key| Self { id, key })
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

fn key_id(bytes: &[u8]) -> Option<KeyId> {
    bytes.first_chunk().map(|bytes| KeyId(u64::from_le_bytes(*bytes)))
}

/// Why a library's signature is not good enough. All but the first tell the name of its file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("it is not signed: there is no `{0}`")]
    Missing(String),
    #[error("its signature `{0}`: {1}")]
    NotRead(String, #[source] AdmitError),
    #[error("its signature `{0}` is none of minisign's")]
    Unreadable(String),
    #[error("its signature is of the key {signed}; `libraries.signers` has {}", listed(.trusted))]
    Stranger { signed: KeyId, trusted: Vec<KeyId> },
    #[error("its signature, of the key {0}, does not fit the file")]
    Wrong(KeyId),
}

impl SignatureError {
    /// What an operator can do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "put the signature beside it; its author makes it with `minisign -S -m FILE`",
            Self::NotRead(_, cause) => cause.hint().unwrap_or("put a file there that can be read"),
            Self::Unreadable(_) => {
                "get it from its author again, whole: four lines, as `minisign -S` writes it"
            }
            Self::Stranger { .. } => "add its author's key to `libraries.signers`, if you trust it",
            Self::Wrong(_) => "copy file and signature again: one of them is not complete, or was changed",
        }
    }
}

/// A few are named, so that it stays one line however many there are.
fn listed(ids: &[KeyId]) -> String {
    let mut named: Vec<String> = ids.iter().take(3).map(ToString::to_string).collect();
    if ids.len() > 3 {
        named.push(format!("{} more", ids.len() - 3));
    }
    if named.is_empty() { "none that can be read".to_owned() } else { named.join(", ") }
}

/// A signature that was read and not verified yet.
pub(crate) struct Unverified {
    id: KeyId,
    signature: Signature,
}

impl Unverified {
    /// Reads the one beside a file.
    pub(crate) fn beside(folder: &Folder, name: &OsStr) -> Result<Self, SignatureError> {
        let (name, shown) = file(name);
        let bytes = folder.read(&name, SIGNATURE).map_err(|cause| match cause {
            AdmitError::Read(cause) if cause.kind() == ErrorKind::NotFound => {
                SignatureError::Missing(shown.clone())
            }
            cause => SignatureError::NotRead(shown.clone(), cause),
        })?;
        Self::parse(&bytes).ok_or(SignatureError::Unreadable(shown))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let signature = Signature::decode(text).ok()?;
        // The crate keeps the id to itself: it stands behind two bytes for the algorithm.
        let second = BASE64_STANDARD.decode(text.lines().nth(1)?).ok()?;
        Some(Self { id: key_id(second.get(2..)?)?, signature })
    }

    /// The id of the key that it says it was made with.
    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// Holds it against these bytes, and its trusted comment against itself.
    pub(crate) fn verify(&self, bytes: &[u8], signers: &[Signer]) -> Result<KeyId, SignatureError> {
        let mut of_this_id = signers.iter().filter(|signer| signer.id == self.id).peekable();
        if of_this_id.peek().is_none() {
            let trusted = signers.iter().map(Signer::id).collect();
            return Err(SignatureError::Stranger { signed: self.id, trusted });
        }
        // Made before minisign hashed first: over the file itself, and as good.
        let legacy = true;
        if of_this_id.any(|signer| signer.key.verify(bytes, &self.signature, legacy).is_ok()) {
            Ok(self.id)
        } else {
            Err(SignatureError::Wrong(self.id))
        }
    }
}

fn file(library: &OsStr) -> (OsString, String) {
    let mut name = library.to_owned();
    name.push(".minisig");
    let shown = name.to_string_lossy().into_owned();
    (name, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The signatures of the file `test`, which holds the four bytes `test`, made with minisign itself.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const HASHED: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
";
    const LEGACY: &str = "untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
";

    fn verify(text: &str, bytes: &[u8]) -> Result<KeyId, SignatureError> {
        let signers = [Signer::parse(KEY).unwrap()];
        Unverified::parse(text.as_bytes())
            .ok_or(SignatureError::Unreadable(String::new()))?
            .verify(bytes, &signers)
    }

    #[test]
    fn a_signature_of_either_kind_fits_its_file_and_no_other() {
        for signature in [HASHED, LEGACY] {
            assert_eq!(verify(signature, b"test").unwrap().to_string(), "E7620F1842B4E81F");
            let wrong = verify(signature, b"Test").unwrap_err();
            assert!(matches!(wrong, SignatureError::Wrong(_)), "{wrong}");
        }
    }

    #[test]
    fn a_changed_trusted_comment_is_a_wrong_signature() {
        for signature in [HASHED, LEGACY] {
            let wrong = verify(&signature.replace("file:test", "file:rest"), b"test").unwrap_err();
            assert!(matches!(wrong, SignatureError::Wrong(_)), "{wrong}");
        }
    }

    /// Nobody signs the first line: it may say anything.
    #[test]
    fn a_signature_that_is_cut_or_changed_anywhere_is_none() {
        for signature in [HASHED, LEGACY] {
            let signed = signature.find('\n').unwrap() + 1..signature.len() - 1;
            for at in signed {
                assert!(verify(&signature[..at], b"test").is_err(), "cut at {at}");
                let (before, rest) = signature.split_at(at);
                let other = if rest.starts_with('A') { 'B' } else { 'A' };
                assert!(
                    verify(&format!("{before}{other}{}", &rest[1..]), b"test").is_err(),
                    "changed at {at}"
                );
            }
            assert!(verify(&signature.replacen("secret key", "nobody", 1), b"test").is_ok());
        }
        assert!(Unverified::parse(b"\xff\xfe").is_none());
    }

    #[test]
    fn the_words_stay_short_however_many_keys_are_trusted() {
        let trusted = vec![KeyId(0xab); 40];
        let words = SignatureError::Stranger { signed: KeyId(7), trusted }.to_string();
        let ids = "00000000000000AB, 00000000000000AB, 00000000000000AB, 37 more";
        assert_eq!(
            words,
            format!("its signature is of the key 0000000000000007; `libraries.signers` has {ids}")
        );
    }

    #[test]
    fn a_public_key_is_the_base64_of_42_bytes_that_begin_with_ed() {
        assert!(Signer::parse(KEY).is_some());
        let long = format!("{KEY}AAAA");
        for none in ["", "RW", &KEY[1..], &KEY[..52], &long, &KEY.replacen("RW", "RU", 1), "ü"] {
            assert!(Signer::parse(none).is_none(), "{none}");
        }
    }
}
