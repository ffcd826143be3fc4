//! A log that takes no more.

use super::CONFIGURATION;
use harness::{
    Console,
    witness::{Delivered, Witness},
};
use std::net::TcpListener;

/// `/dev/full` refuses every byte, as a full disk does to which standard error was sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_takes_no_more_stops_nothing() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let console = Console::configured(&CONFIGURATION.replace("127.0.0.1:0", &free.to_string()));
    let server = console.unheard(free);
    let mut caller = Witness::number(0);
    for _ in 0..5 {
        assert_eq!(caller.start_one(server.address()).await, None);
    }
    caller.look_at_all(server.address()).await;
    let mut delivered = Delivered::into(&console.file("outbox.jsonl"));
    delivered.wait_for([&caller]).await;
    caller.finish(server.address(), &delivered.codes).await;
    assert_eq!(server.stop().code(), Some(0));
}
