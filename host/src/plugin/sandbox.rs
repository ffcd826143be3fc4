//! What a library's process may still do: the kernel holds it to this before a byte of the library runs.
//!
//! Landlock takes away the files and the network, seccomp the system calls. Both hold against root. What is refused is
//! an error to the library, and a line in the host's log.

mod filter;
mod handed;
mod kernel;
mod missing;
mod refusal;

pub(crate) use missing::NoLandlock;
pub(super) use refusal::{Refused, read as read_refusal};

use super::Isolation;
use filter::Phase;
use provider_api::{DeliveryError, FILES, Manifest, NETWORK};
use serde::{Deserialize, Serialize};
use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// How much of the machine a library's process sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// No sockets, no programs, no files but those that its configuration names, if it declares that it needs files.
    Strict,
    /// As `Strict`, with sockets of its own.
    Network,
    /// Everything that the host's own user may.
    Off,
}

/// One process's sandbox, as the host tells it to the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cell {
    sandbox: Sandbox,
    /// The files, or folders with all below them, that it may read and write.
    files: Vec<PathBuf>,
    /// The same for those that it may only read.
    readable: Vec<PathBuf>,
}

impl Cell {
    /// `paths` are those that the operator names: to be read, and written as well by a library that needs files.
    pub(super) fn new(sandbox: Sandbox, paths: Vec<PathBuf>, needs_files: bool) -> Self {
        let (files, readable) = if needs_files { (paths, Vec::new()) } else { (Vec::new(), paths) };
        Self { sandbox, files, readable }
    }

    /// The sandbox of a trial.
    pub(super) fn strict() -> Self {
        Self::new(Sandbox::Strict, Vec::new(), false)
    }

    /// A path that it grants and that is one of these, above one or below one.
    pub(super) fn reaches(&self, own: &[PathBuf]) -> Option<&Path> {
        let is_granted = self.sandbox != Sandbox::Off;
        let own: Vec<PathBuf> = own.iter().filter(|_| is_granted).map(|path| resolved(path)).collect();
        let touches = |path: &&PathBuf| {
            let path = resolved(path);
            own.iter().any(|own| own.starts_with(&path) || path.starts_with(own))
        };
        self.files.iter().chain(&self.readable).find(touches).map(PathBuf::as_path)
    }

    /// As an argument of the process.
    pub(super) fn to_argument(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn of_argument(argument: &str) -> Option<Self> {
        serde_json::from_str(argument).ok()
    }

    /// Locks the calling process up, so that it can still load the copy and what the copy is linked to.
    pub(super) fn enter(&self, copy: &Path) -> io::Result<()> {
        if self.sandbox == Sandbox::Off {
            return Ok(());
        }
        for file in &self.files {
            // Made now: what may only write one file can make none. That it cannot be made the library tells better.
            drop(OpenOptions::new().append(true).create_new(true).mode(0o600).open(file));
        }
        kernel::drop_capabilities()?;
        let has_landlock = kernel::restrict(self, copy)?;
        refusal::report_to_standard_error()?;
        if has_landlock || self.opens_files() {
            return filter::apply(self, Phase::Loading);
        }
        handed::prepare(copy)?;
        filter::apply(self, Phase::LoadingWithoutFiles)
    }

    /// Takes away what only loading needed, and sees whether it is gone: a constructor may have stood in the way.
    pub(super) fn close(&self) -> io::Result<()> {
        if self.sandbox == Sandbox::Off {
            return Ok(());
        }
        filter::apply(self, Phase::Running)?;
        match filter::still_allows() {
            None => Ok(()),
            Some(what) => Err(io::Error::other(format!("after loading it can still {what}"))),
        }
    }

    /// Whether the library may open files once it runs: only Landlock tells them from others.
    pub(super) fn opens_files(&self) -> bool {
        self.sandbox == Sandbox::Network || !self.files.is_empty() || !self.readable.is_empty()
    }

    /// The file by which the system looks up names by now, for a process that does: Landlock grants it that file, and not the
    /// one that takes its place.
    pub(super) fn resolver(&self) -> Option<(u64, u64)> {
        let file = (self.sandbox == Sandbox::Network).then(|| std::fs::metadata("/etc/resolv.conf"))?.ok()?;
        Some((file.dev(), file.ino()))
    }

    /// What this sandbox does not hold on this machine.
    pub(super) fn weakness(&self) -> Option<String> {
        let lost = self.sandbox != Sandbox::Off && self.opens_files();
        let cause = landlock_version().err().filter(|_| lost)?;
        Some(format!(
            "{cause}: its process can read, and if its library needs files also write, what the server can"
        ))
    }
}

/// Where a path leads, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolved(folder).join(name),
        _ => path,
    }
}

