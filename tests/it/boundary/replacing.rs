//! Files and settings that change while deliveries run: nothing is lost, and what it costs is bounded.

use super::stage::{Stage, chaos, still};
use harness::{Console, Dropped, Server, program, provider};
use passrelay::{
    clock::Clock,
    plugin::{Happening, Isolation, Libraries, Providers, Settings, Workshop},
};
use provider_api::Failure;
use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const CONFIGURATION: &str = r#"
[server]
listen = "127.0.0.1:0"
[log]
filter = "warn,passrelay=info,passrelay::http=warn,passrelay::outbox=warn"
[providers.dry_run.config]
outbox = "outbox.jsonl"
[applications.web]
api_keys = ["key-of-web-0123456789"]
methods = ["sms:code"]
"#;

/// How often the file is replaced.
const TIMES: usize = 100;

/// How often once more while nobody calls, with a file of 2 MB instead of 12: what it was read into hides less.
const QUIET: usize = 100;

/// After how many of these the allocator has what it needs.
const SETTLED: usize = 10;

/// What the server may grow in the others: nothing stays of a library in a process of its own. Measured: 4 MiB in four
/// hundred, most of it in the first two hundred. 90 KiB left behind each time would be more than this.
const GROWTH_KIB: usize = 8 << 10;

/// The file of a library with this many bytes more at its end: another file that does the same.
fn padded(library: &[u8], more: usize) -> Vec<u8> {
    [library, &vec![0; more]].concat()
}

/// The file of a library without what only debuggers read.
fn stripped(library: &Path, to: PathBuf) -> Vec<u8> {
    let status = Command::new("strip").arg("-o").args([to.as_path(), library]).status().unwrap();
    assert!(status.success());
    fs::read(to).unwrap()
}

fn copies(folder: &Path) -> usize {
    let files = fs::read_dir(folder).unwrap().flatten();
    files.filter(|file| file.path().extension().is_some_and(|extension| extension == "so")).count()
}

/// J58, and section 4.7 of the design: the whole program, callers that never pause, and a file that never stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_replaced_a_hundred_times_under_load_and_no_delivery_fails() {
    let console = Console::configured(CONFIGURATION);
    let library = fs::read(harness::built("dry_run")).unwrap();
    let mut server = console.serve();
    let url = format!("http://{}/v1/verifications", server.address());
    let is_over = Arc::new(AtomicBool::default());
    let callers = (0..4).map(|caller| {
        let (url, is_over) = (url.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let (mut sent, mut unasked) = (0, 0);
            while !is_over.load(Ordering::Relaxed) {
                let to = format!("+4477009{caller}{:04}", (sent + unasked) % 10_000);
                let request =
                    client.post(&url).header("prefer", "wait=20").bearer_auth("key-of-web-0123456789");
                let answer = request.json(&json!({ "to": to })).send().await.unwrap();
                let (status, text) = (answer.status(), answer.text().await.unwrap());
                // A busy machine missed the 50 ms of a question: nothing was begun.
                if text.contains("provider not answering") {
                    unasked += 1;
                    continue;
                }
                let answer: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(
                    (status, &answer["delivery"]["status"]),
                    (StatusCode::CREATED, &json!("sent")),
                    "{text}"
                );
                sent += 1;
            }
            sent
        })
    });
    let callers: Vec<_> = callers.collect();
    let replace = |server: &mut Server, library: &[u8], round: usize| {
        console.folder().put("libdry_run.so", &padded(library, round));
        server.signal(Signal::HUP);
        server.wait_for("configuration taken");
    };
    (1..=TIMES).for_each(|round| replace(&mut server, &library, round));
    is_over.store(true, Ordering::Relaxed);
    let mut sent = 0;
    for caller in callers {
        sent += caller.await.unwrap();
    }
    // What callers leave in its caches must not be taken for what a swap leaves: nobody calls any more.
    let stripped = stripped(&harness::built("dry_run"), console.file("stripped.so"));
    (1..=SETTLED).for_each(|round| replace(&mut server, &stripped, round));
    let before = server.resident_kib();
    (SETTLED + 1..=QUIET).for_each(|round| replace(&mut server, &stripped, round));
    let after = server.resident_kib();
    assert!(sent > TIMES, "there was load: {sent}");
    assert_eq!(console.read("outbox.jsonl").lines().count(), sent, "each message left, and once");
    assert!(after < before + GROWTH_KIB, "from {before} KiB to {after} KiB");
    let listed = console.run("providers list --json").json();
    let listed = &listed["providers"][0];
    assert_eq!(listed["events"].as_array().unwrap().len(), 10, "{listed}");
    assert_eq!((&listed["state"], &listed["note"]), (&json!("ready"), &Value::Null), "{listed}");
    // The old ones end in their own time, and each removes its copy.
    for _ in 0..2_000 {
        if console.processes().ids().len() == 1 && copies(&console.file("passrelay-copies")) == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(console.processes().ids().len(), 1, "one process stays");
    let left = copies(&console.file("passrelay-copies"));
    assert_eq!(left, 1, "copies are left");
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("took too long"), "{log}");
}

