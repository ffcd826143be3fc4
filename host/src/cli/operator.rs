//! How subcommands ask the operator routes: of the server that runs, else here, over the store that it left.

use super::{setup, trouble::Trouble, wiring};
use crate::config::{Draft, Store, Whereabouts};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, header},
};
use reqwest::Url;
use serde_json::Value;
use std::{fs, io::ErrorKind, net::SocketAddr, path::Path, time::Duration};
use tokio::net::{TcpStream, UnixStream};
use tower::ServiceExt as _;

/// How long an answer may take: as long as a provider test may.
const PATIENCE: Duration = Duration::from_mins(6);

/// The most bytes of an answer.
const LARGEST: usize = 64 * 1024 * 1024;

/// Whom to ask. `Debug` is not for it: what is asked may be secret.
pub(super) struct Operator {
    way: Way,
    store: Store,
}

enum Way {
    /// A server that runs, over its admin socket.
    Server(reqwest::Client),
    /// No server runs: the same routes in this process.
    Here(Router),
}

/// One question: which route, and with which body.
pub(super) struct Question<'a> {
    /// The method.
    pub(super) method: Method,
    /// The parts of the path between the slashes, as they are; they are written as a path needs it.
    pub(super) path: &'a [&'a str],
    /// What follows the `?`.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// The body, if there is one.
    pub(super) body: Option<&'a Value>,
}

impl<'a> Question<'a> {
    /// `GET` this path.
    pub(super) fn get(path: &'a [&'a str]) -> Self {
        Self { method: Method::GET, path, query: &[], body: None }
    }

    /// `POST` this to that path.
    pub(super) fn post(path: &'a [&'a str], body: &'a Value) -> Self {
        Self { method: Method::POST, path, query: &[], body: Some(body) }
    }

    /// `DELETE` this path.
    pub(super) fn delete(path: &'a [&'a str]) -> Self {
        Self { method: Method::DELETE, path, query: &[], body: None }
    }

    fn url(&self) -> Option<Url> {
        let mut url = Url::parse("http://localhost").ok()?;
        url.path_segments_mut().ok()?.extend(self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(self.query);
        }
        Some(url)
    }
}

impl Operator {
    /// The server of this configuration if it runs; else its store, unless that is gone with the server. What else the
    /// file says does not matter to a server that runs.
    pub(super) async fn of(file: Option<&Path>) -> Result<Self, Trouble> {
        Self::at(setup::draft(file), false).await
    }

    /// The same; where neither server nor store is, a store and a key file are made.
    pub(super) async fn or_made(file: Option<&Path>) -> Result<Self, Trouble> {
        Self::at(setup::draft(file), true).await
    }

    /// The server of this configuration, if it runs and may be asked over its socket.
    pub(super) async fn running(file: Option<&Path>) -> Result<Option<Self>, Trouble> {
        let Ok(Whereabouts { server, store, .. }) = setup::draft(file).whereabouts() else { return Ok(None) };
        let Some(socket) = server.admin else { return Ok(None) };
        if !lives(&socket).await.unwrap_or(false) {
            return Ok(None);
        }
        Ok(Some(Self { way: Way::Server(client(&socket)?), store }))
    }

    async fn at(draft: Draft, may_make: bool) -> Result<Self, Trouble> {
        let Whereabouts { server, store, keys } = draft.whereabouts()?;
        let socket = server.admin;
        if let Some(socket) = &socket
            && lives(socket).await?
        {
            return Ok(Self { way: Way::Server(client(socket)?), store });
        }
        let Store::Sqlite(kept) = &store else { return Err(nobody(socket.as_deref())) };
        if let Some(address) = server.admin_address
            && TcpStream::connect(address).await.is_ok()
        {
            return Err(by_key_only(address));
        }
        if let Some(missing) = [kept, &keys].into_iter().find(|file| !may_make && is_absent(file)) {
            return Err(nothing(missing));
        }
        let way = Way::Here(wiring::at_rest(&setup::complete(draft).await?).await?);
        Ok(Self { way, store })
    }

    /// Whether what is kept ends with the server.
    pub(super) fn forgets(&self) -> bool {
        self.store == Store::Memory
    }

    /// Asks, and hands out the body of the answer; `null` where there is none.
    ///
    /// # Errors
    ///
    /// When there is no answer, or when it is a problem: in the problem's words.
    pub(super) async fn ask(&self, question: Question<'_>) -> Result<Value, Trouble> {
        let url = question.url().ok_or_else(|| Trouble::new("the question has no address"))?;
        let (is_fine, text) = match &self.way {
            Way::Server(client) => over_socket(client, &question, url).await?,
            Way::Here(router) => in_process(router.clone(), &question, &url).await?,
        };
        let body = serde_json::from_slice(&text).unwrap_or_default();
        if is_fine { Ok(body) } else { Err(problem(&body)) }
    }
}

