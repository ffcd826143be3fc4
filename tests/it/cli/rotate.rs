//! `passrelay keys rotate`: what was made under an older key lives on, what is made anew names the newest.

use super::{CONFIGURATION, NOT_ANSWERING};
use harness::{Console, KEY, Server};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _};

const ADA: &str = "+447700900123";
const BOB: &str = "+447700900124";
const EVE: &str = "+447700900125";

/// Asks the server; once more where a busy machine missed the provider's 50 ms.
async fn ask(server: &Server, method: Method, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..100 {
        let request = client.request(method.clone(), format!("http://{}{path}", server.address()));
        let request = request.bearer_auth(key).header("prefer", "wait=10").json(body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        if !text.contains(NOT_ANSWERING) {
            return (status, serde_json::from_str(&text).unwrap_or_default());
        }
    }
    panic!("the provider never answered in time");
}

async fn start(server: &Server, body: Value) -> (u16, Value) {
    ask(server, Method::POST, "/v1/verifications", KEY, &body).await
}

async fn check(server: &Server, id: &Value, code: &str) -> (u16, Value) {
    let path = format!("/v1/verifications/{}/checks", id.as_str().unwrap());
    ask(server, Method::POST, &path, KEY, &json!({ "code": code })).await
}

fn code_for(console: &Console, to: &str) -> String {
    let outbox = console.read("outbox.jsonl");
    let mut messages = outbox.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let last = messages.rfind(|message| message["recipient"] == to).unwrap();
    last["code"].as_str().unwrap().to_owned()
}

/// Whether a record names this key: records are sealed, and say under which key.
fn is_named(console: &Console, key: &str) -> bool {
    ["passrelay.db", "passrelay.db-wal"].iter().any(|file| {
        let bytes = fs::read(console.file(file)).unwrap_or_default();
        bytes.windows(key.len()).any(|window| window == key.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_under_an_older_key_is_still_good_and_what_is_new_names_the_newest() {
    let rules = "[applications.web.code]\npause = \"0s\"\n[limits]\nsends_per_recipient = \"3 per 1h\"\n\
        failed_checks = \"2 per 1h\"\n";
    let console = Console::configured(&format!("{CONFIGURATION}{rules}"));
    let server = console.serve();
    let made = console.run("keys new --application web").out.lines().next().unwrap().to_owned();
    let (member, none) = (json!({ "fields": { "mobile": EVE } }), json!({}));
    assert_eq!(ask(&server, Method::PUT, "/v1/members/42", KEY, &member).await.0, 201);
    let ada = start(&server, json!({ "to": ADA })).await.1;
    let eve = json!({ "member_id": "42" });
    let of_eve = start(&server, eve.clone()).await.1;
    assert_eq!(check(&server, &of_eve["id"], "nonsense").await.1["valid"], false);
    let (of_ada, old_lines) = (code_for(&console, ADA), console.read("passrelay.key"));

    let told = console.run("--json keys rotate").json();
    let (newest, older) = (told["newest"].as_str().unwrap(), told["older"][0].as_str().unwrap());
    let lines = console.read("passrelay.key");
    assert!(
        lines.starts_with(&old_lines) && lines.lines().last().unwrap().starts_with(&format!("v1 {newest} "))
    );
    assert_eq!(fs::metadata(console.file("passrelay.key")).unwrap().permissions().mode() & 0o7777, 0o600);
    // Until it reads the file anew it goes on as it was.
    let bob = start(&server, json!({ "to": BOB })).await.1;
    assert_eq!(server.stop().0, Some(0));
    assert!(is_named(&console, older) && !is_named(&console, newest));

    let server = console.serve();
    assert_eq!(check(&server, &ada["id"], &of_ada).await.1["valid"], true);
    assert_eq!(
        ask(&server, Method::GET, "/v1/verifications/ver_0", &made, &none).await.0,
        404,
        "the key is good"
    );
    assert_eq!(ask(&server, Method::GET, "/v1/members/42", KEY, &none).await.0, 200);
    // The pending slot is found by recipient and by member, and sends go on being counted.
    for (body, begun, room) in [(json!({ "to": BOB }), &bob, 2), (eve, &of_eve, 2)] {
        for _ in 0..room {
            let (status, again) = start(&server, body.clone()).await;
            assert_eq!((status, &again["id"]), (201, &begun["id"]));
        }
        let (status, refused) = start(&server, body).await;
        assert_eq!((status, &refused["limit"]), (429, &json!("sends_per_recipient")));
    }
    // So are wrong codes.
    assert_eq!(check(&server, &of_eve["id"], "nonsense").await.1["valid"], false);
    let (status, refused) = check(&server, &of_eve["id"], &code_for(&console, EVE)).await;
    assert_eq!((status, &refused["limit"]), (429, &json!("failed_checks_per_recipient")));
    // A list finds what was sent under either.
    let sent = console.run(&format!("--json deliveries --to {BOB}")).json();
    assert_eq!(sent["deliveries"].as_array().unwrap().len(), 3);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(is_named(&console, newest));
    let doctor = console.run("doctor");
    assert!(doctor.out.contains(&format!("keys: 2, the newest `{newest}`")), "{doctor:?}");
    let secret = lines.lines().last().unwrap().rsplit(' ').next().unwrap();
    assert!(!format!("{log}{told}{doctor:?}").contains(secret));

    // Whoever takes the older line out too early is told, before anything is lost.
    assert!(doctor.out.contains(&format!("key `{older}` is still needed: verifications: ")), "{doctor:?}");
    assert!(!doctor.out.contains("sealed under it") && !doctor.out.contains("members: "), "{doctor:?}");
    console.write("passrelay.key", lines.lines().last().unwrap());
    console.run("serve").is_trouble(
        1,
        &format!("key `{older}` is not in the key file, and the store `passrelay.db` still needs it"),
        "put its line back",
    );
    assert!(console.run("doctor").out.contains(&format!("key `{older}` is not in the key file: ")));
    // What hangs on nothing but time is lost if the operator says so; what was made anew is there.
    console.write("passrelay.key", &format!("lost {older}\n{}", lines.lines().last().unwrap()));
    let server = console.serve();
    let by_key = ask(&server, Method::GET, "/v1/verifications/ver_0", &made, &none).await.0;
    let member = ask(&server, Method::GET, "/v1/members/42", KEY, &none).await.0;
    assert_eq!([by_key, member], [404, 200]);
    assert_eq!(check(&server, &bob["id"], "nonsense").await.0, 500, "its code needs the key");
    assert_eq!(server.stop().0, Some(0));
}

/// Of messages asked for before, while and after a key is taken exactly the limit leaves, and a right code is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_taken_while_requests_go_on_and_no_count_splits() {
    let rules = "[applications.web.code]\npause = \"0s\"\n[limits]\nsends_per_recipient = \"40 per 1h\"\n";
    let console = Console::configured(&format!("{CONFIGURATION}{rules}"));
    let mut server = console.serve();
    let before = start(&server, json!({ "to": ADA })).await.1;
    let code = code_for(&console, ADA);
    let address = server.address();
    let wave = |name: &'static str| {
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                tokio::spawn(async move {
                    let client = reqwest::Client::builder().no_proxy().build().unwrap();
                    let mut made = 0;
                    for n in 0..10 {
                        let body = json!({ "to": ADA, "purpose": format!("{name}_{task}_{n}") });
                        let request = client.post(format!("http://{address}/v1/verifications"));
                        let answer = request.bearer_auth(KEY).json(&body).send().await.unwrap();
                        made += usize::from(answer.status() == 201);
                    }
                    made
                })
            })
            .collect();
        async move {
            let mut made = 0;
            for task in tasks {
                made += task.await.unwrap();
            }
            made
        }
    };
    let told = console.run("--json keys rotate").json();
    let newest = told["newest"].as_str().unwrap().to_owned();
    let meanwhile = wave("while");
    server.signal(Signal::HUP);
    server.wait_for("a new key of the key file is taken");
    let (meanwhile, after) = (meanwhile.await, wave("after").await);
    assert_eq!(1 + meanwhile + after, 40, "{meanwhile} and {after}");
    assert_eq!(check(&server, &before["id"], &code).await.1["valid"], true);
    assert_eq!(start(&server, json!({ "to": BOB })).await.0, 201);
    let (status, log) = server.stop();
    assert!(status == Some(0) && is_named(&console, &newest), "{log}");

    // A line that goes while the server runs is not taken from it.
    let mut server = console.serve();
    let last = console.read("passrelay.key").lines().last().unwrap().to_owned();
    console.write("passrelay.key", &last);
    server.signal(Signal::HUP);
    server.wait_for("is gone from the key file");
    assert_eq!(start(&server, json!({ "to": EVE })).await.0, 201);
    assert_eq!(server.stop().0, Some(0));
}

/// A pipe that nobody writes to would keep a reader waiting for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_place_of_the_key_file_keeps_nobody_waiting() {
    let console = Console::configured(CONFIGURATION);
    let mut server = console.serve();
    let file = console.file("passrelay.key");
    fs::remove_file(&file).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    for _ in 0..2 {
        server.signal(Signal::HUP);
        server.wait_for("not a regular file");
    }
    assert_eq!(start(&server, json!({ "to": ADA })).await.0, 201);
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn without_a_key_file_nothing_is_made() {
    let console = Console::configured(CONFIGURATION);
    console.run("keys rotate").is_trouble(
        1,
        "there is no key file `passrelay.key` yet",
        "a server makes it, with its first key, when it starts first",
    );
    assert!(!console.file("passrelay.key").exists());
    console.run("keys new --application web");
    let rotated = console.run("keys rotate");
    assert!(
        rotated.out.starts_with("added key `k") && rotated.out.contains("holds 2\nsend the server a SIGHUP"),
        "{rotated:?}"
    );
}
