//! The HTTP API over real sockets, with a real library behind it in both isolations and a clock that stands still.

mod bad_bytes;
mod bad_input;
mod check;
mod concurrency;
mod costs;
mod failures;
mod idempotency;
mod keys;
mod life;
mod limits;
mod lists;
mod members;
mod methods;
mod openapi;
mod overrides;
mod own_code;
mod payment;
mod request_ids;
mod resend;
mod resend_by_id;
mod silence;
mod start;
mod templates;
mod test_recipients;
mod wording;

use harness::World;

const BOTH: [&str; 2] = ["process", "thread"];

/// Whom the tests prove.
const ADA: &str = "+447700900123";

/// One provider, whose own keys are these, and two applications.
fn configuration(isolation: &str, own: &str) -> String {
    format!(
        r#"
        [site]
        name = "Example"
        [providers.dry_run]
        isolation = "{isolation}"
        [providers.dry_run.config]
        outbox = "@/outbox.jsonl"
        {own}
        [applications.web]
        api_keys = ["key-of-web-0123456789"]
        methods = ["email:code", "sms:code"]
        preferred = "sms:code"
        senders = ["Acme"]
        [applications.other]
        api_keys = ["key-of-other-0123456789"]
        methods = ["sms:code"]
        "#
    )
}

/// A world with that configuration.
async fn world(isolation: &str) -> World {
    World::start(&configuration(isolation, "")).await
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    let mut wrong = code.to_owned();
    wrong.pop();
    wrong.push(last);
    wrong
}
