//! `passrelay doctor`: everything that somebody who helps would ask first, each with its remedy.

use super::{CONFIGURATION, with_a_broken_library};
use harness::{Console, Told};
use serde_json::Value;
use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _};

/// The finding of this name whose detail holds these words: its state and its remedy.
#[track_caller]
fn found(json: &Value, name: &str, words: &str) -> (String, String) {
    let findings = json["findings"].as_array().unwrap();
    let is_it = |found: &&Value| found["name"] == name && found["detail"].as_str().unwrap().contains(words);
    let found = findings.iter().find(is_it).unwrap_or_else(|| panic!("no `{name}` with `{words}`: {json:#}"));
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("remedy"))
}

#[track_caller]
fn is(json: &Value, name: &str, words: &str, state: &str, remedy: &str) {
    let (told, how) = found(json, name, words);
    assert_eq!(told, state, "{json:#}");
    assert!(how.contains(remedy), "{how}");
}

fn doctor(console: &Console) -> (Told, Value) {
    let told = console.run("doctor --json");
    assert_eq!(told.err, "", "{told:?}");
    let json = told.json();
    assert_eq!(json.get("ok"), Some(&Value::Bool(told.code == 0)), "{json:#}");
    (told, json)
}

/// A fresh host: nothing fails, and nothing that the server makes at its start was made by looking.
#[test]
fn a_fresh_host_is_well_and_looking_changes_nothing() {
    let console = Console::configured(CONFIGURATION);
    let (told, json) = doctor(&console);
    assert_eq!(told.code, 0, "{json:#}");
    for (name, words) in [
        ("configuration", "`passrelay.toml` has no mistake"),
        ("provider", "`dry_run` opens"),
        ("key file", "`passrelay.key` is made at the first start"),
        ("store", "`passrelay.db` is made at the first start"),
        ("disk", "MiB are free"),
        ("admin socket", "no server lives at `passrelay-admin.sock`"),
        ("port", "the system chooses one"),
        ("core dumps", "off"),
        ("clock", "Z"),
    ] {
        is(&json, name, words, "ok", "");
    }
    assert!(told.out.contains("\"sandbox\""), "{told:?}");
    for made in ["passrelay.key", "passrelay.db", "passrelay-admin.sock"] {
        assert!(!console.file(made).exists(), "{made}");
    }
    let told = console.run("doctor");
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    assert!(told.out.starts_with("ok    configuration  `passrelay.toml` has no mistake"), "{told:?}");
    assert!(told.out.lines().last().unwrap().starts_with("0 failed, "), "{told:?}");
}

/// A server that lives is found by its socket and by its port, and is asked how it is.
#[test]
fn a_server_that_lives_is_found_and_asked() {
    let console = Console::configured(CONFIGURATION);
    let server = console.serve();
    let port = format!("listen = \"{}\"", server.address());
    console.write("passrelay.toml", &CONFIGURATION.replace("listen = \"127.0.0.1:0\"", &port));
    let (told, json) = doctor(&console);
    assert_eq!(told.code, 0, "{json:#}");
    is(&json, "admin socket", "a server answers at", "ok", "");
    is(&json, "port", "and is ready", "ok", "");
    is(&json, "key file", "is its owner's alone; keys: 1", "ok", "");
    is(&json, "store", "is whole: ", "ok", "");
    assert_eq!(server.stop().0, Some(0));
    assert_eq!(console.read("passrelay.db-wal"), "", "the store is in one file once its server has ended");
    let (_, json) = doctor(&console);
    is(&json, "port", "is free", "ok", "");
    is(&json, "admin socket", "no server lives", "ok", "");
}

/// The other way for operators: over TCP, with a key, which nobody on the way should read.
#[test]
fn the_admin_port_is_looked_at_too() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let console = Console::configured("");
    let admin = |address: &str| {
        let text = CONFIGURATION.replace("[server]", &format!("[server]\nadmin = \"{address}\""));
        console.write("passrelay.toml", &text);
    };
    admin(&taken.local_addr().unwrap().to_string());
    let (told, json) = doctor(&console);
    assert_eq!(told.code, 1);
    is(&json, "admin port", "is taken, and who listens is no passrelay", "fail", "change `server.admin`");
    let free = taken.local_addr().unwrap();
    drop(taken);
    admin(&free.to_string());
    is(&doctor(&console).1, "admin port", "is free", "ok", "");
    let server = console.serve();
    is(&doctor(&console).1, "admin port", "a server answers at", "ok", "");
    let (code, log) = server.stop();
    assert!(code == Some(0) && !log.contains("in the clear"), "{log}");
    admin(&format!("0.0.0.0:{}", free.port()));
    is(&doctor(&console).1, "admin port", "in the clear", "warn", "behind a proxy that speaks TLS");
    let (code, log) = console.serve().stop();
    assert!(code == Some(0) && log.contains("in the clear"), "{log}");
}

