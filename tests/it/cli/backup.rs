//! `passrelay backup`: a copy that a server starts from, made while another one works.

use super::CONFIGURATION;
use harness::{Console, KEY, Server};
use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt};

async fn ask(server: &Server, method: Method, path: &str, body: &Value) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.request(method, format!("http://{}{path}", server.address())).bearer_auth(KEY);
    request.json(body).send().await.unwrap().json().await.unwrap()
}

/// What was acknowledged before the copy is in it, what came after is not, and the copy is a store like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_from_a_backup_that_was_made_while_it_ran() {
    let console = Console::configured(&CONFIGURATION.replace("[site]", "[site]\nlocale = \"de\""));
    let server = console.serve();
    let wanted = json!({ "to": "+447700900123", "method": "sms:code" });
    let first = ask(&server, Method::POST, "/v1/verifications", &wanted).await;
    let told = console.run("backup kept.db");
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    assert!(told.out.starts_with("kept.db: "), "{told:?}");
    assert_eq!(fs::metadata(console.file("kept.db")).unwrap().permissions().mode() & 0o777, 0o600);
    let path = format!("/v1/verifications/{}", first["id"].as_str().unwrap());
    ask(&server, Method::DELETE, &path, &json!({})).await;
    assert_eq!(server.stop().0, Some(0));

    for file in ["passrelay.db", "passrelay.db-wal", "passrelay.db-shm"] {
        drop(fs::remove_file(console.file(file)));
    }
    fs::rename(console.file("kept.db"), console.file("passrelay.db")).unwrap();
    let server = console.serve();
    assert_eq!(ask(&server, Method::GET, &path, &json!({})).await["status"], "pending");
    assert_eq!(server.stop().0, Some(0));
}

/// A timer at night has the file and none of the secrets that stand in the server's environment.
#[test]
fn what_needs_only_the_place_of_the_store_needs_no_secret() {
    let secretive = CONFIGURATION.replace("\"key-of-web-0123456789\"", "{ env = \"WEB_KEY\" }");
    assert_ne!(secretive, CONFIGURATION);
    let console = Console::configured(&secretive);
    assert_eq!(console.run("check").code, 3);
    let mut serve = console.command(["serve"]);
    serve.env("WEB_KEY", KEY);
    let server = console.daemon_of(serve).unwrap();
    for command in ["backup one.db", "keys list", "deliveries", "keys rotate"] {
        let told = console.run(command);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{command}: {told:?}");
    }
    assert!(server.stop().success());
    assert_eq!(console.run("backup two.db").code, 0);
    assert_eq!(
        console.run("deliveries").code,
        3,
        "without a server it is the whole configuration that answers"
    );
    // But not where the file does not say for certain which store is meant.
    console.write("passrelay.toml", &format!("{secretive}[stroe]\nurl = \"sqlite:other.db\"\n"));
    let told = console.run("backup three.db");
    assert!(told.code == 3 && told.err.contains("unknown key `stroe`"), "{told:?}");
}

#[test]
fn what_cannot_be_copied_is_told() {
    let console = Console::configured(CONFIGURATION);
    let told = console.run("backup kept.db");
    assert!(
        told.code == 1 && told.err.contains("there is no store `") && told.err.contains("` yet"),
        "{told:?}"
    );
    console.write("kept.db", "dear");
    drop(console.serve());
    let told = console.run("backup kept.db --json");
    let error = told.json()["error"].to_string();
    assert!(told.code == 1 && error.contains("`kept.db` exists already"), "{told:?}");
    assert_eq!(console.read("kept.db"), "dear");
    let told = console.run("backup nowhere/kept.db");
    assert!(told.code == 1 && told.err.contains("cannot write `nowhere/kept.db`: No such file"), "{told:?}");
    let console = Console::configured(&format!("{CONFIGURATION}\n[store]\nurl = \"memory:\"\n"));
    let told = console.run("backup kept.db");
    assert!(told.code == 1 && told.err.contains("hint: a store that lasts is"), "{told:?}");
}
