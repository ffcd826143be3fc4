//! `passrelay serve`: starts, answers, says what is wrong, ends as it is told.

use super::{CONFIGURATION, NOT_ANSWERING, with_a_broken_library};
use harness::{Console, KEY, Server};
use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt};

/// Starts a verification; on a machine so busy that the provider misses its 50 ms of real time, once more.
async fn start(server: &Server, to: &str, wait: bool) -> (StatusCode, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..100 {
        let mut request = client.post(format!("http://{}/v1/verifications", server.address()));
        if wait {
            request = request.header("prefer", "wait=10");
        }
        let answer = request.bearer_auth(KEY).json(&json!({ "to": to })).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if status.is_success() || !text.contains(NOT_ANSWERING) {
            return (status, serde_json::from_str(&text).unwrap());
        }
    }
    panic!("the provider never answered in time");
}

/// Opens a port and leaves it before anything is asked.
async fn health(server: &Server) -> StatusCode {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(format!("http://{}/healthz", server.address())).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_serves_until_it_is_told_to_stop_and_leaves_nothing_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let console = Console::configured(CONFIGURATION);
        let server = console.serve();
        assert_eq!(health(&server).await, StatusCode::OK);
        let (status, started) = start(&server, "+447700900123", true).await;
        assert_eq!(
            (status, &started["delivery"]["status"]),
            (StatusCode::CREATED, &json!("sent")),
            "{started}"
        );
        assert_eq!(console.processes().ids().len(), 1, "the provider has a process of its own");
        server.signal(signal);
        let (code, log) = server.ended();
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(console.processes().ids(), [], "no process is left");

        let message: Value = serde_json::from_str(&console.read("outbox.jsonl")).unwrap();
        let code = message["code"].as_str().unwrap();
        for words in ["provider opened", "delivery sent", "request answered", "stopping"] {
            assert!(log.contains(words), "{words}: {log}");
        }
        let told: Vec<&str> = log.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').collect();
        assert!(!told.contains(&code) && !log.contains("7700900") && !log.contains(KEY), "{log}");
    }
}

/// A delivery that is under way when the server is told to stop is finished first.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_under_way_is_finished_before_the_server_ends() {
    let slow = CONFIGURATION.replace("outbox.jsonl\"", "outbox.jsonl\"\nfail = [\"slow:700ms\"]");
    let console = Console::configured(&slow);
    let server = console.serve();
    let (_, started) = start(&server, "+447700900123", false).await;
    assert_eq!(started["delivery"]["status"], "queued");
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    let (stopping, sent) = (log.find("stopping").unwrap(), log.find("delivery sent").unwrap());
    assert!(stopping < sent, "{log}");
    assert_eq!(console.read("outbox.jsonl").lines().count(), 1);
}

/// Who is in a hurry need not wait for a delivery that hangs.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_server_at_once() {
    let hanging = CONFIGURATION.replace("outbox.jsonl\"", "outbox.jsonl\"\nfail = [\"hang\"]");
    let console = Console::configured(&hanging);
    let mut server = console.serve();
    start(&server, "+447700900123", false).await;
    server.signal(Signal::INT);
    server.wait_for("stopping");
    server.signal(Signal::INT);
    let (code, log) = server.ended();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("error: a second signal ended the server before everything was finished"), "{log}");
}

/// A process that is killed takes its workers along.
#[tokio::test(flavor = "multi_thread")]
async fn the_workers_of_a_server_that_is_killed_end_too() {
    let console = Console::configured(CONFIGURATION);
    let server = console.serve();
    assert_eq!(console.processes().ids().len(), 1);
    server.signal(Signal::KILL);
    assert_eq!(server.ended().0, None);
    for _ in 0..2_000 {
        if console.processes().ids().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("a worker is left");
}

/// J24: the others serve.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_library_disables_only_its_provider() {
    let console = with_a_broken_library();
    let server = console.serve();
    assert_eq!(start(&server, "+447700900123", true).await.1["delivery"]["status"], "sent");
    let (code, log) = server.stop();
    assert_eq!(code, Some(0));
    assert!(
        log.contains("provider `bad` is left out: its library `providers/libbad.so` was refused: "),
        "{log}"
    );
}

/// A library that no provider asks for is told too: whoever dropped it in waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_refused_is_logged_at_the_start() {
    let console = Console::configured("[server]\nlisten = \"127.0.0.1:0\"\n");
    console.folder().put("libodd.so", b"no library at all");
    let server = console.serve();
    assert_eq!(health(&server).await, StatusCode::OK);
    let (_, log) = server.stop();
    assert!(log.contains("library.file=\"providers/libodd.so\""), "{log}");
    assert!(log.contains("there is no application: nobody can call"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_address_is_told_so() {
    let console = Console::configured(CONFIGURATION);
    let server = console.serve();
    let taken = CONFIGURATION.replace("127.0.0.1:0", &server.address().to_string());
    console.write("second.toml", &taken);
    let told = console.run("serve --config second.toml");
    told.is_trouble(
        1,
        &format!("cannot listen on `{}`: ", server.address()),
        "change `server.listen`, or end what listens there",
    );
    assert_eq!(server.stop().0, Some(0));
}

/// The folder of the copies is the server's own; what to do where it cannot be is told.
#[test]
fn without_a_folder_for_copies_it_does_not_start() {
    let console = Console::configured(CONFIGURATION);
    console.write("passrelay-copies", "a file");
    let told = console.run("serve");
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("error: cannot use `passrelay-copies`: "), "{told:?}");
    assert!(told.err.contains("\nhint: name a folder in one of your own as `libraries.copies`"), "{told:?}");
    console.write("nowhere.toml", "[libraries]\ncopies = \"passrelay-copies/x\"\n");
    console.run("providers docs providers/libdry_run.so --config nowhere.toml").is_trouble(
        1,
        "`passrelay-copies/x` was refused: no folder for private copies: ",
        "name a folder in one of your own",
    );
}

/// The keys are made at the first start, for their owner alone, and read again at the next.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_file_is_made_for_its_owner_alone_and_refused_if_others_can_read_it() {
    let console = Console::configured(CONFIGURATION);
    let key = console.file("passrelay.key");
    assert_eq!(console.serve().stop().0, Some(0));
    let made = fs::read(&key).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(console.serve().stop().0, Some(0));
    assert_eq!(fs::read(&key).unwrap(), made);

    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let told = console.run("serve");
    told.is_trouble(
        1,
        "the key file `passrelay.key` is open to others (mode 0640)",
        "chmod 600 passrelay.key",
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    console.write("passrelay.key", "v1 k1 0123456789abcdef-hunter2");
    let told = console.run("serve");
    told.is_trouble(
        1,
        "line 1 of the key file `passrelay.key` is no key",
        "a key is `v1 ID` and 64 hexadecimal digits",
    );
    assert!(!told.err.contains("hunter2"), "{told:?}");
    console.write("nowhere.toml", &format!("[keys]\nfile = \"nowhere/passrelay.key\"\n{CONFIGURATION}"));
    console.run("serve --config nowhere.toml").is_trouble(
        1,
        "cannot make the key file `nowhere/passrelay.key`: No such file or directory",
        "its folder must exist and be writable",
    );
}

/// The log may be for machines: every line is one JSON object.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_for_machines_is_json() {
    let console = Console::configured(&format!("[log]\nformat = \"json\"\n{CONFIGURATION}"));
    let server = console.serve();
    start(&server, "+447700900123", true).await;
    let (_, log) = server.stop();
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|cause| panic!("{cause}: {line}"));
        assert!(event["fields"]["message"].is_string(), "{line}");
    }
}
