//! The first half of the manifest, as a note in the library's file: read without running any of it.
//!
//! [`export_provider!`](crate::export_provider) writes it. ELF notes survive `strip`, link-time optimisation and
//! garbage collection of sections.

use serde::{Deserialize, Serialize};

/// The note's owner, as it stands in the file.
pub const OWNER: &[u8] = b"Passrelay";

/// The note's type.
pub const TYPE: u32 = 1;

/// The note as a host reads it. Later versions add keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// The library's id.
    pub id: String,
    /// The library's own version.
    pub version: String,
    /// The version of provider-api it was built with.
    pub api: String,
    /// The least version of provider-api that a host must speak.
    #[serde(default)]
    pub host: String,
    /// How it was built to panic: `unwind`, or `abort` which only a process of its own survives.
    #[serde(default)]
    pub panic: String,
    /// The channels; `*` stands for every one.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Operations beyond `open` and `deliver`.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What it needs beyond the host's services.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The hosts that its HTTP requests go to; without one it reaches none.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// The note as the linker lays it down (ELF gABI, "Note Section").
#[doc(hidden)]
#[derive(Debug)]
#[repr(C)]
pub struct Raw<const N: usize> {
    name_size: u32,
    description_size: u32,
    kind: u32,
    name: [u8; 12],
    description: [u8; N],
}

impl<const N: usize> Raw<N> {
    /// Joins the parts and fills up with spaces, which JSON ignores. `N` must be [`size`] of the parts.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "runs in the compiler only"
    )]
    pub const fn new(parts: &[&str]) -> Self {
        let mut description = [b' '; N];
        let (mut part, mut at) = (0, 0);
        while part < parts.len() {
            let bytes = parts[part].as_bytes();
            let mut i = 0;
            while i < bytes.len() {
                description[at] = bytes[i];
                i += 1;
                at += 1;
            }
            part += 1;
        }
        let name = *b"Passrelay\0\0\0";
        Self { name_size: 10, description_size: N as u32, kind: TYPE, name, description }
    }
}

/// The bytes that the parts need, rounded up to whole words.
#[doc(hidden)]
#[must_use]
#[expect(clippy::indexing_slicing, reason = "runs in the compiler only")]
pub const fn size(parts: &[&str]) -> usize {
    let (mut part, mut sum) = (0, 0);
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum.div_ceil(4) * 4
}
