//! The server's keys: subkeys by label, the newest for what is made, all for what is read.

use super::{Chance, key_file, key_file::KeyFileError};
use aws_lc_rs::{aead, hkdf, hmac};
use std::{fmt, path::Path, sync::Arc};
use zeroize::Zeroizing;

/// Bytes of a name in the index.
const NAME: usize = 16;

/// The keys of the key file. `Debug` shows their ids.
#[derive(Debug)]
pub struct Keys {
    older: Vec<Arc<Key>>,
    newest: Arc<Key>,
    /// The ids of keys that are gone for good, by the operator's word.
    lost: Vec<String>,
}

/// One key of the key file, as the subkeys made of it (HKDF-SHA256, RFC 5869). `Debug` shows its id.
pub struct Key {
    id: String,
    codes: hmac::Key,
    index: hmac::Key,
    tokens: hmac::Key,
    sealing: aead::LessSafeKey,
}

/// What stands in the key file: an id and 32 random bytes.
pub(super) struct Master {
    pub(super) id: String,
    pub(super) bytes: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// Reads the key file; makes it, with one key and mode 0600, where there is none.
    ///
    /// The folder must exist. Two servers that start at once agree on one file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or made, when others than its owner may read it, or when a line is no key.
    pub fn open_or_create(path: &Path, chance: &Chance) -> Result<Self, KeyFileError> {
        let (masters, lost) = key_file::read_or_create(path, chance)?;
        let keys = Self::new(&masters).ok_or_else(|| KeyFileError::Empty { path: path.to_owned() })?;
        Ok(Self { lost, ..keys })
    }

    /// Keys that live as long as the process: for tests and for trying things out.
    pub fn ephemeral(chance: &Chance) -> Option<Self> {
        Self::new(&[Master { id: "ephemeral".to_owned(), bytes: Zeroizing::new(chance.bytes()) }])
    }

    /// The last key is the newest; `None` if there is none.
    pub(super) fn new(masters: &[Master]) -> Option<Self> {
        let mut older =
            masters.iter().map(|master| Some(Arc::new(Key::new(master)?))).collect::<Option<Vec<_>>>()?;
        let newest = older.pop()?;
        Some(Self { older, newest, lost: Vec::new() })
    }

    /// The key that new things are made with.
    pub fn newest(&self) -> &Key {
        &self.newest
    }

    /// The key with this id: what was made with an older one is still read.
    pub fn by_id(&self, id: &str) -> Option<&Key> {
        self.newest_first().find(|key| key.id == id)
    }

    /// Whether the operator says that the key with this id is gone for good.
    pub fn is_lost(&self, id: &str) -> bool {
        self.lost.iter().any(|lost| lost == id)
    }

    /// The keys that are not the newest, newest first.
    pub fn older(&self) -> impl Iterator<Item = &Key> {
        self.older.iter().rev().map(Arc::as_ref)
    }

    /// The same keys with this one as the newest, if it is among them.
    pub(super) fn led_by(&self, id: &str) -> Self {
        let all = self.older.iter().chain([&self.newest]);
        let newest = all.clone().find(|key| key.id == id).unwrap_or(&self.newest);
        let older = all.filter(|key| key.id != newest.id).cloned().collect();
        Self { older, newest: Arc::clone(newest), lost: self.lost.clone() }
    }

    /// Every key, newest first: the order in which an index is searched.
    pub fn newest_first(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(self.newest.as_ref()).chain(self.older())
    }
}

impl Key {
    fn new(master: &Master) -> Option<Self> {
        let subkey = |label| subkey(&master.bytes, label);
        let hmac = |label| Some(hmac::Key::new(hmac::HMAC_SHA256, subkey(label)?.as_ref()));
        let sealing = aead::UnboundKey::new(&aead::AES_256_GCM_SIV, subkey("seal")?.as_ref()).ok()?;
        let sealing = aead::LessSafeKey::new(sealing);
        let (codes, index, tokens) = (hmac("codes")?, hmac("index")?, hmac("tokens")?);
        Some(Self { id: master.id.clone(), codes, index, tokens, sealing })
    }

