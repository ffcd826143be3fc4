//! Whether a server lives here: by its admin socket, and by the port it should listen on.

use super::Finding;
use crate::{
    cli::verify::reached,
    config::{GUARDED, OVERHEARD, Server},
};
use reqwest::{Client, ClientBuilder};
use serde_json::Value;
use std::{fs, io::ErrorKind, net::SocketAddr, os::unix::fs::FileTypeExt as _, path::Path, time::Duration};
use tokio::net::{TcpListener, UnixStream};

/// How long an answer may take: a server that lives gives one at once.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks who is there.
pub(super) async fn look(server: &Server) -> Vec<Finding> {
    let (admin, lives) = match &server.admin {
        None => (Finding::ok("admin socket", "off"), None),
        Some(path) => {
            let (finding, lives) = admin(path).await;
            (finding, Some(lives))
        }
    };
    let mut findings = vec![admin, port(server.listen, lives).await];
    if let Some(address) = server.admin_address {
        findings.push(admin_port(address, lives).await);
        if !address.ip().is_loopback() {
            let detail = format!("`{address}` answers operators in the clear: {OVERHEARD}");
            findings.push(Finding::warn("admin port", detail, GUARDED));
        }
    }
    findings
}

/// The admin socket, and whether a server answers on it.
async fn admin(path: &Path) -> (Finding, bool) {
    const NAME: &str = "admin socket";
    let shown = path.display();
    let nobody = || (Finding::ok(NAME, format!("no server lives at `{shown}`")), false);
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            let detail = format!("something else stands at `{shown}`");
            return (Finding::fail(NAME, detail, "remove it, or change `server.admin`"), false);
        }
        Ok(_) => {}
        Err(cause) if cause.kind() == ErrorKind::NotFound => return nobody(),
        Err(cause) => {
            let detail = format!("`{shown}`: {cause}");
            return (Finding::fail(NAME, detail, "run this as the server's user"), false);
        }
    }
    match UnixStream::connect(path).await {
        Err(cause) if cause.kind() == ErrorKind::ConnectionRefused => return nobody(),
        Err(cause) => {
            let detail = format!("`{shown}`: {cause}");
            return (Finding::warn(NAME, detail, "run this as the server's user"), false);
        }
        Ok(_) => {}
    }
    if let Some((200, _)) = get(client().unix_socket(path), "http://admin/v1/providers").await {
        return (Finding::ok(NAME, format!("a server answers at `{shown}`")), true);
    }
    let detail = format!("a server listens at `{shown}` and does not answer");
    (Finding::fail(NAME, detail, "see its log; end it and start it again"), true)
}

/// How an address is where nobody listens on it; nothing where somebody does, who can be asked. `lives` says whether a
/// server answers operators, if that could be asked.
async fn unused(name: &'static str, key: &str, address: SocketAddr, lives: Option<bool>) -> Option<Finding> {
    Some(match TcpListener::bind(address).await {
        Ok(_) if address.port() == 0 => Finding::ok(name, "the system chooses one at each start"),
        Ok(_) if lives == Some(true) => {
            let detail = format!("the server that lives here does not listen on `{address}`");
            Finding::warn(name, detail, "it was started with another configuration: start it again")
        }
        Ok(_) => Finding::ok(name, format!("`{address}` is free")),
        Err(cause) if cause.kind() == ErrorKind::AddrInUse => return None,
        Err(cause) => {
            let detail = format!("cannot listen on `{address}`: {cause}");
            Finding::fail(name, detail, format!("change `{key}` to an address of this machine"))
        }
    })
}

/// Somebody listens who is not ours.
fn taken(name: &'static str, key: &str, address: SocketAddr) -> Finding {
    let detail = format!("`{address}` is taken, and who listens is no passrelay");
    Finding::fail(name, detail, format!("end what listens there, or change `{key}`"))
}

/// The port where operators are answered by their keys: free, or ours.
async fn admin_port(address: SocketAddr, lives: Option<bool>) -> Finding {
    const NAME: &str = "admin port";
    const KEY: &str = "server.admin";
    if let Some(finding) = unused(NAME, KEY, address, lives).await {
        return finding;
    }
    // Without a key it says no more than who it is: by its problem.
    let told = get(client(), &format!("http://{}/v1/providers", reached(address))).await;
    let is_ours =
        |body: &Value| word(body, "type").is_some_and(|name| name.ends_with("/problems/unauthorized"));
    match told {
        Some((401, body)) if is_ours(&body) => Finding::ok(NAME, format!("a server answers at `{address}`")),
        _ => taken(NAME, KEY, address),
    }
}

/// The port: free, or ours and how it is.
async fn port(listen: SocketAddr, lives: Option<bool>) -> Finding {
    const NAME: &str = "port";
    const KEY: &str = "server.listen";
    if let Some(finding) = unused(NAME, KEY, listen, lives).await {
        return finding;
    }
    let base = format!("http://{}", reached(listen));
    let alive = get(client(), &format!("{base}/healthz")).await;
    if !alive.is_some_and(|(status, body)| status == 200 && word(&body, "status") == Some("ok")) {
        return taken(NAME, KEY, listen);
    }
    match get(client(), &format!("{base}/readyz")).await {
        Some((200, _)) => Finding::ok(NAME, format!("a server answers at `{listen}` and is ready")),
        told => {
            let why = told.and_then(|(_, body)| word(&body, "detail").map(str::to_owned));
            let why = why.unwrap_or_else(|| "it does not say why".to_owned());
            let detail = format!("a server answers at `{listen}` and is not ready: {why}");
            Finding::warn(NAME, detail, "see its providers: `passrelay providers list`, and its log")
        }
    }
}

fn client() -> ClientBuilder {
    Client::builder().no_proxy().timeout(PATIENCE)
}

fn word<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

async fn get(client: ClientBuilder, url: &str) -> Option<(u16, Value)> {
    let response = client.build().ok()?.get(url).send().await.ok()?;
    Some((response.status().as_u16(), response.json().await.unwrap_or_default()))
}
