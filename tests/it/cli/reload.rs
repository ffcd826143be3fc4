//! SIGHUP: the file is read anew, and taken only if nothing in it is wrong.

use super::{CONFIGURATION, NOT_ANSWERING};
use harness::{Console, KEY, Server};
use reqwest::StatusCode;
use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::Signal,
};
use serde_json::{Value, json};
use std::io::Write as _;

/// Starts a verification and waits for its delivery; once more where a busy machine missed the provider's 50 ms.
pub(super) async fn start(server: &Server, key: &str, to: &str) -> (StatusCode, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..100 {
        let request =
            client.post(format!("http://{}/v1/verifications", server.address())).header("prefer", "wait=10");
        let answer = request.bearer_auth(key).json(&json!({ "to": to })).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if !text.contains(NOT_ANSWERING) {
            return (status, serde_json::from_str(&text).unwrap());
        }
    }
    panic!("the provider never answered in time");
}

fn texts(console: &Console, outbox: &str) -> Vec<String> {
    let lines = console.read(outbox);
    let text = |line: &str| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned();
    lines.lines().map(text).collect()
}

fn reload(console: &Console, server: &mut Server, configuration: &str, until: &str) {
    console.write("passrelay.toml", configuration);
    server.signal(Signal::HUP);
    server.wait_for(until);
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_texts_providers_and_the_log_are_taken_without_a_restart() {
    let console = Console::configured(CONFIGURATION);
    let mut server = console.serve();
    assert_eq!(start(&server, KEY, "+447700900123").await.0, StatusCode::CREATED);
    let made = console.run("keys new --application web");
    let made = made.out.lines().next().unwrap();
    let workers = console.processes().ids();

    let other = CONFIGURATION
        .replace("key-of-web-0123456789", "other-key-of-web-0123456789")
        .replace("\"Example\"", "\"Other\"")
        .replace("outbox.jsonl", "other.jsonl")
        .replace("[server]", "[log]\nfilter = \"info,passrelay=debug\"\n[server]\nadmin = \"off\"")
        + "[applications.shop]\napi_keys = [\"key-of-shop-0123456789\"]\nmethods = [\"sms:code\"]\n";
    reload(&console, &mut server, &other, "configuration taken");
    assert_eq!(start(&server, KEY, "+447700900124").await.0, StatusCode::UNAUTHORIZED);
    for (key, to) in [("key-of-shop-0123456789", "+447700900125"), (made, "+447700900126")] {
        let (status, started) = start(&server, key, to).await;
        assert_eq!(
            (status, &started["delivery"]["status"]),
            (StatusCode::CREATED, &json!("sent")),
            "{started}"
        );
    }
    assert_eq!((texts(&console, "outbox.jsonl").len(), texts(&console, "other.jsonl").len()), (1, 2));
    assert!(texts(&console, "other.jsonl")[0].ends_with("is your Other code."));
    // Another process, opened with the other keys; the old one ends in its own time.
    let mut left = console.processes().ids();
    for _ in 0..2_000 {
        if left.len() == 1 && left != workers {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        left = console.processes().ids();
    }
    assert!(left.len() == 1 && left != workers, "{left:?} {workers:?}");

    // What is as it was is left alone.
    let workers = left;
    reload(&console, &mut server, &other, "configuration taken");
    assert_eq!(console.processes().ids(), workers);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    for words in ["`server.admin` changes at the next start only", "provider closed"] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("key-of-") && !log.contains(made), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_mistake_nothing_changes_and_a_provider_that_does_not_open_leaves_the_old_one() {
    let console = Console::configured(CONFIGURATION);
    let mut server = console.serve();
    let wrong =
        CONFIGURATION.replace("\"Example\"", "\"Other\"").replace("preferred", "prefered") + "[colours]\n";
    reload(&console, &mut server, &wrong, "everything stays as it was");
    assert_eq!(start(&server, KEY, "+447700900123").await.0, StatusCode::CREATED);
    assert!(texts(&console, "outbox.jsonl")[0].ends_with("is your Example code."));

    let closed = CONFIGURATION.replace("outbox.jsonl", "no/such/folder/outbox.jsonl");
    reload(&console, &mut server, &closed, "configuration taken");
    assert_eq!(start(&server, KEY, "+447700900124").await.1["delivery"]["status"], "sent");
    assert_eq!(texts(&console, "outbox.jsonl").len(), 2);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    for words in [
        "unknown key `prefered` in `applications.web`",
        "unknown key `colours`",
        "the provider stays as it was",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
}

/// A secret may stand in a pipe that somebody fills later, or never.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_keeps_its_reader_waiting_keeps_nobody_else_waiting() {
    let console = Console::configured(CONFIGURATION);
    let mut server = console.serve();
    let pipe = console.file("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let piped = CONFIGURATION.replace("\"key-of-web-0123456789\"", "{ file = \"pipe\" }");
    for round in 0..2 {
        console.write("passrelay.toml", &piped);
        server.signal(Signal::HUP);
        // Opens once the server reads from the other end.
        let other = pipe.clone();
        let open = move || std::fs::OpenOptions::new().write(true).open(other).unwrap();
        let mut writer = tokio::task::spawn_blocking(open).await.unwrap();
        for n in 0..8 {
            assert_eq!(start(&server, KEY, &format!("+4477009001{round}{n}")).await.0, StatusCode::CREATED);
        }
        if round == 1 {
            // And it ends as always.
            let (code, log) = server.stop();
            assert_eq!(code, Some(0), "{log}");
            return;
        }
        writer.write_all(KEY.as_bytes()).unwrap();
        drop(writer);
        server.wait_for("configuration taken");
    }
}

/// What an application that was made at run time stands on may leave the file: it lacks that, and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_made_at_run_time_outlives_what_the_file_takes_away_from_it() {
    const TESTED: &str = "+447700900199";
    let full = CONFIGURATION
        .replace("[site]", "allow_test_recipients = true\n[site.variables]\nbrand = \"B\"\n[site]");
    let console = Console::configured(&full);
    let mut server = console.serve();
    let socket = console.file("passrelay-admin.sock");
    let operator = reqwest::Client::builder().no_proxy().unix_socket(socket).build().unwrap();
    let shop = "http://localhost/v1/applications/shop";
    let fields = json!({
        "methods": ["sms:code"], "test_recipients": { TESTED: "123456" },
        "templates": { "sms": { "generic": "{payload} of {{ brand }}" } },
    });
    assert_eq!(operator.put(shop).json(&fields).send().await.unwrap().status(), StatusCode::CREATED);
    let key = console.run("keys new --application shop");
    let key = key.out.lines().next().unwrap();
    assert_eq!(start(&server, key, TESTED).await.1["test"], true);
    start(&server, key, "+447700900123").await;
    reload(&console, &mut server, CONFIGURATION, "configuration taken");
    assert_eq!(
        start(&server, key, TESTED).await.1["delivery"]["status"],
        "sent",
        "it is a recipient as any other"
    );
    start(&server, key, "+447700900124").await;
    let said = texts(&console, "outbox.jsonl");
    assert!(said[0].ends_with(" of B") && said[2].ends_with(" is your Example code."), "{said:?}");
    assert_eq!(operator.get(shop).send().await.unwrap().status(), StatusCode::OK);
    // The file's own applications are held to the flag as it is now, too.
    let tested = format!("{CONFIGURATION}test_recipients = {{ \"{TESTED}\" = \"123456\" }}\n");
    reload(&console, &mut server, &tested, "everything stays as it was");
    reload(&console, &mut server, &full, "configuration taken");
    assert_eq!(start(&server, key, "+447700900125").await.0, StatusCode::CREATED);
    assert!(texts(&console, "outbox.jsonl")[3].ends_with(" of B"), "what comes back is there again");
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("an application made at run time lacks something"), "{log}");
    assert!(!log.contains("changes at the next start only"), "{log}");
}

/// What a message costs is what the file says when it is settled: one table is another's place, or nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn prices_are_taken_without_a_restart() {
    let priced = |price: &str| format!("{CONFIGURATION}[providers.dry_run.prices]\ndefault = \"{price}\"\n");
    let console = Console::configured(&priced("0.05 EUR"));
    let mut server = console.serve();
    let costs = |to: &str| {
        let found = console.run(&format!("--json deliveries --to {to}")).json();
        found["deliveries"][0]["cost"]["amount"].clone()
    };
    for (to, configuration, cost) in [
        ("+447700900120", None, json!("0.05")),
        ("+447700900121", Some(priced("0.07 EUR")), json!("0.07")),
        ("+447700900122", Some(priced("nothing")), json!("0.07")),
        ("+447700900123", Some(CONFIGURATION.to_owned()), Value::Null),
    ] {
        if let Some(configuration) = configuration {
            let until =
                if configuration.contains("nothing") { "everything stays" } else { "configuration taken" };
            reload(&console, &mut server, &configuration, until);
        }
        if to.ends_with('2') {
            // The command reads the file, too.
            console.write("passrelay.toml", CONFIGURATION);
        }
        assert_eq!(start(&server, KEY, to).await.1["delivery"]["status"], "sent");
        assert_eq!(costs(to), cost, "{to}");
    }
    assert_eq!(costs("+447700900120"), "0.05", "what was settled keeps its cost");
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
}

