//! The folders of the libraries are watched: whatever becomes of a file, no signal is needed.

use super::{CONFIGURATION, reload::start};
use harness::{Author, Console, KEY, Server};
use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;

/// A provider of the server that runs, as the operator sees it.
fn listed(console: &Console, id: &str) -> Value {
    let told = console.run("providers list --json").json();
    let mut providers = told["providers"].as_array().unwrap().iter();
    providers.find(|provider| provider["id"] == id).cloned().unwrap()
}

fn events(provider: &Value) -> Vec<&str> {
    provider["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}

async fn delivers(server: &Server, to: &str) {
    let (status, started) = start(server, KEY, to).await;
    assert_eq!((status, &started["delivery"]["status"]), (StatusCode::CREATED, &json!("sent")), "{started}");
}

/// J58: installing is dropping the file in; the provider that was enabled before waited for it. J24: until then it is
/// told what is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_waited_for_its_library_opens_when_it_is_dropped_in() {
    let console = Console::with(&[]);
    console.write("passrelay.toml", CONFIGURATION);
    let mut server = console.serve();
    let waiting = listed(&console, "dry_run");
    assert_eq!(waiting["reason"], "no library `dry_run` in the configured folders", "{waiting}");
    console.folder().put("libdry_run.so", &fs::read(harness::built("dry_run")).unwrap());
    server.wait_for("provider opened");
    server.wait_for("libraries taken");
    delivers(&server, "+447700900123").await;
    let opened = listed(&console, "dry_run");
    assert_eq!((&opened["state"], events(&opened)), (&json!("ready"), vec!["refused", "opened"]), "{opened}");
    assert_eq!(server.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_be_replaced_broken_mended_and_removed_and_the_list_says_so() {
    let console = Console::configured(CONFIGURATION);
    let library = fs::read(harness::built("dry_run")).unwrap();
    let mut server = console.serve();
    let first = listed(&console, "dry_run")["sha256"].clone();

    console.folder().put("libdry_run.so", &[&library[..], b"."].concat());
    server.wait_for("libraries taken");
    delivers(&server, "+447700900101").await;
    let second = listed(&console, "dry_run");
    assert_ne!(second["sha256"], first);
    assert_eq!((events(&second), &second["note"]), (vec!["opened", "replaced"], &Value::Null));

    // Half a copy is no library yet.
    console.folder().put("libdry_run.so", &library[..library.len() / 2]);
    server.wait_for("a library is not taken: ");
    server.wait_for("libraries taken");
    delivers(&server, "+447700900102").await;
    let broken = listed(&console, "dry_run");
    assert_eq!(broken["sha256"], second["sha256"], "the old one stays");
    assert!(broken["note"].as_str().unwrap().starts_with("its new file is not taken: "), "{broken}");

    // And when it is complete it is one.
    console.folder().put("libdry_run.so", &library);
    server.wait_for("libraries taken");
    delivers(&server, "+447700900103").await;
    let mended = listed(&console, "dry_run");
    assert_eq!((&mended["sha256"], &mended["note"]), (&first, &Value::Null));

    fs::remove_file(console.file("providers/libdry_run.so")).unwrap();
    server.wait_for("libraries taken");
    // It is started again from its private copy, should it end.
    console.processes().signal(Signal::KILL);
    delivers(&server, "+447700900104").await;
    let gone = listed(&console, "dry_run");
    assert_eq!((&gone["state"], &gone["note"]), (&json!("ready"), &json!("its file is gone")), "{gone}");
    let told = console.run("providers list");
    for line in ["  note: its file is gone", "  file_gone    its file is gone", "  replaced     1.0.0 "] {
        assert!(told.out.contains(line), "{line}: {told:?}");
    }
    // The folder still has no file when the configuration is read anew: no reason to stop.
    server.signal(Signal::HUP);
    server.wait_for("configuration taken");
    delivers(&server, "+447700900105").await;
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(console.read("outbox.jsonl").lines().count(), 5, "{log}");
}

/// One library that the configuration does not fit keeps no other from being taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_the_configuration_does_not_fit_is_left_out_alone() {
    let more =
        "[providers.chaos.config]\ncolour = \"red\"\n[routes]\nsms = [\"dry_run\"]\nemail = [\"dry_run\"]\n";
    let console = Console::configured(&format!("{CONFIGURATION}{more}"));
    let mut server = console.serve();
    let first = listed(&console, "dry_run")["sha256"].clone();
    let (chaos, dry_run) = (harness::built("chaos"), harness::built("dry_run"));
    console.folder().put("libchaos.so", &fs::read(chaos).unwrap());
    console.folder().put("libdry_run.so", &[&fs::read(dry_run).unwrap()[..], b"."].concat());
    while listed(&console, "dry_run")["sha256"] == first {
        server.wait_for("libraries taken");
    }
    delivers(&server, "+447700900123").await;
    let refused = listed(&console, "chaos");
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.contains("the configuration does not fit it: passrelay.toml:"), "{refused}");
    assert!(reason.contains("`colour`"), "{refused}");
    assert_eq!(server.stop().0, Some(0));
}

/// A signature that is copied after its library is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_taken_as_soon_as_its_signature_is_there() {
    let (console, author) = (Console::with(&[]), Author::new());
    let other = Author::new();
    let keys = [author.public_key(), other.public_key()].map(|key| format!("\"{key}\"")).join(", ");
    let signers = format!("[libraries]\nsigners = [{keys}]\n");
    console.write("passrelay.toml", &format!("{CONFIGURATION}{signers}"));
    let mut server = console.serve();
    let library = fs::read(harness::built("dry_run")).unwrap();
    console.folder().put("libdry_run.so", &library);
    server.wait_for("it is not signed");
    server.wait_for("libraries taken");
    assert_eq!(listed(&console, "dry_run")["state"], "failed");
    console.folder().put("libdry_run.so.minisig", author.sign(&library).as_bytes());
    server.wait_for("provider opened");
    server.wait_for("libraries taken");
    delivers(&server, "+447700900123").await;
    assert_eq!(listed(&console, "dry_run")["signed_by"], author.signer().id().to_string());
    // And whoever signs the same file anew is told.
    console.folder().put("libdry_run.so.minisig", other.sign(&library).as_bytes());
    server.wait_for("libraries taken");
    delivers(&server, "+447700900124").await;
    assert_eq!(listed(&console, "dry_run")["signed_by"], other.signer().id().to_string());
    assert_eq!(server.stop().0, Some(0));
}

/// Whether this process asks the system to tell of changed files.
fn watches(process: u32) -> bool {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap().flatten();
    open.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file.ends_with("anon_inode:inotify"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_to_watch_takes_a_file_when_it_is_told_to() {
    for is_to_watch in [true, false] {
        let console = Console::with(&[]);
        let libraries = format!("[libraries]\nwatch = {is_to_watch}\n");
        console.write("passrelay.toml", &format!("{CONFIGURATION}{libraries}"));
        let mut server = console.serve();
        console.folder().put("libdry_run.so", &fs::read(harness::built("dry_run")).unwrap());
        if is_to_watch {
            server.wait_for("libraries taken");
        } else {
            server.signal(Signal::HUP);
            server.wait_for("configuration taken");
        }
        assert_eq!(watches(server.process()), is_to_watch);
        delivers(&server, "+447700900123").await;
        assert_eq!(server.stop().0, Some(0));
    }
}
