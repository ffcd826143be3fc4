//! The one folder that everything of the quickstart is in.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The API key. It opens a server on loopback that sends nothing to anybody, so everybody may know it.
pub(crate) const KEY: &str = "quickstart-key-for-loopback-only";

/// A private folder with the dropped-in library.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder and drops the library in that cargo built beside `program`.
    pub(crate) fn make(path: &Path, program: &Path) -> io::Result<Self> {
        let private = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
        private(path)?;
        // Fails where the folder is somebody else's: anyone may make one among the temporary folders.
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
        let path = path.canonicalize()?;
        private(&path.join("providers"))?;
        let built = program.parent().unwrap_or(Path::new(".")).join("deps/libdry_run.so");
        let dropped = path.join("providers/libdry_run.so");
        let copied = fs::copy(&built, &dropped);
        copied.map_err(|cause| {
            io::Error::new(cause.kind(), format!("cannot copy `{}`: {cause}", built.display()))
        })?;
        fs::set_permissions(dropped, Permissions::from_mode(0o755))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the configuration; its path.
    pub(crate) fn configure(&self, listen: SocketAddr) -> io::Result<PathBuf> {
        let file = self.0.join("passrelay.toml");
        let outbox = self.0.join("outbox.jsonl");
        let text = format!(
            "[server]
listen = \"{listen}\"

[site]
name = \"Quickstart\"

[providers.dry_run.config]
outbox = \"{}\"

[applications.web]
api_keys = [\"{KEY}\"]
methods = [\"sms:code\", \"email:code\"]
preferred = \"sms:code\"
",
            outbox.display()
        );
        fs::write(&file, text)?;
        Ok(file)
    }
}
