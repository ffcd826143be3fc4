//! Whether a server lives here: by its admin socket, and by the port it should listen on.

use super::Finding;
use crate::config::Server;
use reqwest::{Client, ClientBuilder};
use serde_json::Value;
use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::FileTypeExt as _,
    path::Path,
    time::Duration,
};
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
    vec![admin, port(server.listen, lives).await]
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

/// The port: free, or ours and how it is. `lives` says whether a server answers operators, if that could be asked.
async fn port(listen: SocketAddr, lives: Option<bool>) -> Finding {
    const NAME: &str = "port";
    match TcpListener::bind(listen).await {
        Ok(_) if listen.port() == 0 => return Finding::ok(NAME, "the system chooses one at each start"),
        Ok(_) if lives == Some(true) => {
            let detail = format!("the server that lives here does not listen on `{listen}`");
            return Finding::warn(NAME, detail, "it was started with another configuration: start it again");
        }
        Ok(_) => return Finding::ok(NAME, format!("`{listen}` is free")),
        Err(cause) if cause.kind() == ErrorKind::AddrInUse => {}
        Err(cause) => {
            let detail = format!("cannot listen on `{listen}`: {cause}");
            return Finding::fail(NAME, detail, "change `server.listen` to an address of this machine");
        }
    }
    let base = format!("http://{}", reachable(listen));
    let alive = get(client(), &format!("{base}/healthz")).await;
    if !alive.is_some_and(|(status, body)| status == 200 && word(&body, "status") == Some("ok")) {
        let detail = format!("`{listen}` is taken, and who listens is no passrelay");
        return Finding::fail(NAME, detail, "end what listens there, or change `server.listen`");
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

/// Who listens everywhere is asked at home.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_at_home() {
        for (listen, asked) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("192.0.2.1:80", "192.0.2.1:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
