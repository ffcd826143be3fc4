//! An API key that the server makes: a public name, a secret that is told once, and what is kept of it.

use super::{Chance, Key, Keys, keys::hex};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use provider_api::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What every such key begins with, so that scanners of leaked secrets know one.
const PREFIX: &str = "prk_";

/// Hexadecimal digits of the public name: 64 bits, to tell keys apart.
const NAME: usize = 16;

/// Hexadecimal digits of the secret: 192 bits.
const SECRET: usize = 48;

/// A key that was just made. `Debug` shows its public name.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// Its public name.
    pub id: String,
    /// The whole key as its owner presents it: `prk_ID_SECRET`.
    pub key: Secret,
    /// What is kept of it.
    pub proof: Proof,
}

/// What is kept of a key: enough to know it again, nothing to make it from. `Debug` shows the server's key only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The key of the server that it was made under.
    under: String,
    digest: String,
}

/// A key as somebody presents it, by its form alone. Has no `Debug`.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// Its public name.
    pub id: &'a str,
    secret: &'a str,
}

impl MadeKey {
    /// Makes one of chance, under the newest key of the server.
    pub fn new(keys: &Keys, chance: &Chance) -> Self {
        let id = hex(&chance.bytes::<{ NAME / 2 }>());
        let secret = Secret::new(hex(&chance.bytes::<{ SECRET / 2 }>()));
        let proof = Proof::new(keys.newest(), &id, secret.expose());
        let key = Secret::new(format!("{PREFIX}{id}_{}", secret.expose()));
        Self { id, key, proof }
    }
}

impl<'a> Presented<'a> {
    /// Reads a key; `None` if it has another form.
    pub fn read(text: &'a str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let well_formed = Self::is_id(id) && secret.len() == SECRET && is_hex(secret);
        well_formed.then_some(Self { id, secret })
    }

    /// Whether a text has the form of a public name.
    pub(super) fn is_id(text: &str) -> bool {
        text.len() == NAME && is_hex(text)
    }

    /// What is kept of it under the newest key of the server. Only of one that was found right.
    pub fn proof(&self, keys: &Keys) -> Proof {
        Proof::new(keys.newest(), self.id, self.secret)
    }

    /// Whether it is the key of this proof, compared in constant time.
    ///
    /// Without a proof, as for an unknown name, it takes as long and is none.
    pub fn is(&self, proof: Option<&Proof>, keys: &Keys) -> bool {
        let under = proof.and_then(|proof| keys.by_id(&proof.under));
        let digest = under.unwrap_or(keys.newest()).index(&["api key", self.id, self.secret]);
        let kept = proof.map_or("", |proof| &proof.digest);
        // Digests are of one length, so only a missing one is told by its length: that of nobody's secret.
        let same = verify_slices_are_equal(digest.as_bytes(), kept.as_bytes()).is_ok();
        same && under.is_some()
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

impl Proof {
    fn new(under: &Key, id: &str, secret: &str) -> Self {
        let digest = under.index(&["api key", id, secret]);
        Self { under: under.id().to_owned(), digest }
    }

    /// The key of the server that it was made under: without it, nobody can present the key any more.
    pub fn under(&self) -> &str {
        &self.under
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("under", &self.under).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::keys::tests::keys;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_known_again_also_after_a_newer_key_of_the_server_came() {
        let old = keys(&[("a", 1)]);
        let made = MadeKey::new(&old, &Chance::seeded(1));
        let presented = Presented::read(made.key.expose()).unwrap();
        assert_eq!((presented.id, made.id.len(), made.proof.under()), (made.id.as_str(), 16, "a"));
        let rotated = keys(&[("a", 1), ("b", 2)]);
        assert!(presented.is(Some(&made.proof), &old) && presented.is(Some(&made.proof), &rotated));
        for other in [keys(&[("b", 1)]), keys(&[("a", 2)])] {
            assert!(!presented.is(Some(&made.proof), &other));
        }
        assert!(!presented.is(None, &old));
    }

    #[test]
    fn one_other_character_is_another_key() {
        let keys = keys(&[("a", 1)]);
        let made = MadeKey::new(&keys, &Chance::seeded(1));
        let right = made.key.expose();
        for at in 0..right.len() {
            let mut wrong: Vec<char> = right.chars().collect();
            wrong[at] = if wrong[at] == '0' { '1' } else { '0' };
            let wrong: String = wrong.into_iter().collect();
            let known = Presented::read(&wrong).is_some_and(|wrong| wrong.is(Some(&made.proof), &keys));
            assert!(!known, "{at}");
        }
        for form in
            ["", "prk_", "key-of-web-0123456789", &right[1..], &format!("{right}0"), &right.to_uppercase()]
        {
            assert!(Presented::read(form).is_none(), "{form}");
        }
    }

    #[test]
    fn neither_what_is_kept_nor_debug_tells_the_secret() {
        let made = MadeKey::new(&keys(&[("a", 1)]), &Chance::seeded(1));
        let secret = made.key.expose().rsplit('_').next().unwrap().to_owned();
        assert_eq!(secret.len(), 48);
        for shown in [format!("{made:?}"), serde_json::to_string(&made.proof).unwrap()] {
            assert!(!shown.contains(&secret), "{shown}");
        }
        assert!(!format!("{:?}", made.proof).contains(&made.proof.digest));
    }

    proptest! {
        #[test]
        fn whatever_is_presented_nothing_breaks(text in "(prk_)?[0-9a-f_]{0,70}|\\PC{0,80}") {
            let _read = Presented::read(&text).map(|presented| presented.is(None, &keys(&[("a", 1)])));
        }
    }
}
