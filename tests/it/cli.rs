//! The program as an operator runs it: what it says, where it says it, and how it ends.

mod backup;
mod check;
mod deliveries;
mod doctor;
mod hosts;
mod keys;
mod limits;
mod nothing;
mod providers;
mod reload;
mod rotate;
mod send;
mod serve;
mod templates;
mod usage;
mod verify;
mod watch;

/// A provider and an application; the port is free for the system to choose.
const CONFIGURATION: &str = r#"
[server]
listen = "127.0.0.1:0"
[site]
name = "Example"
[providers.dry_run.config]
outbox = "outbox.jsonl"
[applications.web]
api_keys = ["key-of-web-0123456789"]
methods = ["sms:code", "email:code"]
preferred = "sms:code"
"#;

/// What is said of a provider that a busy machine kept from answering within its 50 ms of real time: ask again.
const NOT_ANSWERING: &str = "provider not answering";

/// The same with a second provider, whose library is no good.
fn with_a_broken_library() -> harness::Console {
    let console = harness::Console::configured(&format!("{CONFIGURATION}[providers.bad]\n"));
    console.folder().put("libbad.so", b"no library at all");
    console
}
