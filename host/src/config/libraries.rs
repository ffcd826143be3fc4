//! `[libraries]`: where libraries are looked for, and whose signature they need.

use super::{
    report::Report,
    section::{Field, Section},
};
use crate::plugin::{LibrarySettings, Signer};
use std::path::PathBuf;

/// Reads `[libraries]`.
pub(super) fn read(mut libraries: Section<'_>, report: &mut Report) -> LibrarySettings {
    let before = report.count();
    let directories = libraries.find("directories").and_then(|field| {
        let items = field.list("for example [\"providers\"]", report)?;
        let mut folders: Vec<PathBuf> = Vec::new();
        for item in items {
            let Some(written) = item.filled(report) else { continue };
            let folder = report.path(written);
            if folders.contains(&folder) {
                item.wrong("names this folder a second time", None, report);
            }
            folders.push(folder);
        }
        Some(folders)
    });
    let copies = libraries.find("copies").and_then(|field| {
        let written = field.filled(report)?;
        let folder = report.path(written);
        if directories.as_ref().is_some_and(|folders| folders.contains(&folder)) {
            field.wrong("is one of `libraries.directories`", "name a folder of its own".to_owned(), report);
        }
        Some(folder)
    });
    let watch = libraries.find("watch").and_then(|field| field.flag(report)).unwrap_or(true);
    let words = [("best-effort", false), ("required", true)];
    let required = libraries.find("sandbox").and_then(|field| field.word(&words, report));
    let mut signers = libraries.find("signers").map(|field| signers(&field, report));
    libraries.close(report);
    // An unknown key may be this one, misspelt: a mistake must not open the door.
    if report.count() > before {
        signers.get_or_insert_default();
    }
    LibrarySettings {
        directories: directories.unwrap_or_else(|| vec![report.path("providers")]),
        copies: copies.unwrap_or_else(|| report.path("passrelay-copies")),
        watch,
        pins: Vec::new(),
        canaries: Vec::new(),
        signers,
        sandbox_required: required.unwrap_or(false),
    }
}

/// The keys that can be read. Where none can, no signature is good enough.
fn signers(field: &Field<'_>, report: &mut Report) -> Vec<Signer> {
    const FORM: &str = "the line of a `.pub` file that begins with `RW`";
    let hint = "for example [\"RW…\"]; without the key, libraries need no signature";
    let mut signers: Vec<Signer> = Vec::new();
    for item in field.list(hint, report).unwrap_or_default() {
        let Some(written) = item.text(report) else { continue };
        match Signer::parse(written) {
            Some(signer) if signers.contains(&signer) => {
                item.wrong("names this key a second time", None, report);
            }
            Some(signer) => signers.push(signer),
            None => item.wrong("is no public key of minisign", FORM.to_owned(), report),
        }
    }
    signers
}
