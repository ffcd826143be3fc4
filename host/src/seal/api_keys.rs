//! Finds whose API key was presented without telling by time how much of it was right.

use super::{Presented, keys::hex};
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use std::fmt;

/// What the public name of a key that nobody made at run time begins with. No key has a `:`.
const DIGEST: &str = "sha256:";

/// API keys by their SHA-256 digests, each with its owner. `Debug` shows how many there are.
pub struct ApiKeys<T>(Vec<Known<T>>);

/// One key by its digest, and what it is called.
struct Known<T> {
    digest: digest::Digest,
    name: String,
    owner: T,
}

impl<T> ApiKeys<T> {
    /// Takes keys in clear with their owners; only digests and public names are kept.
    pub fn new<'k>(keys: impl IntoIterator<Item = (&'k str, T)>) -> Self {
        let known = |(key, owner)| Known { digest: digest_of(key), name: public_name(key), owner };
        Self(keys.into_iter().map(known).collect())
    }

    /// The owner of the key that [`public_name`] calls so.
    pub fn owner_of(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|known| known.name == name).map(|known| &known.owner)
    }

    /// The owner of this key. Visits every key, whichever is right.
    pub fn owner(&self, presented: &str) -> Option<&T> {
        let presented = digest_of(presented);
        let mut found = None;
        for Known { digest, owner, .. } in &self.0 {
            if verify_slices_are_equal(digest.as_ref(), presented.as_ref()).is_ok() {
                found = Some(owner);
            }
        }
        found
    }
}

/// What a key may be called without telling it: the id of one that was made at run time; of another `sha256:` and its
/// digest, as `sha256sum` prints it. A public name is its own: no key is as short as an id, or has a `:`.
pub fn public_name(key: &str) -> String {
    if let Some(made) = Presented::read(key) {
        return made.id.to_owned();
    }
    if Presented::is_id(key) || key.starts_with(DIGEST) {
        return key.to_owned();
    }
    [DIGEST, &hex(digest_of(key).as_ref())].concat()
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
        let digest = "77fe9f59bafdb15a49ea56c3ea4499f37fd645d5249a5a3b0f68ef36879c8b71";
        let (key, name) = ("a-key-of-twenty-chars", format!("sha256:{digest}"));
        assert_eq!(public_name(key), name);
        for name in [&name, &made.id] {
            assert_eq!(public_name(name), *name, "a name is its own");
        }
        let keys = ApiKeys::new([(key, 1)]);
        assert_eq!((keys.owner_of(&name), keys.owner_of(key), keys.owner_of("")), (Some(&1), None, None));
        // A key that a server made may stand in the file of another.
        let keys = ApiKeys::new([(key, 1), (made.key.expose(), 2)]);
        assert_eq!(keys.owner_of(&public_name(made.key.expose())), Some(&2));
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