/// Whoever is being served when the file is read again is served to the end, by what they began with.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_and_no_delivery_is_lost() {
    let slow = CONFIGURATION.replace("outbox.jsonl\"", "outbox.jsonl\"\nfail = [\"slow:500ms\"]");
    let console = Console::configured(&slow);
    let mut server = console.serve();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut started = Vec::new();
    for n in 0..20 {
        let request =
            client.post(format!("http://{}/v1/verifications", server.address())).header("prefer", "wait=20");
        started.push(tokio::spawn(
            request.bearer_auth(KEY).json(&json!({ "to": format!("+4477009001{n:02}") })).send(),
        ));
        if n == 10 {
            reload(
                &console,
                &mut server,
                &CONFIGURATION.replace("outbox.jsonl", "other.jsonl"),
                "configuration taken",
            );
        }
    }
    let mut taken = 0;
    for answer in started {
        let answer: Value = answer.await.unwrap().unwrap().json().await.unwrap();
        // Nobody was asked in time, on a busy machine: then nothing was begun that could be lost.
        if !answer.to_string().contains(NOT_ANSWERING) {
            assert_eq!(answer["delivery"]["status"], "sent", "{answer}");
            taken += 1;
        }
    }
    assert_eq!(texts(&console, "outbox.jsonl").len() + texts(&console, "other.jsonl").len(), taken);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
}