async fn over_socket(
    client: &reqwest::Client,
    question: &Question<'_>,
    url: Url,
) -> Result<(bool, Vec<u8>), Trouble> {
    let mut request = client.request(question.method.clone(), url);
    if let Some(body) = question.body {
        request = request.json(body);
    }
    let silent = |why: reqwest::Error| Trouble::told(&why.without_url());
    let answer = request.send().await.map_err(silent)?;
    let is_fine = answer.status().is_success();
    Ok((is_fine, answer.bytes().await.map_err(silent)?.to_vec()))
}

async fn in_process(router: Router, question: &Question<'_>, url: &Url) -> Result<(bool, Vec<u8>), Trouble> {
    let at = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request = Request::builder().method(question.method.clone()).uri(at);
    if question.body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = question.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = request.body(body).map_err(|why| Trouble::told(&why))?;
    let Ok(answer) = router.oneshot(request).await;
    let is_fine = answer.status().is_success();
    let body = to_bytes(answer.into_body(), LARGEST).await.map_err(|why| Trouble::told(&why))?;
    Ok((is_fine, body.to_vec()))
}

/// Whether a server answers on this socket.
async fn lives(socket: &Path) -> Result<bool, Trouble> {
    match UnixStream::connect(socket).await {
        Ok(_) => Ok(true),
        Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => Ok(false),
        Err(why) => {
            let trouble = Trouble::new(format!("cannot open the admin socket `{}`: {why}", socket.display()));
            Err(match why.kind() {
                ErrorKind::PermissionDenied => trouble.with_hint("ask as the user whom the server runs as"),
                _ => trouble.with_hint("`server.admin` of the configuration names it"),
            })
        }
    }
}

fn client(socket: &Path) -> Result<reqwest::Client, Trouble> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).unix_socket(socket);
    client.build().map_err(|why| Trouble::told(&why))
}

fn is_absent(file: &Path) -> bool {
    fs::symlink_metadata(file).is_err_and(|why| why.kind() == ErrorKind::NotFound)
}

/// Looking makes nothing: in another folder, or as another user, it would stand in the server's way.
fn nothing(missing: &Path) -> Trouble {
    let shown = missing.display();
    Trouble::new(format!("no server runs, and there is no `{shown}`: nothing was kept here"))
        .with_hint("name the configuration with `--config FILE`, or start the server: `passrelay serve`")
}

/// A server runs that answers operators by their keys, of which this program has none.
fn by_key_only(address: SocketAddr) -> Trouble {
    Trouble::new(format!("the server answers operators on `{address}` only, where a key is needed"))
        .with_hint("give it a socket, too: admin = [\"unix:passrelay-admin.sock\", \"127.0.0.1:9090\"]")
}

/// Nobody can be asked, and nothing is left to ask.
fn nobody(socket: Option<&Path>) -> Trouble {
    let Some(socket) = socket else {
        let what = "`server.admin` is \"off\", and `store.url` keeps nothing outside of the server";
        return Trouble::new(what)
            .with_hint("give the server an admin socket: admin = \"unix:passrelay-admin.sock\"");
    };
    let shown = socket.display();
    Trouble::new(format!("no server runs on `{shown}`, and `store.url` keeps nothing without one"))
        .with_hint("start it: `passrelay serve`")
}

