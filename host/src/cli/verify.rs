//! `passrelay verify`: starts and checks a verification of the server that runs, over its public API as an application would.

use super::{
    Exit,
    arguments::{Caller, Verify, VerifyStart},
    methods::application,
    operator::problem,
    page::{Page, one_line},
    send::code,
    setup,
    trouble::Trouble,
};
use crate::config::Config;
use provider_api::Secret;
use reqwest::{Client, Url};
use serde_json::{Map, Value, json};
use std::{
    fs::File,
    io::{self, Read as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use zeroize::Zeroizing;

/// How long an answer may take: as long as the public face lets a request take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The most bytes of a key file that are read.
const LONGEST: u64 = 4096;

/// The public API, called with a key.
struct Api {
    client: Client,
    address: SocketAddr,
    key: Secret,
    application: Option<String>,
}

/// Does what is asked.
pub(super) async fn run(file: Option<&Path>, command: Verify) -> Result<Page, Trouble> {
    let config = setup::load(file).await?.config;
    match command {
        Verify::Start(asked) => {
            let api = Api::of(&config, &asked.caller)?;
            Ok(started(&api.post(&["v1", "verifications"], &request(&asked)).await?))
        }
        Verify::Check(asked) => {
            let api = Api::of(&config, &asked.caller)?;
            let code = code::read(asked.code_file.as_deref())?;
            let path = ["v1", "verifications", &asked.id, "checks"];
            Ok(checked(&api.post(&path, &json!({ "code": code.expose() })).await?))
        }
    }
}

fn request(asked: &VerifyStart) -> Value {
    let fields = [("method", &asked.method), ("purpose", &asked.purpose), ("locale", &asked.locale)];
    let given = fields.into_iter().filter_map(|(field, value)| Some((field, value.as_deref()?)));
    let given = given.chain([("to", asked.to.expose())]);
    Value::Object(given.map(|(field, value)| (field.to_owned(), json!(value))).collect::<Map<_, _>>())
}

fn started(answer: &Value) -> Page {
    let word = |value: &Value| one_line(value.as_str().unwrap_or("-"));
    let (id, delivery) = (word(&answer["id"]), &answer["delivery"]);
    let what = format!("{id}  {} to {}", word(&answer["method"]), word(&answer["recipient"]));
    let next = format!("check the code with `passrelay verify check {id}`");
    match (answer["test"] == true, delivery["status"].as_str()) {
        (true, _) => {
            Page::new(format!("{what}: nothing is sent to a test recipient\n{next}"), answer.clone())
        }
        (_, Some(status @ ("failed" | "unknown"))) => {
            let why =
                delivery["failure"].as_str().map_or_else(String::new, |why| format!(": {}", one_line(why)));
            let text = format!("{what}: {status}{why}\nlook with `passrelay deliveries`");
            Page::new(text, answer.clone()).with_exit(Exit::Failed)
        }
        (_, status) => {
            Page::new(format!("{what}: {}\n{next}", one_line(status.unwrap_or("-"))), answer.clone())
        }
    }
}

fn checked(answer: &Value) -> Page {
    if answer["valid"] == true {
        let text = format!("right: {} is proved", one_line(answer["recipient"].as_str().unwrap_or("-")));
        return Page::new(text, answer.clone());
    }
    let text = format!("wrong: checks left: {}", answer["checks_left"].as_u64().unwrap_or_default());
    Page::new(text, answer.clone()).with_exit(Exit::Failed)
}

impl Api {
    fn of(config: &Config, caller: &Caller) -> Result<Self, Trouble> {
        let (key, application) = if let Some(file) = &caller.key_file {
            (read_key(file)?, caller.application.clone())
        } else {
            let known = application(config, caller.application.as_deref())?;
            let key = known.keys.first().cloned().ok_or_else(|| {
                Trouble::new(format!("application `{}` has no API key in the configuration", known.id))
                    .with_hint("`passrelay keys new` makes one: keep it in a file, and say `--key-file FILE`")
            })?;
            (key, Some(known.id.clone()))
        };
        let client = Client::builder().no_proxy().timeout(PATIENCE);
        let client = client.build().map_err(|why| Trouble::told(&why))?;
        Ok(Self { client, address: reached(config.server.listen), key, application })
    }

    async fn post(&self, path: &[&str], body: &Value) -> Result<Value, Trouble> {
        let mut url = Url::parse(&format!("http://{}", self.address)).map_err(|why| Trouble::told(&why))?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.extend(path);
        }
        let mut request = self.client.post(url).bearer_auth(self.key.expose()).header("prefer", "wait=30");
        if let Some(application) = &self.application {
            request = request.header("passrelay-application", application);
        }
        let answer = request.json(body).send().await.map_err(|why| {
            let what = format!("no server answers on `{}`", self.address);
            let hint = "start it: `passrelay serve`";
            if why.is_connect() {
                Trouble::new(what).with_hint(hint)
            } else {
                Trouble::told(&why.without_url())
            }
        })?;
        let is_fine = answer.status().is_success();
        let text = answer.bytes().await.map_err(|why| Trouble::told(&why.without_url()))?;
        let body = serde_json::from_slice(&text).unwrap_or_default();
        if is_fine { Ok(body) } else { Err(problem(&body)) }
    }
}

/// Where a server that listens on every address is reached from here.
pub(super) fn reached(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The first line of the file. What stands there is never told.
fn read_key(file: &Path) -> Result<Secret, Trouble> {
    let shown = file.display();
    let unreadable = |cause: io::Error| Trouble::new(format!("cannot read `{shown}`: {cause}"));
    let mut text = Zeroizing::new(String::new());
    File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text)).map_err(unreadable)?;
    match text.lines().next().map(str::trim).filter(|key| !key.is_empty()) {
        Some(key) if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Secret::new(key)),
        _ => Err(Trouble::new(format!("the first line of `{shown}` is no API key"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_reached_on_this_machine() {
        for (listen, at) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(reached(listen.parse().unwrap()), at.parse().unwrap());
        }
    }

    #[test]
    fn what_did_not_arrive_or_is_not_right_fails() {
        let of = |status: &str| {
            started(&json!({"id": "ver_1", "method": "sms:code", "recipient": "+44•••••••123",
                           "delivery": {"status": status, "failure": "blocked"}}))
        };
        assert_eq!(of("sent").exit, Exit::Done);
        assert!(of("sent").text.starts_with("ver_1  sms:code to +44•••••••123: sent\ncheck the code with "));
        assert_eq!((of("failed").exit, of("unknown").exit), (Exit::Failed, Exit::Failed));
        assert!(of("failed").text.contains(": failed: blocked\n"));
        assert_eq!(checked(&json!({"valid": false, "checks_left": 4})).text, "wrong: checks left: 4");
        assert_eq!(checked(&json!({"valid": false, "checks_left": 4})).exit, Exit::Failed);
        assert_eq!(checked(&json!({"valid": true, "recipient": "x"})).text, "right: x is proved");
    }
}
