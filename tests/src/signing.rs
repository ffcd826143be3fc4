//! Somebody who signs libraries with minisign.

use minisign::{KeyPair, sign};
use passrelay::plugin::Signer;
use std::{fmt, path::Path};

/// Somebody with a key pair of their own.
pub struct Author(KeyPair);

impl Default for Author {
    fn default() -> Self {
        Self::new()
    }
}

impl Author {
    /// Makes a key pair.
    ///
    /// # Panics
    ///
    /// When the system gives no chance.
    pub fn new() -> Self {
        Self(KeyPair::generate_unencrypted_keypair().expect("a key pair"))
    }

    /// The public key, as minisign prints it.
    pub fn public_key(&self) -> String {
        self.0.pk.to_base64()
    }

    /// The same as the host keeps it.
    ///
    /// # Panics
    ///
    /// When the host cannot read it.
    pub fn signer(&self) -> Signer {
        Signer::parse(&self.public_key()).expect("a public key")
    }

    /// A signature of these bytes, as it stands in a `.minisig` file.
    ///
    /// # Panics
    ///
    /// When minisign does not sign.
    pub fn sign(&self, bytes: &[u8]) -> String {
        let comment = Some("timestamp:1767323045\tfile:a library");
        sign(Some(&self.0.pk), &self.0.sk, bytes, comment, None).expect("a signature").into_string()
    }

    /// Signs a file: the signature lies beside it.
    ///
    /// # Panics
    ///
    /// When the file cannot be read, or the signature not be written.
    pub fn sign_file(&self, file: &Path) {
        let signature = self.sign(&std::fs::read(file).expect("the file can be read"));
        let mut name = file.as_os_str().to_owned();
        name.push(".minisig");
        std::fs::write(name, signature).expect("the signature can be written");
    }
}

impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Author").field(&self.public_key()).finish()
    }
}
