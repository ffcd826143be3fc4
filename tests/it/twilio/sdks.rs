//! The official SDKs, unchanged, against a running server with a real library (T18, T70, T71).
//!
//! `.ci/run` installs them by package name into `target/sdk`: a virtual environment of Python with `node_modules` in it.

use super::{ACCOUNT, ADA, TOKEN, WEB, world};
use harness::World;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// T18, T70
#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_drives_the_server_unchanged() {
    if let Some(python) = python() {
        drive(python, "twilio_verify.py").await;
    }
}

/// T18, T71
#[tokio::test(flavor = "multi_thread")]
async fn the_node_sdk_drives_the_server_unchanged() {
    if let Some(node) = node() {
        drive(node, "twilio_verify.js").await;
    }
}

/// T4, T18
#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_enrolls_and_asks_an_authenticator_app() {
    if let Some(python) = python() {
        drive(python, "twilio_totp.py").await;
    }
}

/// T4, T18
#[tokio::test(flavor = "multi_thread")]
async fn the_node_sdk_enrolls_and_asks_an_authenticator_app() {
    if let Some(node) = node() {
        drive(node, "twilio_totp.js").await;
    }
}

/// T46: both SDKs and the native API bring the right code of one verification at once, and it is good for one of them.
#[tokio::test(flavor = "multi_thread")]
async fn both_sdks_and_the_native_api_check_one_verification_at_once() {
    let (Some(python), Some(node)) = (python(), node()) else { return };
    let world = world().await;
    let sid = super::started(&world, &format!("/Services/{WEB}")).await;
    let code = super::code(&world).await;
    let said = async |program: Command, script: &str| {
        let told = pointed(program, &world, script).args([WEB, ADA, &code]).output().await.unwrap();
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    };
    let native = async {
        let checked = world.check(&format!("/v1/verifications/ver_{}", &sid[2..]), &code).await;
        if checked.status == 200 {
            checked.body["status"].as_str().unwrap().to_owned()
        } else {
            "20404".to_owned()
        }
    };
    let (one, two, three) =
        tokio::join!(said(python, "twilio_check.py"), said(node, "twilio_check.js"), native);
    let mut told = [one, two, three];
    told.sort();
    assert_eq!(told, ["20404", "20404", "approved"]);
    world.stop().await;
}

/// Runs a script against a server of its own, and shows what it says if it fails.
async fn drive(program: Command, script: &str) {
    let world = world().await;
    let (id, key) = world.make_key(&json!({ "scope": "account", "name": "sdk" })).await;
    let mut script = pointed(program, &world, script);
    script.env("KEY_SID", format!("SK0000000000000000{id}")).env("KEY_SECRET", &key);
    let told = script.env("OUTBOX", world.folder().join("outbox.jsonl")).output().await.unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(told.status.success(), "{}\n{}", said(&told.stdout), said(&told.stderr));
    assert!(said(&told.stdout).contains("every call did what it does at Twilio"));
    world.stop().await;
}

/// A script that is told where the server is, and who calls.
fn pointed(mut program: Command, world: &World, script: &str) -> Command {
    program
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk").join(script))
        .env("BASE", format!("http://{}", world.address()))
        .env("ACCOUNT_SID", ACCOUNT)
        .env("AUTH_TOKEN", TOKEN)
        .env("SERVICE_SID", WEB)
        .env("NO_PROXY", "*")
        // They would change the address.
        .env_remove("TWILIO_EDGE")
        .env_remove("TWILIO_REGION")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    program
}

fn python() -> Option<Command> {
    let python = sdks().join("bin/python");
    // Another SDK may be there without this one.
    let tried = std::process::Command::new(&python).args(["-c", "import twilio.rest"]).output();
    let has_sdk = tried.is_ok_and(|tried| tried.status.success());
    is_there(has_sdk, "Python (`pip install twilio==9.13.0`)").then(|| Command::new(python))
}

fn node() -> Option<Command> {
    let sdk = sdks().join("node_modules/twilio");
    let mut node = Command::new("node");
    node.env("TWILIO_SDK", &sdk);
    is_there(sdk.exists(), "Node (`npm install twilio@6.2.0`)").then_some(node)
}

/// Where `.ci/run` puts them.
fn sdks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/sdk")
}

/// Says loudly that a test is left out where its SDK is not installed; where it must be, that is a failure.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is to see what was left out")]
fn is_there(there: bool, what: &str) -> bool {
    let missing = format!("LEFT OUT: Twilio's SDK for {what} is not in `target/sdk`; `.ci/run` installs it");
    let needed = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(there || !needed, "{missing}");
    if !there {
        eprintln!("{missing}");
    }
    there
}
