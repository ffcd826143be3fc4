//! Twilio Verify v2 over real sockets, with a real library behind it: what callers who move over send and expect.

mod attempts;
mod auth;
mod bad_input;
mod channels;
mod checks;
mod lookups;
mod parameters;
mod rate_limits;
mod restart;
mod safe_list;
mod sdks;
mod services;
mod totp;
mod totp_guesses;
mod totp_refusals;
mod verifications;

use harness::{ACCOUNT, TOKEN, World};

/// Whom the tests prove.
const ADA: &str = "+447700900123";

/// One provider for every channel that is named, the account, and one application of the file.
fn configuration(own: &str) -> String {
    format!(
        r#"
        [site]
        name = "Example"
        [providers.dry_run]
        isolation = "thread"
        [providers.dry_run.config]
        outbox = "@/outbox.jsonl"
        {own}
        [twilio]
        account_sid = "{ACCOUNT}"
        auth_token = "{TOKEN}"
        [applications.web]
        api_keys = ["key-of-web-0123456789"]
        methods = ["sms:code", "email:code"]
        service_sid = "VA0123456789abcdef0123456789abcdef"
        "#
    )
}

/// The SID of the application of the file.
const WEB: &str = "VA0123456789abcdef0123456789abcdef";

async fn world() -> World {
    let world = World::start(&configuration("")).await;
    world.keeps_secret(TOKEN);
    world
}

/// The path of a Service that is made of this form.
async fn service(world: &World, form: &[(&str, &str)]) -> String {
    let made = world.submit("/Services", &[&[("FriendlyName", "My App")], form].concat()).await;
    made.ok(201);
    format!("/Services/{}", made.text("sid"))
}

/// Starts by SMS to Ada and hands out the verification's SID.
async fn started(world: &World, service: &str) -> String {
    let started = world.submit(&format!("{service}/Verifications"), &[("To", ADA), ("Channel", "sms")]).await;
    started.ok(201);
    started.text("sid").to_owned()
}

/// The code that was delivered last to Ada, once it was.
async fn code(world: &World) -> String {
    delivered(world, 1).await;
    world.code_for(ADA)
}

/// Waits until this many messages were delivered.
async fn delivered(world: &World, count: usize) {
    let all = async {
        while world.messages().len() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all).await.unwrap();
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    let first = if code.starts_with('1') { '2' } else { '1' };
    std::iter::once(first).chain(code.chars().skip(1)).collect()
}

/// Posts a code for Ada.
async fn check(world: &World, service: &str, code: &str) -> harness::Answer {
    world.submit(&format!("{service}/VerificationCheck"), &[("To", ADA), ("Code", code)]).await
}
