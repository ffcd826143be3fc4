//! Everything that can be told of a library's file without running any of it, be it one that would be refused.

use super::{
    admit::{AdmitError, Admitted, Folder, LIBRARY},
    elf::{self, Facts},
    libraries::{Refusal, folder_of, inspect},
    settings::LibrarySettings,
    signature::{KeyId, SignatureError, Unverified},
};
use std::{ffi::OsStr, path::Path};

/// What could be told of a file. What is `None` could not be read.
#[derive(Debug)]
pub struct Inspection {
    /// Whose it is.
    pub owner: Option<u32>,
    /// Its permission bits.
    pub mode: Option<u32>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// Whether it is signed, and by whom.
    pub signature: Option<Signature>,
    /// What stands in it, if it is an ELF file.
    pub facts: Option<Facts>,
    /// Why it would not even be tried; `None` if it would.
    pub refusal: Option<Refusal>,
}

/// What is known of a file's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// There is none.
    None,
    /// There is one that says it is of this key; the configuration names no signers to hold it against.
    Unverified(KeyId),
    /// A signer's, and it fits.
    Good(KeyId),
    /// There is one that is not good enough, for this reason.
    Bad(String),
}

impl Inspection {
    /// Looks at a file as these settings would have it; whoever could change it, all of it is told.
    pub fn of(file: &Path, settings: &LibrarySettings) -> Self {
        let refusal = inspect(file, settings).err().map(|refusal| *refusal);
        let mut inspection = Self {
            owner: None,
            mode: None,
            bytes: None,
            sha256: None,
            signature: None,
            facts: None,
            refusal,
        };
        if let Some(name) = file.file_name()
            && let Ok(folder) = Folder::untrusted(folder_of(file))
            && let Err(cause) = inspection.look(&folder, name, settings)
        {
            tracing::debug!(%cause, "a library could not be looked at whole");
        }
        inspection
    }

    fn look(&mut self, folder: &Folder, name: &OsStr, settings: &LibrarySettings) -> Result<(), AdmitError> {
        let opened = folder.open(name)?;
        let (owner, mode) = opened.owner();
        (self.owner, self.mode, self.bytes) = (Some(owner), Some(mode), Some(opened.size()));
        let Admitted { bytes, sha256 } = Admitted::of(opened.read(LIBRARY)?);
        self.sha256 = Some(sha256);
        self.signature = Some(signature(folder, name, &bytes, settings));
        self.facts = elf::facts(&bytes);
        Ok(())
    }
}

fn signature(folder: &Folder, name: &OsStr, bytes: &[u8], settings: &LibrarySettings) -> Signature {
    let verified = Unverified::beside(folder, name).and_then(|signature| match &settings.signers {
        Some(signers) => signature.verify(bytes, signers).map(Signature::Good),
        None => Ok(Signature::Unverified(signature.id())),
    });
    match verified {
        Ok(signature) => signature,
        Err(SignatureError::Missing(_)) => Signature::None,
        Err(cause) => Signature::Bad(cause.to_string()),
    }
}
