//! What a server's memory holds once nothing is under way: no code, and not what its keys are made of.

use super::secrecy::{self, lived};
use harness::{
    Console, Daemon, KEY,
    kept::{Kept, bearer, request},
};
use memchr::memmem::find_iter;
use rustix::process::Pid;
use serde_json::json;
use std::{
    env,
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::FileExt as _,
    time::Duration,
};

/// Bytes of a page, by which `pagemap` counts.
const PAGE: u64 = 4096;

const OUTBOX_KEY: &str = "outbox = \"outbox.jsonl\"";

/// Whose message is under way for as long as the test runs.
const SLOW: &str = "+447700800999";

/// How many calls that are over a provider's log is still cleaned of (`host/src/plugin/redact.rs`).
const REMEMBERED: usize = 256;

/// The memory of a process that it can write to, as far as it was ever touched; `None` where the system lets nobody but root read it, as it does of a
/// process that leaves no core.
fn memory(process: Pid) -> Option<Vec<Vec<u8>>> {
    let file = |name: &str| format!("/proc/{}/{name}", process.as_raw_nonzero());
    let memory = match File::open(file("mem")) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        opened => opened.unwrap(),
    };
    let (pages, maps) = (File::open(file("pagemap")).unwrap(), fs::read_to_string(file("maps")).unwrap());
    let regions =
        maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")));
    let mut touched = Vec::new();
    for line in regions {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        let numbers: Vec<u64> = (from / PAGE..to / PAGE).collect();
        let mut entries = vec![0; numbers.len() * 8];
        // The region may be gone by now, or be the kernel's own.
        if pages.read_exact_at(&mut entries, from / PAGE * 8).is_err() {
            continue;
        }
        // The two highest bits: in memory, or on the disk (Linux, `admin-guide/mm/pagemap`).
        let is_there = |entry: &[u8]| entry[7] & 0b1100_0000 != 0;
        let there: Vec<(u64, bool)> = numbers.into_iter().zip(entries.chunks(8).map(is_there)).collect();
        for run in there.chunk_by(|one, next| one.1 == next.1).filter(|run| run[0].1) {
            let mut bytes = vec![0; run.len() * usize::try_from(PAGE).unwrap()];
            if memory.read_exact_at(&mut bytes, run[0].0 * PAGE).is_ok() {
                touched.push(bytes);
            }
        }
    }
    Some(touched)
}

/// Starts with a code of the caller's own.
async fn start(line: &mut Kept, to: &str, code: &str) {
    let body = json!({ "to": to, "code": code }).to_string();
    let start = request("POST", "/v1/verifications", &bearer(KEY), &body);
    assert_eq!(line.ask(&start).await.unwrap().status, 201);
}

/// Searches until each of these is found so often: a connection that was closed is let go of in a moment.
async fn comes_to(server: &Daemon, secrets: &[String], wanted: impl Fn(usize) -> bool) {
    for last in (0..100).rev() {
        let memory = memory(server.id()).unwrap();
        let count = |secret: &str| {
            memory.iter().map(|bytes| find_iter(bytes, secret.as_bytes()).count()).sum::<usize>()
        };
        let odd = secrets.iter().find(|secret| !wanted(count(secret)));
        let Some(odd) = odd else { return };
        assert!(last > 0, "{odd} stands there {} times", count(odd));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// As if somebody had the server's memory: what is over is wiped wherever it went, in the buffers of every library.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_code_stays_in_the_servers_memory_once_it_was_delivered_and_checked() {
    let slow = format!("{OUTBOX_KEY}\nfail = [\"slow:60s to {SLOW}\"]");
    let console = Console::configured(&secrecy::CONFIGURATION.replace(OUTBOX_KEY, &slow));
    let server = console.daemon();
    if memory(server.id()).is_none() {
        assert!(
            env::var_os("CI").is_none(),
            "only root reads the memory of a server: CI has to run this as root"
        );
        println!("LEFT OUT: only root reads the memory of a server");
        return;
    }
    lived(&console, server.address()).await;
    let typed: Vec<String> = (0..24).map(|number| format!("WRNG{number:06}")).collect();
    let delivered = secrecy::codes(&console);
    assert_eq!(delivered.len(), 24);
    let mut line = Kept::to(server.address()).await.unwrap();
    let under_way = "PQRSTVWXYZ".to_owned();
    start(&mut line, SLOW, &under_way).await;
    // The search finds what has to be there.
    comes_to(&server, &[under_way], |count| count > 0).await;
    comes_to(&server, &typed, |count| count == 0).await;
    // What the log is cleaned of is forgotten after a minute, or after this many more.
    comes_to(&server, &delivered, |count| count <= 1).await;
    for number in 0..REMEMBERED {
        start(&mut line, &format!("+4477008{number:05}"), "HJKLMNPQRS").await;
    }
    comes_to(&server, &delivered, |count| count == 0).await;

    let file = console.read("passrelay.key");
    let key = file.lines().find_map(|line| line.strip_prefix("v1 ")?.split_whitespace().nth(1)).unwrap();
    let raw: Vec<u8> =
        (0..key.len() / 2).map(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap()).collect();
    let memory = memory(server.id()).unwrap();
    let holds = |secret: &[u8]| memory.iter().any(|bytes| find_iter(bytes, secret).next().is_some());
    assert_eq!((raw.len(), holds(key.as_bytes()), holds(&raw)), (32, false, false));
}
