//! A library that reaches for what is not its own gets nothing, is reported, and goes on delivering.

use super::message;
use harness::{Dropped, log::capture, provider};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Providers, Sandbox, Settings},
};
use provider_api::DeliveryError;
use serde_json::json;
use std::net::TcpListener;

async fn open(dropped: &Dropped, id: &str, sandbox: Sandbox) -> Providers {
    let hostile =
        Settings { id: id.to_owned(), sandbox, ..provider("hostile", Isolation::Process, json!({})) };
    let other = Settings { id: format!("{id}_other"), ..hostile.clone() };
    dropped.open_with(&[hostile, other], &Clock::system()).await
}

async fn reach(providers: &Providers, id: &str, what: &str) -> Result<String, DeliveryError> {
    let receipt = providers.lane(id).unwrap().deliver(message(what)).await?;
    Ok(receipt.reference.unwrap_or_default())
}

/// J52, J53, J58: what the host and other providers keep is out of reach of a library that was dropped in, root or not.
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_not_its_own_is_refused_and_reported() {
    let log = capture();
    let dropped = Dropped::with(&["hostile"]);
    let key = dropped.path().join("passrelay.key");
    std::fs::write(&key, "key").unwrap();
    let (key, new) = (key.display(), dropped.path().join("new"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, host) = (listener.local_addr().unwrap(), std::process::id());
    let id = "hostile_strict";
    let providers = open(&dropped, id, Sandbox::Strict).await;
    let other = reach(&providers, &format!("{id}_other"), "pid").await.unwrap();
    for (what, asked_for) in [
        (format!("read:{key}"), "a file"),
        (format!("look:{key}"), "a file"),
        (format!("write:{}", new.display()), "a file"),
        (format!("memory:{host}"), "a file"),
        (format!("tcp:{address}"), "a socket"),
        ("udp".to_owned(), "a socket"),
        ("unix:/run/any.sock".to_owned(), "a socket"),
        ("become".to_owned(), "a program"),
        (format!("peek:{host}"), "another process's memory"),
        (format!("peek:{other}"), "another process's memory"),
        (format!("memory:{other}"), "a file"),
        (format!("trace:{other}"), "another process's memory"),
        (format!("trace:{host}"), "another process's memory"),
        (format!("signal:{host}"), "a signal to a process"),
        ("code".to_owned(), "memory for new code"),
        ("ring".to_owned(), "something else"),
    ] {
        let error = reach(&providers, id, &what).await.expect_err(&what);
        assert!(error.text.ends_with("refused: PermissionDenied"), "{what}: {error}");
        log.wait_for(id, |entry| entry.fields.get("asked_for").is_some_and(|it| it.to_string() == asked_for))
            .await;
        assert_eq!(reach(&providers, id, "ok").await.unwrap(), "delivered", "after {what}");
    }
    // The last way out is the host's own service: it goes where the library declares, and nowhere else.
    let error = reach(&providers, id, &format!("http:http://{address}/")).await.unwrap_err();
    assert!(error.text.contains(&format!("does not declare the host `{address}`")), "{error}");
    log.wait_for(id, |entry| {
        entry.fields.get("host").is_some_and(|it| it.to_string() == address.to_string())
    })
    .await;
    assert_eq!(reach(&providers, id, "ok").await.unwrap(), "delivered", "after an undeclared host");
    assert!(!new.exists());
    assert_eq!(reach(&providers, id, "environment").await.unwrap(), "MIMALLOC_ARENA_RESERVE");
    assert_eq!(reach(&providers, &format!("{id}_other"), "ok").await.unwrap(), "delivered");
    let told = log.of_provider(id).iter().filter(|entry| entry.fields.contains_key("asked_for")).count();
    assert_eq!(told, 7, "once for each kind");
}

/// Signals are blocked while a program is started: the refusal ends the process, and costs that delivery alone.
#[tokio::test(flavor = "multi_thread")]
async fn starting_a_program_costs_the_delivery_and_is_reported() {
    let (log, dropped, id) = (capture(), Dropped::with(&["hostile"]), "hostile_starts");
    let providers = open(&dropped, id, Sandbox::Strict).await;
    reach(&providers, id, "program").await.unwrap_err();
    log.wait_for(id, |entry| entry.fields.get("asked_for").is_some_and(|it| it.to_string() == "a program"))
        .await;
    assert_eq!(reach(&providers, id, "ok").await.unwrap(), "delivered");
}

/// What `network` adds, and that it adds nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn sockets_are_granted_without_anything_else() {
    let dropped = Dropped::with(&["hostile"]);
    let key = dropped.path().join("passrelay.key");
    std::fs::write(&key, "key").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, host, id) = (listener.local_addr().unwrap(), std::process::id(), "hostile_network");
    let providers = open(&dropped, id, Sandbox::Network).await;
    assert_eq!(reach(&providers, id, &format!("tcp:{address}")).await.unwrap(), "connected");
    for what in [
        format!("read:{}", key.display()),
        format!("write:{}", key.display()),
        format!("memory:{host}"),
        format!("signal:{host}"),
        "become".to_owned(),
        format!("unix:{}", key.display()),
    ] {
        reach(&providers, id, &what).await.expect_err(&what);
    }
    assert_eq!(std::fs::read(&key).unwrap(), b"key");
}

/// The same library without a sandbox gets what it reaches for: it is the sandbox that keeps it.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_sandbox_it_gets_what_it_reaches_for() {
    let dropped = Dropped::with(&["hostile"]);
    let key = dropped.path().join("passrelay.key");
    std::fs::write(&key, "key").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, id) = (listener.local_addr().unwrap(), "hostile_off");
    let providers = open(&dropped, id, Sandbox::Off).await;
    for (what, got) in [
        (format!("read:{}", key.display()), "3 bytes"),
        (format!("write:{}", key.display()), "written"),
        (format!("tcp:{address}"), "connected"),
        ("program".to_owned(), "ran"),
        (format!("signal:{}", std::process::id()), "done"),
        ("code".to_owned(), "mapped"),
    ] {
        assert_eq!(reach(&providers, id, &what).await.unwrap(), got, "{what}");
    }
}

/// A library that needs more than it is granted is not opened, and the log says which key would grant it.
#[tokio::test(flavor = "multi_thread")]
async fn a_need_that_is_not_granted_is_told_with_the_key_that_grants_it() {
    let dropped = Dropped::with(&["email"]);
    let settings = provider("email", Isolation::Process, json!({}));
    let providers = dropped.open_with(&[settings], &Clock::system()).await;
    let state = format!("{:?}", providers.status()[0].state);
    assert!(
        state.contains("its library needs `network`: `sandbox = \\\"network\\\"` grants that"),
        "{state}"
    );
}
