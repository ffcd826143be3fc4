//! `[server]`, `[store]`, `[keys]` and `[libraries]`: the host itself.

use super::{environment::Environment, report::Report, secret, section::Section, tree::Value};
use crate::plugin::LibrarySettings;
use provider_api::Secret;
use reqwest::Url;
use std::{
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Where the host is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The address and port it listens on.
    pub listen: SocketAddr,
    /// The Unix socket of the operator routes, if there is to be one.
    pub admin: Option<PathBuf>,
    /// Where the operator routes are reached with a key, if anywhere.
    pub admin_address: Option<SocketAddr>,
    /// Through which proxy providers' HTTP requests go; it may hold a password.
    pub proxy: Option<Secret>,
    /// Whether applications may name recipients that are sent nothing and prove with a known code.
    pub allow_test_recipients: bool,
    /// Where callers reach it, such as `https://otp.example.com`; without a `/` at its end.
    pub public_url: Option<String>,
}

/// Where verifications are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In memory: gone with the process.
    Memory,
    /// In an SQLite database in this file.
    Sqlite(PathBuf),
}

/// The most bytes of a Unix socket's path: `sun_path` has 108, the last of them 0 (unix(7)).
const LONGEST_SOCKET: usize = 107;

/// The most bytes of the name that it has while it is made: a dot and a process's id, at most 4194304 (proc(5)).
const STAGED: usize = 8;

/// Reads `[server]`.
pub(super) fn server(mut server: Section<'_>, environment: &Environment, report: &mut Report) -> Server {
    let listen = server.find("listen").and_then(|field| {
        let address = field.text(report)?.parse().ok();
        if address.is_none() {
            let hint =
                "for example \"127.0.0.1:8080\"; \"0.0.0.0:8080\" or \"[::]:8080\" for every interface";
            field.wrong("must be an IP address and a port", hint.to_owned(), report);
        }
        address
    });
    let (admin, admin_address) = admin(&mut server, report);
    let proxy = server.find("proxy").and_then(|field| {
        let proxy = secret::read(&field, environment, report)?;
        let is_url = Url::parse(proxy.expose()).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_url {
            field.wrong(
                "is no `http` or `https` address",
                "for example \"http://proxy:3128\"".to_owned(),
                report,
            );
        }
        is_url.then_some(proxy)
    });
    let allow_test_recipients = server.find("allow_test_recipients").and_then(|field| field.flag(report));
    let allow_test_recipients = allow_test_recipients.unwrap_or(false);
    let public_url = server.find("public_url").and_then(|field| {
        let written = field.text(report)?;
        let parsed = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let is_plain =
            |url: &Url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !parsed.as_ref().is_some_and(is_plain) {
            let hint = "for example \"https://otp.example.com\"".to_owned();
            field.wrong("is no `http` or `https` address", hint, report);
        }
        Some(written.trim_end_matches('/').to_owned())
    });
    server.close(report);
    let listen = listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
    Server { listen, admin, admin_address, proxy, allow_test_recipients, public_url }
}

/// What `server.admin` may be, for hints.
const ADMIN: &str =
    "for example \"unix:passrelay-admin.sock\", \"127.0.0.1:9090\", a list of both, or \"off\" for none";

/// What is wrong with an address of `server.admin` that is not this machine's alone.
pub const OVERHEARD: &str = "whoever is on the way reads the operators' keys";

/// What to do about it.
pub const GUARDED: &str = "let it listen on 127.0.0.1, behind a proxy that speaks TLS or an SSH tunnel";

/// Reads `server.admin`: a Unix socket, an address, a list of both, or none.
fn admin(server: &mut Section<'_>, report: &mut Report) -> (Option<PathBuf>, Option<SocketAddr>) {
    let at = server.at();
    let Some(field) = server.find("admin") else {
        return (socket("passrelay-admin.sock", at, report), None);
    };
    let (mut path, mut address) = (None, None);
    let items = match &field.node.value {
        Value::List(_) => field.list(ADMIN, report).unwrap_or_default(),
        _ => vec![field.clone()],
    };
    for item in &items {
        let Some(written) = item.text(report) else { continue };
        if written == "off" && items.len() == 1 {
            return (None, None);
        }
        let is_second = if let Some(name) =
            written.strip_prefix("unix:").filter(|name| !name.trim().is_empty())
        {
            path.replace(socket(name, item.at(), report)).is_some()
        } else if let Ok(written) = written.parse::<SocketAddr>() {
            if !written.ip().is_loopback() {
                let what =
                    format!("`server.admin` answers operators on `{written}` in the clear: {OVERHEARD}");
                report.warning(item.at(), what, Some(GUARDED.to_owned()));
            }
            address.replace(written).is_some()
        } else {
            item.wrong("names neither a Unix socket nor an IP address and port", ADMIN.to_owned(), report);
            continue;
        };
        if is_second {
            item.wrong(
                "names a second of its kind",
                "one Unix socket and one address at most".to_owned(),
                report,
            );
        }
    }
    (path.flatten(), address)
}

fn socket(name: &str, at: usize, report: &mut Report) -> Option<PathBuf> {
    let path = report.path(name);
    let name = path.file_name().map_or(0, OsStr::len);
    let length = path.as_os_str().len() + STAGED.saturating_sub(name);
    if length > LONGEST_SOCKET {
        let what =
            format!("`server.admin` needs a path of {length} bytes; a socket's has at most {LONGEST_SOCKET}");
        let hint = "name a shorter one, for example \"unix:/run/passrelay/admin.sock\", or \"off\" for none";
        report.mistake(at, what, Some(hint.to_owned()));
        return None;
    }
    Some(path)
}

/// Reads `[store]`.
pub(super) fn store(mut store: Section<'_>, report: &mut Report) -> Store {
    const FORMS: &str = "\"sqlite:passrelay.db\", or \"memory:\", which forgets everything when it ends";
    let field = store.find("url");
    let written = field.as_ref().map_or(Some("sqlite:passrelay.db"), |field| field.text(report));
    store.close(report);
    // A mistake was told: which store it is does not matter any more.
    let Some(written) = written else { return Store::Memory };
    if written == "memory:" {
        return Store::Memory;
    }
    if let Some(name) = written.strip_prefix("sqlite:").filter(|name| !name.trim().is_empty()) {
        return Store::Sqlite(report.path(name));
    }
    if let Some(field) = field {
        let later = ["postgres:", "postgresql:"].iter().any(|scheme| written.starts_with(scheme));
        let why = if later {
            "names PostgreSQL, which comes with a later version of Passrelay"
        } else {
            "names no store"
        };
        field.wrong(why, FORMS.to_owned(), report);
    }
    Store::Memory
}

/// Reads `[keys]`: the key file.
pub(super) fn keys(mut keys: Section<'_>, report: &mut Report) -> PathBuf {
    let file = keys.find("file").and_then(|field| field.filled(report)).unwrap_or("passrelay.key");
    keys.close(report);
    report.path(file)
}

/// Reads `[libraries]`.
pub(super) fn libraries(mut libraries: Section<'_>, report: &mut Report) -> LibrarySettings {
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
    let words = [("best-effort", false), ("required", true)];
    let required = libraries.find("sandbox").and_then(|field| field.word(&words, report));
    libraries.close(report);
    LibrarySettings {
        directories: directories.unwrap_or_else(|| vec![report.path("providers")]),
        copies: copies.unwrap_or_else(|| report.path("passrelay-copies")),
        pins: Vec::new(),
        sandbox_required: required.unwrap_or(false),
    }
}
