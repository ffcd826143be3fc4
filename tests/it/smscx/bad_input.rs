//! Requests that no SDK sends get an answer of the face's own.

use super::{Answer, configuration};
use harness::{KEY, World};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Sends these bytes and reads one answer.
async fn raw(world: &World, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    // The server may hang up before it has read everything.
    let _sent = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _read = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    Answer { status, headers: reqwest::header::HeaderMap::new(), body }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_no_sdk_sends_are_refused_in_the_words_of_sms_cx() {
    let world = World::start(&configuration()).await;
    let head = |line: &str, kind: &str, length: usize| {
        format!(
            "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {KEY}\r\ncontent-type: {kind}\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    let json = "application/json";
    let deep = format!("{{\"to\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let huge = format!("{{\"to\":\"{}\"}}", "1".repeat(200_000));
    for (line, kind, body, status, said, code) in [
        ("POST /otp", json, b"\xff\xfe{}".as_slice(), 400, "invalid_body", 400),
        ("POST /otp", json, b"{\"to\":\"\xc3\"}", 400, "invalid_body", 400),
        ("POST /otp", json, b"{\"to\":1}{", 400, "invalid_body", 400),
        ("POST /otp", json, deep.as_bytes(), 400, "invalid_body", 400),
        ("POST /otp", json, huge.as_bytes(), 413, "invalid_body", 413),
        ("POST /otp", json, br#"{"to":"+44\u0000770"}"#, 400, "invalid_param", 2020),
        ("POST /otp", json, br#"{"to":"+447700900123","channel":"call"}"#, 400, "invalid_body", 400),
        ("POST /otp", "application/x-www-form-urlencoded", b"to=%2B447700900123", 415, "invalid_body", 415),
        ("POST /otp/%ff", json, br#"{"pin":"1"}"#, 404, "not_found", 2021),
        ("POST /otp/..%2f..%2fv1", json, br#"{"pin":"1"}"#, 404, "not_found", 2021),
        ("PATCH /otp/1", json, b"{}", 405, "invalid_method", 405),
        ("POST /oauth/token", json, b"{}", 415, "invalid_body", 415),
        (
            "POST /oauth/token",
            "application/x-www-form-urlencoded",
            b"grant_type=%ff%fe",
            400,
            "unsupported_grant_type",
            1600,
        ),
        (
            "POST /oauth/token",
            "application/x-www-form-urlencoded",
            &vec![b'&'; 40_000],
            413,
            "invalid_body",
            413,
        ),
    ] {
        let request = [head(line, kind, body.len()).as_bytes(), body].concat();
        let answer = raw(&world, &request).await;
        assert_eq!(answer.status, status, "{line}: {}", answer.body);
        answer.is(status, said, code);
    }
    world.stop().await;
}