/// A problem (RFC 9457) in words: each field that is wrong, else the detail.
pub(super) fn problem(body: &Value) -> Trouble {
    let fields = body["errors"].as_array().into_iter().flatten();
    let told = fields.filter_map(|error| {
        let (field, detail) = (error["field"].as_str()?, error["detail"].as_str()?);
        Some(if field.is_empty() { detail.to_owned() } else { format!("`{field}`: {detail}") })
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let detail = || body["detail"].as_str().unwrap_or("the server's answer is none that is known").to_owned();
    Trouble::new(if told.is_empty() { detail() } else { told })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Environment,
        http::{AdminSocket, serve},
    };
    use axum::{Json, http::StatusCode, routing::any};
    use serde_json::json;

    async fn at(folder: &Path, text: &str) -> Result<Operator, Trouble> {
        Operator::at(Draft::parse(text, &folder.join("p.toml"), Environment::of([("", "")])), false).await
    }

    /// What only the server needs, and has.
    const SECRETIVE: &str = "[server]\nproxy = { env = \"NOWHERE\" }\n[applications.web]\n\
        api_keys = [{ env = \"NOWHERE\" }]\nmethods = [\"sms:code\"]\n";

    /// Answers with what was asked, or with a problem.
    fn echo() -> Router {
        let answer = async |request: Request<Body>| {
            let (method, at) = (request.method().to_string(), request.uri().to_string());
            let body = to_bytes(request.into_body(), LARGEST).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            if at.contains("wrong") {
                let errors =
                    json!([{"field": "a", "detail": "is no b"}, {"field": "", "detail": "too short"}]);
                return (StatusCode::BAD_REQUEST, Json(json!({"detail": "2 fields", "errors": errors})));
            }
            (StatusCode::OK, Json(json!({"asked": format!("{method} {at}"), "body": body})))
        };
        Router::new().fallback(any(answer))
    }

    async fn answers_alike(operator: &Operator) {
        let told = operator.ask(Question::get(&["v1", "keys"])).await.unwrap();
        assert_eq!(told["asked"], "GET /v1/keys");
        let query = Question { query: &[("to", "+44 7")], ..Question::get(&["v1", "a/b?", "..", "é"]) };
        let told = operator.ask(query).await.unwrap();
        assert_eq!(told["asked"], "GET /v1/a%2Fb%3F/%C3%A9?to=%2B44+7");
        let told = operator.ask(Question::post(&["x"], &json!({"a": 1}))).await.unwrap();
        assert_eq!(told, json!({"asked": "POST /x", "body": {"a": 1}}));
        let trouble = operator.ask(Question::delete(&["wrong"])).await.unwrap_err();
        assert_eq!(trouble.text(), "error: `a`: is no b; too short");
    }

    #[tokio::test]
    async fn a_server_that_runs_is_asked_over_its_socket_and_otherwise_the_routes_in_this_process() {
        let folder = tempfile::tempdir().unwrap();
        let socket = AdminSocket::open(&folder.path().join("passrelay-admin.sock")).unwrap();
        let server = tokio::spawn(serve(socket, echo(), std::future::pending()));
        answers_alike(&at(folder.path(), SECRETIVE).await.unwrap()).await;
        answers_alike(&Operator { way: Way::Here(echo()), store: Store::Memory }).await;
        server.abort();
    }

    #[tokio::test]
    async fn who_only_looks_makes_nothing_and_a_file_that_does_not_say_where_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let told = |trouble: Result<Operator, Trouble>| trouble.err().unwrap().text();
        let store = folder.path().join("passrelay.db");
        let nothing = told(at(folder.path(), SECRETIVE).await);
        let expected =
            format!("error: no server runs, and there is no `{}`: nothing was kept", store.display());
        assert!(nothing.starts_with(&expected), "{nothing}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        for wrong in
            ["[stroe]\nurl = \"sqlite:other.db\"", "[store\n", "[store]\nurl = 7", "[keys]\nfiel = \"k\""]
        {
            let wrong = told(at(folder.path(), wrong).await);
            assert!(wrong.contains("p.toml:") && wrong.contains("1 mistake"), "{wrong}");
        }
    }

    #[tokio::test]
    async fn where_nobody_can_be_asked_it_is_told_why_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let told = |trouble: Result<Operator, Trouble>| trouble.err().unwrap().text();
        let socket = folder.path().join("passrelay-admin.sock");
        for _ in 0..2 {
            let shown = socket.display();
            assert_eq!(
                told(at(folder.path(), "[store]\nurl = \"memory:\"").await),
                format!(
                    "error: no server runs on `{shown}`, and `store.url` keeps nothing without one\n\
                     hint: start it: `passrelay serve`"
                )
            );
            // The name of a dead server is as good as none.
            drop(std::os::unix::net::UnixListener::bind(&socket));
        }
        let off = "[server]\nadmin = \"off\"\n[store]\nurl = \"memory:\"";
        let off = told(at(folder.path(), off).await);
        assert!(off.starts_with("error: `server.admin` is \"off\""), "{off}");
        assert!(off.contains("\nhint: give the server an admin socket"), "{off}");
        fs::remove_file(&socket).unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let odd = "[server]\nadmin = \"unix:file/socket\"";
        let odd = told(at(folder.path(), odd).await);
        assert!(odd.starts_with("error: cannot open the admin socket"), "{odd}");
    }

    #[test]
    fn an_answer_that_is_no_problem_is_told_as_such() {
        assert_eq!(problem(&Value::Null).text(), "error: the server's answer is none that is known");
        assert_eq!(problem(&json!({"detail": "no"})).text(), "error: no");
    }
}