/// What a library needs and its sandbox does not grant, with the key that would.
pub(super) fn check_needs(
    manifest: &Manifest,
    isolation: Isolation,
    sandbox: Sandbox,
) -> Result<(), DeliveryError> {
    if isolation == Isolation::Thread || sandbox == Sandbox::Off {
        return Ok(());
    }
    for need in &manifest.needs {
        let grant = match (need.as_str(), sandbox) {
            (FILES, _) | (NETWORK, Sandbox::Network) => continue,
            (NETWORK, _) => "`sandbox = \"network\"` grants that",
            _ => "only `sandbox = \"off\"` grants that",
        };
        let need: String = need.chars().take(40).collect();
        return Err(DeliveryError::misconfigured(format!("its library needs `{need}`: {grant}")));
    }
    Ok(())
}

/// The version of Landlock that the kernel speaks, or why it speaks none.
pub(crate) fn landlock_version() -> Result<u32, NoLandlock> {
    kernel::landlock_version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_library_needs_is_granted_or_refused_with_the_key_that_would_grant_it() {
        let check = |need: &str, isolation, sandbox| {
            let mut manifest = Manifest::default();
            manifest.needs = vec![need.to_owned()];
            check_needs(&manifest, isolation, sandbox).map_err(|error| error.text)
        };
        let told = |need, sandbox| check(need, Isolation::Process, sandbox).unwrap_err();
        assert_eq!(
            told("network", Sandbox::Strict),
            "its library needs `network`: `sandbox = \"network\"` grants that"
        );
        assert_eq!(
            told("gpu", Sandbox::Network),
            "its library needs `gpu`: only `sandbox = \"off\"` grants that"
        );
        for (need, isolation, sandbox) in [
            ("network", Isolation::Process, Sandbox::Network),
            ("files", Isolation::Process, Sandbox::Strict),
            ("gpu", Isolation::Process, Sandbox::Off),
            ("network", Isolation::Thread, Sandbox::Strict),
        ] {
            check(need, isolation, sandbox).unwrap();
        }
    }

    #[test]
    fn what_is_the_servers_own_is_found_beneath_above_and_behind_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir(at("copies")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("link")).unwrap();
        let own = [at("passrelay.key"), at("copies")];
        let reaches = |path: PathBuf, sandbox| Cell::new(sandbox, vec![path], true).reaches(&own).is_some();
        for path in
            ["passrelay.key", "copies", "copies/a.so", "link/passrelay.key", "copies/../passrelay.key", ""]
        {
            assert!(reaches(at(path), Sandbox::Strict), "{path}");
            assert!(!reaches(at(path), Sandbox::Off), "{path}");
        }
        for path in ["outbox.jsonl", "passrelay.key.pub", "copies.txt", "other/copies"] {
            assert!(!reaches(at(path), Sandbox::Network), "{path}");
        }
    }

    #[test]
    fn a_cell_arrives_as_it_was_told() {
        let cell = Cell::new(Sandbox::Network, vec!["/a b/\"c\"".into()], true);
        assert_eq!(Cell::of_argument(&cell.to_argument()), Some(cell));
        assert_eq!(Cell::of_argument(""), None);
    }
}
