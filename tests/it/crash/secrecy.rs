//! What no file of the server ever holds, searched as bytes: codes, API keys, recipients, what members are called.

#![expect(clippy::indexing_slicing, reason = "an answer that lacks something fails the test")]

use harness::{
    Console, KEY,
    kept::{Kept, bearer, request},
};
use passrelay::store;
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Codes so long that none of them stands anywhere by chance; everything that can be logged at that level is.
pub(super) const CONFIGURATION: &str = r#"
[server]
listen = "127.0.0.1:0"
[store]
url = "sqlite:passrelay.db"
[log]
filter = "debug"
[providers.dry_run.config]
outbox = "outbox.jsonl"
[applications.web]
api_keys = ["key-of-web-0123456789"]
methods = ["sms:code", "email:code"]
code = { length = 10, alphabet = "alphanumeric", checks = 5 }
"#;

/// What members are told in and must not stand in clear anywhere else.
const OUTBOX: &str = "outbox.jsonl";

/// Libraries and the copies of them: they are what they were before the server ran, examples of recipients among it.
const LIBRARIES: [&str; 2] = ["providers", "passrelay-copies"];

/// Starts for members and for bare recipients, by both channels; each is checked wrongly and rightly, some are left.
pub(super) async fn lived(console: &Console, server: SocketAddr) -> BTreeSet<String> {
    let mut line = Kept::to(server).await.unwrap();
    let mut secrets = BTreeSet::from([KEY.to_owned()]);
    for number in 0..24 {
        let (phone, mail) =
            (format!("+4477009{number:05}"), format!("grace.hopper{number}@navy.example.com"));
        let member = json!({"id": format!("member-no-{number}"), "name": format!("Augusta Lovelace {number}"),
                            "fields": {"mobile": phone, "email": mail}});
        let body = match number % 4 {
            0 => json!({"member": member, "method": "sms:code"}),
            1 => json!({"member": member, "method": "email:code", "purpose": "sign_in"}),
            2 => json!({"to": phone, "client": {"ip": "203.0.113.77"}}),
            // A code of the caller's own, which is kept sealed.
            _ => {
                json!({"to": mail, "code": format!("QRSTWXYHM{}", ["A", "B", "C", "D", "E", "F"][number / 4])})
            }
        };
        secrets.extend([phone.trim_start_matches('+').to_owned(), mail.clone()]);
        secrets.insert(format!("Augusta Lovelace {number}"));
        let headers = format!("{}prefer: wait=20\r\nidempotency-key: start-{phone}\r\n", bearer(KEY));
        let started = loop {
            let (status, answer) =
                ask(&mut line, &request("POST", "/v1/verifications", &headers, &body.to_string())).await;
            if status != 422 {
                assert_eq!((status, &answer["delivery"]["status"]), (201, &json!("sent")), "{answer}");
                break answer;
            }
        };
        let path = format!("/v1/verifications/{}/checks", started["id"].as_str().unwrap());
        let wrong = format!("WRNG{number:06}");
        let checked =
            ask(&mut line, &request("POST", &path, &bearer(KEY), &json!({"code": wrong}).to_string())).await;
        assert_eq!(checked.0, 200, "{}", checked.1);
        secrets.insert(wrong);
        let code = codes(console).pop().unwrap();
        if number % 3 > 0 {
            let body = json!({ "code": code }).to_string();
            let (_, answer) = ask(&mut line, &request("POST", &path, &bearer(KEY), &body)).await;
            assert_eq!(answer["valid"], true, "{answer}");
        }
        secrets.insert(code);
    }
    secrets
}

async fn ask(line: &mut Kept, request: &[u8]) -> (u16, Value) {
    let heard = line.ask(request).await.unwrap();
    (heard.status, serde_json::from_slice(heard.body).unwrap())
}

/// The codes that were delivered.
pub(super) fn codes(console: &Console) -> Vec<String> {
    let lines = console.read(OUTBOX);
    let message = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    lines.lines().map(|line| message(line)["code"].as_str().unwrap().to_owned()).collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let (folders, rest): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.file_type().unwrap().is_dir());
    let plain =
        rest.into_iter().filter(|entry| entry.file_type().unwrap().is_file()).map(|entry| entry.path());
    plain.chain(folders.into_iter().flat_map(|folder| files(&folder.path()))).collect()
}

/// Every byte as a character of its own, in lower case.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// Whatever file the server makes is searched, also one that nobody thought of here.
#[tokio::test(flavor = "multi_thread")]
async fn no_file_but_the_outbox_holds_a_code_a_key_a_recipient_or_a_name() {
    let console = Console::configured(CONFIGURATION);
    let server = console.daemon();
    let secrets = lived(&console, server.address()).await;
    store::backup(&console.file("passrelay.db"), &console.file("backup.db")).unwrap();
    let operator =
        reqwest::Client::builder().unix_socket(console.file("passrelay-admin.sock")).build().unwrap();
    let metrics = operator.get("http://localhost/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("# TYPE"), "{metrics}");
    console.write("metrics.txt", &metrics);
    // Not stopped: what it would have tidied up is searched as well.
    server.kill();
    let named = |file: &PathBuf, name: &str| file.file_name().is_some_and(|found| found == name);
    let searched: Vec<PathBuf> = files(console.path())
        .into_iter()
        .filter(|file| {
            !named(file, OUTBOX)
                && !named(file, "passrelay.toml")
                && !LIBRARIES.iter().any(|folder| file.starts_with(console.file(folder)))
        })
        .collect();
    for name in [
        "passrelay.db",
        "passrelay.db-wal",
        "passrelay.db-shm",
        "backup.db",
        "serve.log",
        "metrics.txt",
        "passrelay.key",
    ] {
        assert!(searched.iter().any(|file| named(file, name)), "{name}: {searched:?}");
    }
    for file in searched {
        let text = text(&fs::read(&file).unwrap());
        for secret in &secrets {
            assert!(!text.contains(&secret.to_lowercase()), "`{}` holds {secret}", file.display());
        }
    }
    // The search finds what is there.
    let outbox = text(console.read(OUTBOX).as_bytes());
    let found = secrets.iter().filter(|secret| outbox.contains(&secret.to_lowercase())).count();
    assert!(found >= 48, "{found} of {}", secrets.len());
}

/// Whatever ends the server or a provider's process, and however large a core may be: there is none.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_leaves_no_core() {
    let console = Console::configured(CONFIGURATION);
    let with_cores = |mut command: Command| {
        let limited = command.get_program().to_owned();
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = Command::new("prlimit");
        command.arg("--core=unlimited:unlimited").arg(limited).args(arguments);
        command.current_dir(console.path()).env_clear().env("PATH", "/usr/bin:/bin");
        command
    };
    let mut control = Command::new("sh");
    control.args(["-c", "kill -ABRT $$"]);
    if !with_cores(control).status().unwrap().core_dumped() {
        println!("this system makes no core of any process: the proof is weak");
    }
    let cores = || files(console.path()).into_iter().filter(|file| is_core(file)).collect::<Vec<_>>();
    for core in cores() {
        fs::remove_file(core).unwrap();
    }
    let server = console.daemon_of(with_cores(console.command(["serve"]))).unwrap();
    lived(&console, server.address()).await;
    for worker in console.processes().ids() {
        kill_process(worker, Signal::ABORT).unwrap();
    }
    server.signal(Signal::ABORT);
    let ended = server.ended();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false));
    assert_eq!(cores(), [] as [PathBuf; 0]);
}

fn is_core(file: &Path) -> bool {
    file.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name == "core" || name.starts_with("core."))
}
