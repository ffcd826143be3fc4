//! Whatever bytes come over the socket, the server says what is wrong with them and serves on.

use super::{ADA, world};
use harness::World;
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Arbitrary values, the same ones at every run.
fn values<T: std::fmt::Debug>(count: usize, strategy: &impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

async fn is_told(world: &World, path: &str, body: Vec<u8>) {
    let request = world.request(Method::POST, path).header("content-type", "application/json");
    let answer = world.ask(request.body(body.clone())).await;
    let shown = String::from_utf8_lossy(&body);
    match answer.status {
        400 => drop(answer.is_problem(400, "invalid-request")),
        413 => drop(answer.is_problem(413, "too-large")),
        // A body that happens to be right may be so in every way.
        200 | 201 | 422 => {}
        other => panic!("{other} for {shown}: {}", answer.body),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arbitrary_bodies_are_told_what_is_wrong_with_them() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let paths = ["/v1/verifications", "/v1/methods", &format!("{}/checks", start.path())];
    for (number, body) in values(60, &vec(any::<u8>(), 0..200)).into_iter().enumerate() {
        is_told(&world, paths[number % paths.len()], body).await;
    }
    // A right body with a few bytes changed gets further than noise.
    let right = json!({
        "member": { "id": "42", "name": "Ada", "locale": "en", "fields": { "mobile": "+1" } },
        "method": "sms:code", "purpose": "sign_in", "client": { "ip": "192.0.2.1" },
    });
    let right = right.to_string().into_bytes();
    for changes in values(90, &vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut body = right.clone();
        for (place, byte) in changes {
            *place.get_mut(&mut body) = byte;
        }
        is_told(&world, "/v1/verifications", body).await;
    }
    world.stop().await;
}

/// What is no HTTP at all is answered with 400 or hung up on, and the next connection is served.
#[tokio::test(flavor = "multi_thread")]
async fn arbitrary_bytes_on_a_connection_harm_nobody() {
    let world = world("thread").await;
    for mut bytes in values(50, &vec(any::<u8>(), 1..300)) {
        bytes.extend_from_slice(b"\r\n\r\n");
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        // It may hang up before it has read everything.
        drop(stream.write_all(&bytes).await);
        drop(stream.shutdown().await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    world.get("/healthz").await.is(200, &json!({ "status": "ok" }));
    world.stop().await;
}

/// A request that breaks off after its head is given up, and does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_starts_nothing() {
    let world = world("thread").await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let head = format!(
        "POST /v1/verifications HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{{\"to\":\"{ADA}\"",
        harness::KEY
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    drop(stream.read_to_string(&mut answer).await);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(world.messages().is_empty());
    world.stop().await;
}
