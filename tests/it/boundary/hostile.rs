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
        (format!("status:{key}"), "a file"),
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
    assert_eq!(reach(&providers, id, "early").await.unwrap(), "", "in a constructor");
    assert_eq!(
        reach(&providers, id, "status:").await.unwrap(),
        "done",
        "what is open already can be looked at"
    );
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

/// What is harmless and refused ends no process, even where no signal could tell of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_harmless_call_is_refused_without_ending_the_process() {
    let (dropped, id) = (Dropped::with(&["hostile"]), "hostile_lowers");
    let providers = open(&dropped, id, Sandbox::Strict).await;
    let before = reach(&providers, id, "pid").await.unwrap();
    let error = reach(&providers, id, "lower").await.unwrap_err();
    assert!(error.text.ends_with("refused: PermissionDenied"), "{error}");
    assert_eq!(reach(&providers, id, "pid").await.unwrap(), before);
}

/// A process that starts threads without end is ended before the machine has no more, and others deliver meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_with_too_many_threads_is_ended() {
    let (dropped, id) = (Dropped::with(&["hostile"]), "hostile_crowds");
    let providers = open(&dropped, id, Sandbox::Strict).await;
    let (crowd, other) = (format!("{id}_other"), reach(&providers, id, "ok"));
    let (error, other) = tokio::join!(reach(&providers, &crowd, "crowd:600"), other);
    let error = error.unwrap_err().text;
    assert!(error.contains("threads, more than 512"), "{error}");
    assert_eq!(other.unwrap(), "delivered");
    assert_eq!(reach(&providers, &crowd, "ok").await.unwrap(), "delivered");
}

/// What is granted can be changed by the functions of C as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_granted_can_be_tidied() {
    let (dropped, granted, id) =
        (Dropped::with(&["hostile"]), tempfile::tempdir().unwrap(), "hostile_tidies");
    let folder = granted.path().display();
    let config = json!({ "folder": granted.path() });
    let settings = Settings { id: id.to_owned(), ..provider("hostile", Isolation::Process, config) };
    let providers = dropped.open_with(&[settings], &Clock::system()).await;
    assert_eq!(reach(&providers, id, &format!("tidy:{folder}")).await.unwrap(), "done");
    reach(&providers, id, &format!("tidy:{}", dropped.path().display())).await.unwrap_err();
    assert_eq!(std::fs::read_dir(granted.path()).unwrap().count(), 0);
}

/// Landlock judges no modes, and its first versions no emptying: not even what is granted has either, so the system's
/// files, which every library may read, have neither.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_open_files_changes_no_modes_and_empties_nothing_by_reading() {
    use std::os::unix::fs::PermissionsExt;
    let (dropped, granted) = (Dropped::with(&["hostile"]), tempfile::tempdir().unwrap());
    let file = granted.path().join("file");
    for (sandbox, id) in [(Sandbox::Strict, "hostile_modes"), (Sandbox::Off, "hostile_modes_off")] {
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let config = json!({ "folder": granted.path() });
        let settings =
            Settings { id: id.to_owned(), sandbox, ..provider("hostile", Isolation::Process, config) };
        let providers = dropped.open_with(&[settings], &Clock::system()).await;
        for what in ["mode", "empty"] {
            let got = reach(&providers, id, &format!("{what}:{}", file.display())).await;
            assert_eq!(got.is_ok(), sandbox == Sandbox::Off, "{what} {sandbox:?}: {got:?}");
        }
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        let left = (mode, std::fs::read_to_string(&file).unwrap());
        let expected = if sandbox == Sandbox::Off { (0o755, "") } else { (0o600, "x") };
        assert_eq!((left.0, left.1.as_str()), expected, "{sandbox:?}");
    }
}

/// A kernel, or a container, without Landlock: a strict library opens nothing all the same, not even in a constructor.
#[test]
fn without_landlock_a_strict_library_opens_nothing_either() {
    let (got, status) = std::thread::spawn(|| {
        forbid_landlock();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (dropped, id) = (Dropped::with(&["hostile"]), "hostile_without");
            let strict = Settings { id: id.to_owned(), ..provider("hostile", Isolation::Process, json!({})) };
            let network =
                Settings { id: format!("{id}_network"), sandbox: Sandbox::Network, ..strict.clone() };
            let providers = dropped.open_with(&[strict, network], &Clock::system()).await;
            let mut got = Vec::new();
            for what in ["ok", "early", "read:/etc/passwd", "udp", "code"] {
                got.push(
                    reach(&providers, id, what)
                        .await
                        .map_err(|error| error.text.ends_with("PermissionDenied")),
                );
            }
            (got, providers.status())
        })
    })
    .join()
    .unwrap();
    let expected = [Ok("delivered".to_owned()), Ok(String::new()), Err(true), Err(true), Err(true)];
    assert_eq!(got, expected, "{status:?}");
    assert_eq!(status[0].note, None);
    let note = status[1].note.clone().unwrap_or_default();
    assert!(note.starts_with("Landlock is not switched on in this kernel: "), "{note}");
}

/// For this thread and the processes that it starts: what a kernel answers that was booted without it.
fn forbid_landlock() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let call = std::collections::BTreeMap::from([(libc::SYS_landlock_create_ruleset, Vec::new())]);
    let answer = SeccompAction::Errno(libc::EOPNOTSUPP.unsigned_abs());
    let machine = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(call, SeccompAction::Allow, answer, machine).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
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
    for what in ["socket:2,1,0", "socket:10,2,17", "socket:16,3,0"] {
        assert_eq!(reach(&providers, id, what).await.unwrap(), "done", "{what}");
    }
    for what in [
        format!("read:{}", key.display()),
        format!("write:{}", key.display()),
        format!("memory:{host}"),
        format!("signal:{host}"),
        "become".to_owned(),
        format!("unix:{}", key.display()),
        // Multipath TCP, SCTP twice, raw, and the kernel's own events.
        "socket:2,1,262".to_owned(),
        "socket:2,5,0".to_owned(),
        "socket:2,1,132".to_owned(),
        "socket:2,3,1".to_owned(),
        "socket:16,3,15".to_owned(),
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
        ("early".to_owned(), "file write environment memory socket program signal code"),
        (format!("look:{}", key.display()), "10 bytes"),
        (format!("status:{}", key.display()), "done"),
        ("udp".to_owned(), "bound"),
        ("lower".to_owned(), "lowered"),
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
