//! Finds whose API key was presented without telling by time how much of it was right.

use super::Presented;
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use std::fmt;

/// API keys by their SHA-256 digests, each with its owner. `Debug` shows how many there are.
pub struct ApiKeys<T>(Vec<(digest::Digest, T)>);

impl<T> ApiKeys<T> {
    /// Takes keys in clear with their owners; only digests are kept.
    pub fn new<'k>(keys: impl IntoIterator<Item = (&'k str, T)>) -> Self {
        Self(keys.into_iter().map(|(key, owner)| (digest_of(key), owner)).collect())
    }

    /// The owner of this key. Visits every key, whichever is right.
    pub fn owner(&self, presented: &str) -> Option<&T> {
        let presented = digest_of(presented);
        let mut found = None;
        for (digest, owner) in &self.0 {
            if verify_slices_are_equal(digest.as_ref(), presented.as_ref()).is_ok() {
                found = Some(owner);
            }
        }
        found
    }
}

/// What a key may be called without telling it: the id of one that was made at run time; of another `sha256:` and its
/// digest, as `sha256sum` prints it.
pub fn public_name(key: &str) -> String {
    if let Some(made) = Presented::read(key) {
        return made.id.to_owned();
    }
    digest_of(key).as_ref().iter().fold("sha256:".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

fn digest_of(key: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, key.as_bytes())
}

impl<T> Default for ApiKeys<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> fmt::Debug for ApiKeys<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{Chance, Keys, MadeKey};

    #[test]
    fn a_key_is_named_by_its_id_or_its_digest_and_never_by_itself() {
        let chance = Chance::seeded(1);
        let made = MadeKey::new(&Keys::ephemeral(&chance).unwrap(), &chance);
        assert_eq!(public_name(made.key.expose()), made.id);
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(public_name("abc"), format!("sha256:{digest}"));
    }

    #[test]
    fn a_key_finds_its_owner_and_no_other_text_does() {
        let keys = ApiKeys::new([("pk_one", 1), ("pk_two", 2), ("pk_three", 3)]);
        for (presented, owner) in [("pk_one", Some(1)), ("pk_two", Some(2)), ("pk_three", Some(3))] {
            assert_eq!(keys.owner(presented).copied(), owner);
        }
        for stranger in ["", "pk_", "pk_one ", "PK_ONE", "pk_four"] {
            assert_eq!(keys.owner(stranger), None);
        }
        assert_eq!(format!("{keys:?}"), "ApiKeys(3)");
    }
}
