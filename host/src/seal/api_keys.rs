//! Finds whose API key was presented without telling by time how much of it was right.

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
