//! `kill -9` right after an OTP was verified: its event comes all the same, from the next server.

use super::{SECRET, hear};
use harness::{Console, Daemon, KEY, Receiver};
use reqwest::Client;
use serde_json::{Value, json};

async fn post(server: &Daemon, path: &str, body: &Value) -> Value {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("http://{}{path}", server.address())).header("x-api-key", KEY);
    hear(request.json(body).send().await.unwrap()).await.body
}

/// The code that was delivered, once it was.
async fn pin(console: &Console) -> String {
    let outbox = console.file("outbox.jsonl");
    loop {
        let text = std::fs::read_to_string(&outbox).unwrap_or_default();
        let line = text.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok());
        if let Some(code) = line.as_ref().and_then(|line| line["code"].as_str()) {
            return code.to_owned();
        }
        tokio::task::yield_now().await;
    }
}

/// X16: what was answered to a caller is told, whatever becomes of the server.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_outlives_the_server_that_wrote_it() {
    let mut receiver = Receiver::start().await;
    let console = Console::configured(&format!(
        r#"
        [server]
        listen = "127.0.0.1:0"
        [store]
        url = "sqlite:passrelay.db"
        [smscx]
        [webhooks]
        allow_private_addresses = true
        [providers.dry_run.config]
        outbox = "outbox.jsonl"
        [applications.web]
        api_keys = ["{KEY}"]
        methods = ["sms:code"]
        webhook_secret = "{SECRET}"
        "#
    ));
    let server = console.daemon();
    let started =
        post(&server, "/otp", &json!({ "to": "+447700900123", "otpCallbackUrl": receiver.url })).await;
    let path = format!("/otp/{}", started["otpId"].as_str().unwrap());
    let verified = post(&server, &path, &json!({ "pin": pin(&console).await })).await;
    assert_eq!(verified["status"], "VERIFIED");
    server.kill();
    let server = console.daemon();
    let received = receiver.next().await;
    let told = &received.json()["data"][0];
    assert_eq!((&told["otpId"], &told["status"]), (&started["otpId"], &json!("VERIFIED")));
    assert!(server.stop().success());
}