#[test]
fn a_store_that_was_scribbled_on_is_told() {
    let console = Console::configured(CONFIGURATION);
    assert_eq!(console.serve().stop().0, Some(0));
    let mut bytes = fs::read(console.file("passrelay.db")).unwrap();
    let end = bytes.len().min(12_000);
    bytes[4_096..end].fill(0xa5);
    fs::write(console.file("passrelay.db"), bytes).unwrap();
    let (told, json) = doctor(&console);
    assert_eq!(told.code, 1);
    is(&json, "store", "damaged", "fail", "a backup in its place");
}

#[test]
fn what_does_not_work_fails_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let console = with_a_broken_library();
    let port = format!("listen = \"{}\"", taken.local_addr().unwrap());
    let text = console.read("passrelay.toml").replace("listen = \"127.0.0.1:0\"", &port);
    console.write("passrelay.toml", &text);
    console.write("passrelay.key", "v1 a no key at all\n");
    console.write("passrelay.db", "");
    console.write("passrelay-admin.sock", "dear");
    for (file, mode) in [("passrelay.key", 0o600), ("passrelay.db", 0o644)] {
        fs::set_permissions(console.file(file), fs::Permissions::from_mode(mode)).unwrap();
    }
    let (told, json) = doctor(&console);
    assert_eq!(told.code, 1);
    is(&json, "provider", "`dry_run` opens", "ok", "");
    is(&json, "provider", "`bad` does not open", "fail", "");
    is(&json, "libraries", "libbad.so` was refused", "warn", "");
    is(&json, "key file", "line 1 of the key file", "fail", "a key is `v1 ID`");
    is(&json, "store", "is open to others (mode 0644)", "fail", "chmod 600 ");
    is(&json, "admin socket", "something else stands at", "fail", "remove it");
    is(&json, "port", "who listens is no passrelay", "fail", "change `server.listen`");
    assert!(!told.out.contains("no key at all"), "{told:?}");
    fs::set_permissions(console.file("passrelay.key"), fs::Permissions::from_mode(0o640)).unwrap();
    is(&doctor(&console).1, "key file", "is open to others (mode 0640)", "fail", "chmod 600 ");
    let told = console.run("doctor");
    let hints = told.out.lines().filter(|line| line.contains("  hint: ")).count();
    assert_eq!((told.code, hints >= 6), (1, true), "{told:?}");
}

/// Mistakes of the configuration are findings too, with every variable that is not set; the machine is looked at still.
#[test]
fn mistakes_of_the_configuration_are_findings() {
    let text = CONFIGURATION.replace("[\"key-of-web-0123456789\"]", "[{ env = \"NOT_SET\" }]");
    let console = Console::configured(&format!("{text}[stroe]\n"));
    let (told, json) = doctor(&console);
    assert_eq!(told.code, 1);
    is(&json, "configuration", "environment variable `NOT_SET`, which is not set", "fail", "NOT_SET=");
    is(&json, "configuration", "unknown key `stroe`", "fail", "did you mean `store`?");
    is(&json, "core dumps", "off", "ok", "");
}

#[test]
fn what_somebody_may_be_sorry_for_is_a_warning() {
    let console = Console::configured(&format!("{CONFIGURATION}[store]\nurl = \"memory:\"\n"));
    fs::set_permissions(console.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let (told, json) = doctor(&console);
    fs::set_permissions(console.path(), fs::Permissions::from_mode(0o700)).unwrap();
    is(&json, "store", "forgets everything", "warn", "sqlite:passrelay.db");
    is(&json, "key file", "others may write to its folder", "warn", "chmod go-w");
    assert!(told.code < 2, "{json:#}");
}
