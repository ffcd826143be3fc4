//! What may be typed behind `quickstart`.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Where to listen and where to put things.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The address to listen on.
    pub(crate) listen: SocketAddr,
    /// Whether that address was asked for, and no other will do.
    pub(crate) insists: bool,
    folder: Option<PathBuf>,
}

impl Arguments {
    /// Reads `--listen ADDRESS` and `--folder FOLDER`.
    pub(crate) fn read(typed: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        let mut arguments = Self { listen, insists: false, folder: None };
        let mut typed = typed.into_iter();
        while let Some(name) = typed.next() {
            let value = typed.next().ok_or_else(|| format!("`{name}` needs a value"))?;
            match name.as_str() {
                "--listen" => {
                    let wrong = |_| format!("`{value}` is no address such as `127.0.0.1:8080`");
                    arguments.listen = value.parse().map_err(wrong)?;
                    arguments.insists = true;
                }
                "--folder" => arguments.folder = Some(value.into()),
                _ => return Err(format!("unknown argument `{name}`: there are `--listen` and `--folder`")),
            }
        }
        Ok(arguments)
    }

    /// The folder that was asked for, else one of the quickstart's own among the temporary ones.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| env::temp_dir().join("passrelay-quickstart"))
    }
}
