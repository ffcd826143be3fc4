//! The official Python SDK, unchanged, against a running server.

use super::world;
use std::{path::PathBuf, process::Command};

/// The Python that has the SDKs: `.ci/run` makes it. Else whatever `python3` is there.
fn python() -> PathBuf {
    let made = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/sdk/bin/python");
    if made.exists() { made } else { PathBuf::from("python3") }
}

fn has_sdk() -> bool {
    let tried = Command::new(python()).args(["-c", "import smscx_client"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// X1, X2, X18, X21–X36: every call of the SDK, its results field by field and its exceptions by class.
#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_sdk_drives_the_server_unchanged() {
    if !has_sdk() {
        let missing = "LEFT OUT: the Python SDK `smscx` is not installed (`pip install smscx==0.1.11`)";
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{missing}");
        eprintln!("{missing}");
        return;
    }
    let world = world().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/sdk/smscx_sdk.py");
    let (base, outbox) = (format!("http://{}", world.address()), world.folder().join("outbox.jsonl"));
    let run = tokio::task::spawn_blocking(move || {
        Command::new(python())
            .arg(script)
            .arg(base)
            .arg("web")
            .arg(harness::KEY)
            .arg(outbox)
            .output()
            .unwrap()
    });
    let ran = run.await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
    assert_eq!(out.lines().last(), Some("all 22 steps went as they should"), "{out}\n{err}");
    world.stop().await;
}
