//! Providers' requests through a proxy: only the one that the operator names, and not to the host's own network.

use super::{
    BOTH,
    service::{Asked, listen},
    stage::chaos,
};
use harness::{Dropped, program};
use passrelay::{
    clock::Clock,
    plugin::{Providers, Workshop},
};
use provider_api::{Failure, Secret};
use tokio::io::AsyncWriteExt;

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_through_the_operators_proxy_but_not_to_private_addresses() {
    let (url, mut requests) = listen().await;
    let proxy = Secret::new(url.trim_end_matches("/messages"));
    tokio::spawn(async move {
        while let Some(Asked { mut stream, request }) = requests.recv().await {
            // A proxy is asked for the whole address (RFC 9112 section 3.2.2).
            let through = request.starts_with("GET http://sms.example.invalid/messages ");
            let status = if through { "203 Through The Proxy" } else { "500 Not A Proxy" };
            let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            let _sent = stream.write_all(answer.as_bytes()).await;
        }
    });
    for isolation in BOTH {
        let dropped = Dropped::with(&["chaos"]);
        let workshop = Workshop::of_program(program(), Clock::system()).with_proxy(Some(proxy.clone()));
        let libraries = dropped.scan().await;
        let providers = Providers::open(&[chaos("web", isolation)], &libraries, &workshop).await;
        let lane = providers.lane("web").unwrap();
        let receipt = lane.deliver(super::message("http:http://sms.example.invalid/messages")).await.unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("203"), "{isolation:?}");
        for private in ["http:http://127.0.0.1:1/", "http:http://localhost:1/", "http:http://[::1]:1/"] {
            let error = lane.deliver(super::message(private)).await.unwrap_err();
            assert_eq!(error.failure, Failure::Misconfigured, "{isolation:?} {error}");
        }
    }
}
