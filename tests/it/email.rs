//! E-mail end to end: the real library, in both isolations, and a real mail server with TLS and logins.

mod delivery;
mod failures;
mod logins;
mod templates;
mod tokens;
mod trying;

use harness::{
    World, conform,
    smtp::{Authority, Mail, Smtp, Tls},
};
use mail_parser::{Message as Parsed, MessageParser};
use passrelay::plugin::Isolation;
use provider_api::testing::{Sample, json};
use serde_json::Value;

const BOTH: [&str; 2] = ["process", "thread"];

/// Whom the tests prove.
const ADA: &str = "ada.lovelace@example.com";

/// What the server's certificate says, and where it is.
const HOST: &str = "localhost";

/// What the provider's process needs, where it has one.
fn sandbox(isolation: &str) -> &'static str {
    if isolation == "process" { "sandbox = \"network\"" } else { "" }
}

/// A world with one provider of e-mail whose keys are these, and one application.
async fn world(isolation: &str, keys: &str) -> World {
    let sandbox = sandbox(isolation);
    let configuration = format!(
        r#"
        [site]
        name = "Example"
        [applications.web]
        api_keys = ["key-of-web-0123456789"]
        methods = ["email:code"]
        [providers.email]
        isolation = "{isolation}"
        {sandbox}
        allow_private_addresses = true
        [providers.email.config]
        host = "localhost"
        from = "Example <otp@example.org>"
        {keys}
        "#
    );
    World::with(&["email"], &configuration).await
}

/// The keys for a server without TLS.
fn plain(smtp: &Smtp) -> String {
    format!("tls = \"none\"\nport = {}", smtp.port())
}

/// An authority's certificate in a file, for `ca_file`, and its folder.
fn trusted(authority: &Authority) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let key = format!("ca_file = \"{}\"", file.display());
    (folder, key)
}

fn parsed(mail: &Mail) -> Parsed<'_> {
    MessageParser::default().parse(mail.content.as_bytes()).unwrap()
}

/// The six digits in a mail.
fn code(mail: &Mail) -> String {
    let text = parsed(mail).body_text(0).unwrap().into_owned();
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6);
    code.unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

/// Proves Ada by the mail that came last.
async fn prove(world: &World, smtp: &Smtp, path: &str) {
    let code = code(smtp.mails().last().unwrap());
    world.keeps_secret(&code);
    assert_eq!(world.check(path, &code).await.body.get("status"), Some(&json!("approved")));
}

/// Starts a verification of Ada and tells what became of its only delivery.
async fn delivery(world: &World) -> Value {
    let start = world.begin(&json!({ "to": ADA })).await;
    let deliveries = world.deliveries(&start.path()).await;
    deliveries.first().unwrap().clone()
}

/// The native transcript is held against the same file by the provider's own tests.
#[test]
fn email_answers_alike_natively_on_a_thread_and_in_a_process() {
    let native: Value = serde_json::from_str(include_str!("../../providers/email/conformance.json")).unwrap();
    let sample = Sample::from_json(include_str!("../../providers/email/sample.json")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let smtp = runtime.block_on(Smtp::start(Tls::None));
    for isolation in [Isolation::Thread, Isolation::Process] {
        let sample = sample.clone().with_key("port", json!(smtp.port()));
        assert_eq!(conform("email", &sample, isolation), native, "{isolation:?}");
    }
    assert!(smtp.mails().len() > 20);
}
