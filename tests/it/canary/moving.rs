//! A canary comes, gets another share, becomes what the provider runs and goes, while deliveries never pause.

use super::{NEW, OLD, canary, configuration, console, drop_in, events, hash, listed, moody, start};
use harness::{Console, Server};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const QUIET: &str = "[log]\nfilter = \"warn,passrelay=info,passrelay::http=warn,passrelay::outbox=warn\"\nformat = \"json\"\n";

fn quiet(lines: &str) -> String {
    configuration("process", lines).replace("[log]\nformat = \"json\"\n", QUIET)
}

fn reload(console: &Console, server: &mut Server, lines: &str) {
    console.write("passrelay.toml", &quiet(lines));
    server.signal(Signal::HUP);
    server.wait_for("configuration taken");
}

/// Nothing is asked of the order in which file, key and old file come and go.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_tried_promoted_and_rolled_back_under_load_and_no_delivery_fails() {
    let console = console();
    let new = moody(NEW, "fine");
    let elsewhere = console.file("new.so");
    fs::write(&elsewhere, &new).unwrap();
    let new_hash = hash(&console, elsewhere.to_str().unwrap());
    console.write("passrelay.toml", &quiet(""));
    let server = Arc::new(std::sync::Mutex::new(console.serve()));
    let address = server.lock().unwrap().address();
    let is_over = Arc::new(AtomicBool::default());
    let callers: Vec<_> = (0..3)
        .map(|caller| {
            let is_over = Arc::clone(&is_over);
            tokio::spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let mut sent = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let to = format!("+4477009{caller}{sent:04}");
                    let request = client.post(format!("http://{address}/v1/verifications"));
                    let request = request.header("prefer", "wait=20").bearer_auth(harness::KEY);
                    let answer = request.json(&json!({ "to": to })).send().await.unwrap();
                    let answer = answer.json::<Value>().await.unwrap();
                    assert_eq!(answer["delivery"]["status"], "sent", "{answer}");
                    sent += 1;
                }
                sent
            })
        })
        .collect();
    let steps = tokio::task::spawn_blocking({
        let server = Arc::clone(&server);
        move || {
            let mut server = server.lock().unwrap();
            steps(&console, &mut server, &new, &new_hash);
            console
        }
    });
    let console = steps.await.unwrap();
    // The old ones end in their own time; the last swap removes the copy of the one before.
    let copies = || {
        let files = fs::read_dir(console.file("passrelay-copies")).unwrap().flatten();
        files.filter(|file| file.path().extension().is_some_and(|extension| extension == "so")).count()
    };
    for _ in 0..2_000 {
        if console.processes().ids().len() == 1 && copies() <= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(console.processes().ids().len(), 1, "one process stays");
    assert!(copies() <= 2, "{} copies are left", copies());
    is_over.store(true, Ordering::Relaxed);
    let mut sent = 0;
    for caller in callers {
        sent += caller.await.unwrap();
    }
    assert!(sent > 30, "there was load: {sent}");
    let server = Arc::into_inner(server).unwrap().into_inner().unwrap();
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("took too long"), "{log}");
}

fn steps(console: &Console, server: &mut Server, new: &[u8], new_hash: &str) {
    let old = moody(OLD, "fine");
    let (old_file, new_file) =
        (console.file("providers/libmoody.so"), console.file("providers/of-tuesday.so"));

    // The key first: it waits for its file, and that is told everywhere.
    reload(console, server, &canary(new_hash, 10));
    let waiting = listed(console);
    assert_eq!(waiting["canary"]["state"], "waiting", "{waiting}");
    assert_eq!(waiting["canary"]["reason"], "no file in the configured folders has its SHA-256");
    console.folder().put("of-tuesday.so", new);
    server.wait_for("canary opened");
    server.wait_for("libraries taken");
    let tried = listed(console);
    assert_eq!((&tried["canary"]["state"], &tried["version"]), (&json!("ready"), &json!(OLD)), "{tried}");

    // Another weight opens nothing anew.
    let workers = console.processes().ids();
    reload(console, server, &canary(new_hash, 60));
    let weighed = listed(console);
    assert_eq!(weighed["canary"]["weight"], 60);
    assert_eq!(
        (&weighed["canary"]["since"], &weighed["since"]),
        (&tried["canary"]["since"], &tried["since"])
    );
    assert_eq!(console.processes().ids(), workers);

    // The old file goes: what is left of the library is what the provider runs.
    fs::remove_file(&old_file).unwrap();
    server.wait_for("libraries taken");
    let promoted = listed(console);
    assert_eq!((&promoted["sha256"], &promoted["note"]), (&json!(new_hash), &Value::Null), "{promoted}");
    assert_eq!(promoted["canary"]["state"], "promoted", "{promoted}");
    assert_eq!(events(&promoted), ["opened", "canary_opened", "promoted", "canary_closed"], "{promoted}");
    reload(console, server, "");
    assert_eq!((&listed(console)["canary"], &listed(console)["version"]), (&Value::Null, &json!(NEW)));

    // Back: with two files and no word which is meant, what runs goes on; then the new one is taken away.
    console.folder().put("libmoody.so", &old);
    server.wait_for("libraries taken");
    let kept = listed(console);
    let note = kept["note"].as_str().unwrap();
    assert!(note.contains("more than one library has the id `moody`"), "{kept}");
    assert_eq!(kept["version"], NEW);
    fs::remove_file(&new_file).unwrap();
    server.wait_for("libraries taken");
    let back = listed(console);
    assert_eq!((&back["version"], &back["note"]), (&json!(OLD), &Value::Null), "{back}");

    // The file first, then the key; and a trial that ends because the file goes.
    console.folder().put("of-tuesday.so", new);
    server.wait_for("libraries taken");
    reload(console, server, &canary(new_hash, 50));
    assert_eq!(listed(console)["canary"]["state"], "ready");
    fs::remove_file(&new_file).unwrap();
    server.wait_for("libraries taken");
    let ended = listed(console);
    assert_eq!((&ended["canary"]["state"], &ended["version"]), (&json!("waiting"), &json!(OLD)), "{ended}");
    assert_eq!(*events(&ended).last().unwrap(), "canary_closed", "{ended}");

    // Promoted by a rename over the old file.
    console.folder().put("of-tuesday.so", new);
    server.wait_for("canary opened");
    server.wait_for("libraries taken");
    fs::rename(&new_file, &old_file).unwrap();
    server.wait_for("libraries taken");
    let renamed = listed(console);
    assert_eq!(
        (&renamed["version"], &renamed["canary"]["state"]),
        (&json!(NEW), &json!("promoted")),
        "{renamed}"
    );
}

/// Half of another file in the place of the old one is no promotion: what ran goes on, and so does its canary.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_good_promotes_nobody() {
    let console = console();
    let hash = drop_in(&console, "fine");
    console.write("passrelay.toml", &quiet(&canary(&hash, 50)));
    let mut server = console.serve();
    let old = moody(OLD, "fine");
    console.folder().put("libmoody.so", &old[..old.len() / 2]);
    server.wait_for("libraries taken");
    start(&server, 0, 10).await;
    let provider = listed(&console);
    assert_eq!(
        (&provider["version"], &provider["canary"]["state"]),
        (&json!(OLD), &json!("ready")),
        "{provider}"
    );
    assert!(provider["note"].as_str().unwrap().starts_with("its new file is not taken: "), "{provider}");
    assert_eq!(server.stop().0, Some(0));
}
