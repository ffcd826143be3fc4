//! The whole way of an author: an empty folder, a crate that is built without a network, a message that arrives.
//!
//! Cargo runs within cargo here. It has a target folder of its own, so neither waits for the other's lock, and an
//! environment of its own, so that flags of the outer one do not reach it.

use super::service;
use harness::{Console, Told};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// What cargo needs to find itself, its compiler and the crates that are there already; and what keeps rustup from fetching
/// another compiler.
const KEPT: [&str; 7] =
    ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTUP_AUTO_INSTALL", "TMPDIR"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs cargo in the crate, without a network.
fn cargo(made: &Path, arguments: &[&str]) -> Output {
    let kept = KEPT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--quiet", "--target-dir", "target"])
        .current_dir(made)
        .env_clear()
        .envs(kept)
        // Nobody debugs it, and it is built once.
        .envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The one test that builds: it asks everything of what it built.
#[test]
fn the_scaffold_builds_offline_tests_itself_conforms_and_delivers() {
    let console = Console::with(&[]);
    // A crate of its own, wherever it lies: also in the folder of somebody's workspace.
    console.write("Cargo.toml", "[workspace]\n");
    let repository = repository();
    let told = console.run_with(["providers", "new", "acme_sms", "--api", repository.to_str().unwrap()]);
    assert_eq!(told.code, 0, "{told:?}");
    let made = console.file("acme_sms");
    // The versions that are on this machine are those of the workspace.
    fs::copy(repository.join("Cargo.lock"), made.join("Cargo.lock")).unwrap();
    let tests = cargo(&made, &["test"]);
    assert!(String::from_utf8_lossy(&tests.stdout).contains("test result: ok. 7 passed"), "{tests:?}");
    cargo(&made, &["build"]);
    // Admitted from a folder that is surely nobody else's, whatever this machine's umask is.
    let library =
        console.folder().put("libacme_sms.so", &fs::read(made.join("target/debug/libacme_sms.so")).unwrap());

    it_conforms_with_the_sample_beside_it(&console, &made, &library);
    it_delivers_without_a_server(&console, &library);
    it_delivers_dropped_into_the_folder_of_a_configuration(&console);
}

fn it_conforms_with_the_sample_beside_it(console: &Console, made: &Path, library: &Path) {
    let arguments = ["providers", "conform", library.to_str().unwrap()];
    let output = console.command(arguments).current_dir(made).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("`acme_sms` conforms: "), "{told}");
}

fn it_delivers_without_a_server(console: &Console, library: &Path) {
    let (address, requests) = service::answering("201 Created", r#"{"id":"m-42"}"#);
    console.write("key", "key-0123456789\n");
    let keys = format!("from = \"Example\"\napi_key = {{ file = \"key\" }}\nbase_url = \"{address}/v1/\"\n");
    console.write("keys.toml", &keys);
    let library = library.to_str().unwrap();
    let arguments = ["providers", "try", library, "--config", "keys.toml", "--to", "+447700900123"];
    let told = console.run_with(arguments.into_iter().chain(["--allow-private-addresses"]));
    is_handed_over(&told);
    let (head, body) = requests.recv().unwrap();
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("authorization: Bearer key-0123456789\r\n") && head.contains("idempotency-key: man_")
    );
    for part in [r#""from":"Example""#, r#""to":"+447700900123""#, "123456"] {
        assert!(body.contains(part), "{body}");
    }
}

fn it_delivers_dropped_into_the_folder_of_a_configuration(console: &Console) {
    let (address, requests) = service::answering("201 Created", r#"{"id":"m-42"}"#);
    console.write(
        "passrelay.toml",
        &format!(
            "[providers.acme_sms]\nallow_private_addresses = true\n\
             [providers.acme_sms.config]\nfrom = \"Example\"\napi_key = \"key\"\nbase_url = \"{address}\"\n"
        ),
    );
    let told = console.run("providers list");
    assert!(told.out.contains("acme_sms  acme_sms  0.1.0    -          sms       ready"), "{told:?}");
    is_handed_over(&console.run("providers test acme_sms --to +447700900123"));
    assert!(requests.recv().unwrap().0.starts_with("POST /messages "));
    let docs = console.run("providers docs acme_sms");
    assert!(docs.out.contains("\n## Setting it up\n") && docs.out.contains("ACME_SMS_API_KEY"), "{docs:?}");
}

#[track_caller]
fn is_handed_over(told: &Told) {
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    assert!(told.out.starts_with("handed over by `acme_sms` to +44•••••••123 on `sms`\n"), "{told:?}");
    assert!(told.out.contains("reference  m-42\nsegments   1"), "{told:?}");
}
