//! Two versions of one library share the deliveries of one provider: real files, the whole program, real sockets.

mod chosen;
mod faults;
mod files;
mod moving;
mod shares;

use harness::{Console, KEY, Server};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// What the old version and the new one of `moody` say that they are.
const OLD: &str = "7.3.1";
const NEW: &str = "7.3.2";

/// The file of `moody` with another version and mood: nothing else of it changes.
fn moody(version: &str, mood: &str) -> Vec<u8> {
    let file = std::fs::read(harness::built("moody")).unwrap();
    let file = replaced(&file, OLD.as_bytes(), version.as_bytes());
    let (fine, mood) = ("mood-of-this-file:fine..", format!("mood-of-this-file:{mood:.<6}"));
    replaced(&file, fine.as_bytes(), mood.as_bytes())
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, old).collect();
    assert!(!places.is_empty(), "it says so somewhere");
    for at in places {
        bytes.splice(at..at + old.len(), new.iter().copied());
    }
    bytes
}

/// A folder in which the program has the old version as `libmoody.so`.
fn console() -> Console {
    let console = Console::with(&[]);
    console.folder().put("libmoody.so", &moody(OLD, "fine"));
    console
}

/// Drops the new version in under a name that says nothing, and tells its hash.
fn drop_in(console: &Console, mood: &str) -> String {
    let file = console.folder().put("of-tuesday.so", &moody(NEW, mood));
    hash(console, file.to_str().unwrap())
}

fn hash(console: &Console, file: &str) -> String {
    let told = console.run(&format!("providers inspect {file} --json")).json();
    told["sha256"].as_str().unwrap().to_owned()
}

/// A provider of that library, with these lines of its own.
fn configuration(isolation: &str, lines: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
         [providers.moody]\nisolation = \"{isolation}\"\n{lines}\n\
         [applications.web]\napi_keys = [\"{KEY}\"]\nmethods = [\"sms:code\"]\n"
    )
}

fn canary(hash: &str, weight: u8) -> String {
    format!("canary = {{ sha256 = \"{hash}\", weight = {weight} }}")
}

/// Starts so many verifications, one after the other, each for another number; every one is sent. The deliveries that
/// came last.
async fn start(server: &Server, caller: usize, many: usize) -> Vec<Value> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/v1/verifications", server.address());
    let mut deliveries = Vec::new();
    for n in 0..many {
        let to = format!("+4477009{caller}{n:04}");
        let request = client.post(&url).header("prefer", "wait=20").bearer_auth(KEY);
        let answer = request.json(&json!({ "to": to })).send().await.unwrap();
        let (status, mut answer) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert_eq!(
            (status, &answer["delivery"]["status"]),
            (StatusCode::CREATED, &json!("sent")),
            "{n}: {answer}"
        );
        deliveries.push(answer["delivery"].take());
    }
    deliveries
}

/// The provider as an operator sees it.
fn listed(console: &Console) -> Value {
    console.run("providers list --json").json()["providers"][0].clone()
}

fn events(one: &Value) -> Vec<&str> {
    one["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}