/// A call that does not come to an end must not keep the replaced one for ever: as at a shutdown, it is unknown.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_outlasts_its_replaced_provider_by_far_is_given_up_as_unknown() {
    let hand = still();
    let patient = Settings { timeout: Duration::from_mins(5), ..chaos("slow", Isolation::Process) };
    let (dropped, workshop) = (Dropped::with(&["chaos"]), Workshop::of_program(program(), hand.clock()));
    let libraries = dropped.scan().await;
    let providers = Providers::open([&patient], &libraries, &workshop).await;
    let lane = providers.lane("slow").unwrap();
    let (lost, ()) = tokio::join!(lane.deliver(super::message("hang")), async {
        hand.sleepers(1).await;
        let other = Settings { queue: 7, ..patient.clone() };
        providers.renew([&other], &libraries, &workshop).await;
        assert!(providers.lane("slow").unwrap().deliver(super::message("ok")).await.is_ok());
        hand.sleepers(2).await;
        hand.advance(Duration::from_secs(31));
    });
    let error = lost.unwrap_err();
    assert_eq!(error.failure, Failure::Unknown, "{error}");
    assert!(error.text.contains("another one took the provider's place"), "{error}");
    // Whoever still has it in hand asks nobody any more, and may go on elsewhere.
    assert_eq!(lane.deliver(super::message("ok")).await.unwrap_err().failure, Failure::Unavailable);
}

/// What a library takes on a thread of the host is never given back: so it is not replaced without end.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_on_a_thread_is_replaced_fifty_times_and_not_more() {
    let dropped = Dropped::with(&["dry_run"]);
    let workshop = Workshop::of_program(program(), Clock::system());
    let libraries = dropped.scan().await;
    let outbox = json!({ "outbox": dropped.path().join("outbox.jsonl") });
    let settings = provider("dry_run", Isolation::Thread, outbox);
    let providers = Providers::open([&settings], &libraries, &workshop).await;
    for queue in 1..=51 {
        providers.renew([&Settings { queue, ..settings.clone() }], &libraries, &workshop).await;
        let status = &providers.status()[0];
        let (last, note) = (status.events.last().unwrap(), status.note.as_deref().unwrap_or_default());
        let is_refused = queue > 50;
        let expected = if is_refused { Happening::Refused } else { Happening::Replaced };
        assert_eq!(
            (last.event, note.contains("restart the server")),
            (expected, is_refused),
            "{queue}: {status:?}"
        );
        assert_eq!(providers.lane("dry_run").unwrap().depth().1, queue.min(50));
    }
    let receipt = providers.lane("dry_run").unwrap().deliver(super::message("+447700900123")).await;
    assert!(receipt.is_ok(), "the last one goes on: {receipt:?}");
    // In a process of its own it goes on being replaced.
    let other = Settings { isolation: Isolation::Process, ..settings };
    providers.renew([&other], &libraries, &workshop).await;
    assert_eq!(providers.status()[0].note, None);
}

/// Its file may be gone or no good: what runs goes on from the private copy, also where its process ended.
#[tokio::test(flavor = "multi_thread")]
async fn what_runs_outlives_its_file() {
    let dropped = Dropped::with(&["chaos"]);
    let workshop = Workshop::of_program(program(), Clock::system());
    let settings = chaos("sms", Isolation::Process);
    let before = dropped.scan().await;
    let providers = Providers::open([&settings], &before, &workshop).await;
    let file = dropped.path().join("providers/libchaos.so");
    for (what, note) in [("half of it", "its new file is not taken: "), ("gone", "its file is gone")] {
        if what == "gone" {
            fs::remove_file(&file).unwrap();
        } else {
            let whole = fs::read(&file).unwrap();
            dropped.put("libchaos.so", &whole[..whole.len() / 2]);
        }
        let now = Libraries::scan_again(&dropped.settings(), &program(), &before).await;
        let now = now.keeping(&before, &providers.libraries_in_use(), &[]);
        providers.renew([&settings], &now, &workshop).await;
        now.tidy(&dropped.settings());
        let lane = providers.lane("sms").unwrap();
        if what == "gone" {
            lane.deliver(super::message("segv")).await.unwrap_err();
        }
        assert!(lane.deliver(super::message("ok")).await.is_ok(), "{what}");
        let status = &providers.status()[0];
        assert!(status.note.as_ref().is_some_and(|told| told.starts_with(note)), "{status:?}");
    }
    // What is pinned to other bytes is not kept.
    let pins = [("chaos".to_owned(), "0".repeat(64))];
    let kept = dropped.scan().await.keeping(&before, &providers.libraries_in_use(), &pins);
    assert!(kept.found().is_empty());
}

/// What happened to a provider is told, with the words cleaned as everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_did_is_in_its_history() {
    let stage = Stage::open(&[chaos("wild", Isolation::Process)], &still().clock()).await;
    for recipient in ["segv", "panic", "segv"] {
        stage.deliver("wild", recipient).await.unwrap_err();
    }
    let status = &stage.providers.status()[0];
    let events: Vec<Happening> = status.events.iter().map(|event| event.event).collect();
    let expected =
        [Happening::Opened, Happening::Died, Happening::Panicked, Happening::Died, Happening::Quarantined];
    assert_eq!(events, expected, "{status:?}");
    assert!(status.events[1].detail.as_ref().unwrap().contains("SIGSEGV"), "{status:?}");
}
