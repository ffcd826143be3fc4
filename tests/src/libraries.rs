//! The libraries that cargo built, dropped into a private folder.

use passrelay::{
    clock::Clock,
    plugin::{Isolation, Libraries, LibrarySettings, Providers, Sandbox, Settings, Workshop},
};
use serde_json::Value;
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

/// The file of a library that cargo built for this test program.
///
/// # Panics
///
/// When it is not there: its package is then no dependency of this one.
pub fn built(id: &str) -> PathBuf {
    let file = here().join(format!("lib{id}.so"));
    assert!(file.exists(), "no {}: is its package a dependency of the tests?", file.display());
    file
}

/// The `passrelay` program that cargo built beside this test program.
///
/// # Panics
///
/// When it is not there.
pub fn program() -> PathBuf {
    let file = here().parent().expect("deps/ lies in a folder").join("passrelay-under-test");
    assert!(file.exists(), "no {}", file.display());
    file
}

fn here() -> PathBuf {
    std::env::current_exe()
        .expect("a test knows its program")
        .parent()
        .expect("it lies in a folder")
        .to_owned()
}

/// A private folder that libraries are dropped into.
#[derive(Debug)]
pub struct Dropped {
    folder: TempDir,
}

impl Default for Dropped {
    fn default() -> Self {
        Self::new()
    }
}

impl Dropped {
    /// An empty folder.
    ///
    /// # Panics
    ///
    /// When the system gives none.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a private folder");
        std::fs::create_dir(folder.path().join("providers")).expect("a folder in it");
        Self { folder }
    }

    /// A folder with these libraries.
    ///
    /// # Panics
    ///
    /// When one of them was not built.
    pub fn with(ids: &[&str]) -> Self {
        let dropped = Self::new();
        for id in ids {
            dropped.put(&format!("lib{id}.so"), &std::fs::read(built(id)).expect("a library can be read"));
        }
        dropped
    }

    /// Drops a file in.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    pub fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let file = self.path().join("providers").join(name);
        std::fs::write(&file, bytes).expect("a file can be written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("its mode can be set");
        file
    }

    /// The private folder; the libraries are in `providers` below it.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where libraries are looked for.
    pub fn settings(&self) -> LibrarySettings {
        LibrarySettings {
            directories: vec![self.path().join("providers")],
            copies: self.path().join("copies"),
            watch: true,
            pins: Vec::new(),
            canaries: Vec::new(),
            signers: None,
            sandbox_required: false,
        }
    }

    /// Looks through the folder as a server does.
    pub async fn scan(&self) -> Libraries {
        Libraries::scan(&self.settings(), &program()).await
    }

    /// Opens one provider of the library with this id.
    pub async fn open(&self, id: &str, isolation: Isolation, config: Value, clock: &Clock) -> Providers {
        self.open_with(&[provider(id, isolation, config)], clock).await
    }

    /// Opens these providers.
    pub async fn open_with(&self, settings: &[Settings], clock: &Clock) -> Providers {
        let workshop = Workshop::of_program(program(), clock.clone());
        let pins = settings.iter().filter_map(|one| Some((one.library.clone(), one.sha256.clone()?)));
        let folders = LibrarySettings { pins: pins.collect(), ..self.settings() };
        Providers::open(settings, &Libraries::scan(&folders, &program()).await, &workshop).await
    }
}

/// A provider with everything as it is by default, named like its library.
pub fn provider(id: &str, isolation: Isolation, config: Value) -> Settings {
    Settings {
        id: id.to_owned(),
        enabled: true,
        library: id.to_owned(),
        isolation,
        sandbox: Sandbox::Strict,
        timeout: Duration::from_secs(10),
        queue: 1024,
        sha256: None,
        allow_private_addresses: false,
        allow_hosts: None,
        config,
        canary: None,
    }
}
