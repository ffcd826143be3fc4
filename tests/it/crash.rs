//! What holds when the server is killed, its disk is full or damaged, and what its files never hold.

mod damage;
mod disk;
mod kill;
mod lock;
mod log;
mod memory;
mod secrecy;

use harness::witness::Witness;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

/// A store in a file; codes so long that a wrong one is wrong.
const CONFIGURATION: &str = r#"
[server]
listen = "127.0.0.1:0"
[store]
url = "sqlite:passrelay.db"
[providers.dry_run]
queue = 65536
[providers.dry_run.config]
outbox = "outbox.jsonl"
[applications.web]
api_keys = ["key-of-web-0123456789"]
methods = ["sms:code"]
code = { length = 8, lifetime = "24h" }
"#;

/// Asks for starts until one is answered as it is wanted: acknowledged, or with a problem.
async fn until(
    caller: &mut Witness,
    server: SocketAddr,
    wanted: impl Fn(&Option<Value>) -> bool,
) -> Option<Value> {
    for _ in 0..600 {
        let problem = caller.start_one(server).await;
        if wanted(&problem) {
            return problem;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never came to that");
}

/// 503: it is the store, it is not for ever, and nothing of the inside is told.
fn is_for_a_while(problem: &Value) {
    assert_eq!(problem["status"], 503, "{problem}");
    assert_eq!(problem["type"], "https://passrelay.dev/problems/store-unavailable");
    let text = problem.to_string();
    assert!(!text.contains("passrelay.db") && !text.contains("SQL"), "{problem}");
}