    /// The name that records give this key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The subkey that codes are derived under.
    pub(super) fn codes(&self) -> &hmac::Key {
        &self.codes
    }

    /// The subkey that bearer tokens are signed under.
    pub(super) fn tokens(&self) -> &hmac::Key {
        &self.tokens
    }

    /// The subkey that records are sealed under.
    pub(super) fn sealing(&self) -> &aead::LessSafeKey {
        &self.sealing
    }

    /// A name for these parts that tells nothing about them but the key it was made under: the key's id, a dot, and the
    /// [`Key::index`]. So the store can say what still hangs on a key.
    pub fn name(&self, parts: &[&str]) -> String {
        format!("{}.{}", self.id, self.index(parts))
    }

    /// What these parts are under this key, which tells nothing about them: 32 hexadecimal digits. Half of the digest
    /// (RFC 2104 section 5) is enough to tell names apart, and indexes of the store are made of them.
    ///
    /// Parts never run into each other: `["ab", "c"]` and `["a", "bc"]` come out different.
    pub fn index(&self, parts: &[&str]) -> String {
        let mut context = hmac::Context::with_key(&self.index);
        for part in parts {
            update(&mut context, part.as_bytes());
        }
        let digest = context.sign();
        hex(digest.as_ref().get(..NAME).unwrap_or_default())
    }
}

/// Whether two keys of one id are one key.
pub(super) fn is_same(one: &Key, other: &Key) -> bool {
    one.index(&["same"]) == other.index(&["same"])
}

/// Adds a field with its length before it, so that no two lists of fields look alike.
pub(super) fn update(context: &mut hmac::Context, field: &[u8]) {
    context.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
    context.update(field);
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}

/// `None` cannot happen: 32 bytes are far below what HKDF can give.
fn subkey(master: &[u8; 32], label: &str) -> Option<Zeroizing<[u8; 32]>> {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"passrelay v1").extract(master);
    let mut bytes = Zeroizing::new([0; 32]);
    extracted.expand(&[label.as_bytes()], hkdf::HKDF_SHA256).ok()?.fill(bytes.as_mut()).ok()?;
    Some(bytes)
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Keys of these ids, the last one the newest, each of 32 times the same byte.
    pub(crate) fn keys(ids: &[(&str, u8)]) -> Keys {
        Keys::new(&ids.iter().map(|(id, byte)| master(id, *byte)).collect::<Vec<_>>()).unwrap()
    }

    fn master(id: &str, byte: u8) -> Master {
        Master { id: id.to_owned(), bytes: Zeroizing::new([byte; 32]) }
    }

    #[test]
    fn new_things_use_the_newest_key_and_old_ones_are_still_found() {
        let keys = Keys::new(&[master("a", 1), master("b", 2), master("c", 3)]).unwrap();
        assert_eq!(keys.newest().id(), "c");
        assert_eq!(keys.by_id("a").unwrap().id(), "a");
        assert!(keys.by_id("d").is_none());
        let order: Vec<&str> = keys.newest_first().map(Key::id).collect();
        assert_eq!(order, ["c", "b", "a"]);
        assert!(Keys::new(&[]).is_none());
    }

    #[test]
    fn an_index_tells_its_parts_and_keys_apart() {
        let keys = Keys::new(&[master("a", 1), master("b", 2)]).unwrap();
        let [b, a]: [&Key; 2] = keys.newest_first().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(a.index(&["ab", "c"]), a.index(&["ab", "c"]));
        assert_ne!(a.index(&["ab", "c"]), a.index(&["a", "bc"]));
        assert_ne!(a.index(&["ab"]), a.index(&["ab", ""]));
        assert_ne!(a.index(&["ab", "c"]), b.index(&["ab", "c"]));
        assert_eq!(a.index(&[]).len(), 32);
        assert_eq!(a.name(&["x"]), format!("a.{}", a.index(&["x"])));
    }

    #[test]
    fn keys_are_never_printed() {
        let shown = format!("{:?}", Keys::new(&[master("a", 0xab)]).unwrap());
        assert!(shown.contains("\"a\"") && !shown.contains("171") && !shown.contains("abab"), "{shown}");
    }
}
