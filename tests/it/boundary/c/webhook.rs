//! The example in C, from its file to a web server.

use crate::boundary::service::listen;
use harness::{Console, Dropped, c::webhook, provider};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Settings},
};
use provider_api::Failure;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_posted_and_every_answer_is_understood() {
    let (url, mut requests) = listen().await;
    let dropped = Dropped::new();
    dropped.put("libc_webhook.so", &webhook());
    // Quotes and more go through as they are.
    let config = json!({ "url": url, "authorization": "Bearer \"\\ 1" });
    let provider = provider("c_webhook", Isolation::Process, config);
    let settings = Settings { allow_private_addresses: true, ..provider };
    let providers = dropped.open_with(&[settings], &Clock::system()).await;
    let lane = providers.lane("c_webhook").ok_or_else(|| providers.status()).unwrap();
    let answers = [
        ("202 Accepted", None),
        ("204 No Content", None),
        ("400 Bad Request", Some(Failure::Rejected)),
        ("403 Forbidden", Some(Failure::Misconfigured)),
        ("429 Too Many Requests", Some(Failure::Throttled)),
        ("503 Service Unavailable", Some(Failure::Unavailable)),
    ];
    for (status, failure) in answers {
        let serve = async {
            let mut asked = requests.recv().await.unwrap();
            let head = asked.request.to_lowercase();
            assert!(head.starts_with("post /messages http/1.1\r\n"), "{head}");
            assert!(head.contains("authorization: bearer \"\\ 1\r\n"), "{head}");
            assert!(head.contains("idempotency-key: ver_1\r\n"), "{head}");
            let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            asked.stream.read_exact(&mut body).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&body["recipient"], &body["payload"]["value"]),
                (&json!("+447700900123"), &json!("493817"))
            );
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            asked.stream.write_all(answer.as_bytes()).await.unwrap();
        };
        let (delivered, ()) = tokio::join!(lane.deliver(crate::boundary::message("+447700900123")), serve);
        match failure {
            None => assert_eq!(delivered.unwrap().reference.as_deref(), Some("ver_1"), "{status}"),
            Some(failure) => assert_eq!(delivered.unwrap_err().failure, failure, "{status}"),
        }
    }
}

/// As for every library, nothing of it runs for `inspect`, and every rule holds for `conform`.
#[test]
fn it_is_inspected_documented_and_conforms() {
    let console = Console::with(&[]);
    console.folder().put("libc_webhook.so", &webhook());
    let told = console.run("providers inspect providers/libc_webhook.so");
    for line in ["library       c_webhook", "entry points  c", "admission     not refused"] {
        assert!(told.out.contains(line), "{line}: {told:?}");
    }
    let told = console.run("providers docs providers/libc_webhook.so");
    assert!(told.out.contains("authorization  secret"), "{told:?}");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/c-webhook/sample.json");
    let told = console.run(&format!("providers conform providers/libc_webhook.so --sample {sample}"));
    assert!(told.code == 0 && told.out.contains("`c_webhook` conforms: "), "{told:?}");
}
