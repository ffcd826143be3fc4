//! What outlives a server: Services with all that they were given, their limits, and what is pending in them.

use super::{ACCOUNT, ADA, TOKEN};
use harness::Console;
use reqwest::{Client, Method};
use serde_json::Value;
use std::net::SocketAddr;

const FILE: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://otp.example.com"
[store]
url = "sqlite:passrelay.db"
[providers.dry_run.config]
outbox = "outbox.jsonl"
[routes]
sms = ["dry_run"]
"#;

async fn ask(server: SocketAddr, method: Method, path: &str, form: &str) -> (u16, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let asked = client.request(method, format!("http://{server}/v2{path}")).basic_auth(ACCOUNT, Some(TOKEN));
    let kind = "application/x-www-form-urlencoded";
    let answer = asked.header("content-type", kind).body(form.to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// T22: a Service is long-lived.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_and_what_is_pending_in_it_outlive_the_server() {
    let account = format!("[twilio]\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"{TOKEN}\"\n");
    let console = Console::configured(&format!("{FILE}{account}"));
    let server = console.daemon();
    let form = "FriendlyName=Kept&CodeLength=7&Totp.Skew=2&CustomCodeEnabled=true";
    let (status, made) = ask(server.address(), Method::POST, "/Services", form).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/Services/{}", made["sid"].as_str().unwrap());
    let limits = format!("{path}/RateLimits");
    let (_, limit) = ask(server.address(), Method::POST, &limits, "UniqueName=ip").await;
    let before = ask(server.address(), Method::GET, &path, "").await.1;
    let number = &ADA[1..];
    let start = format!("To=%2B{number}&Channel=sms&CustomCode=2468135");
    let (status, started) =
        ask(server.address(), Method::POST, &format!("{path}/Verifications"), &start).await;
    assert_eq!(status, 201, "{started}");
    server.kill();

    let server = console.daemon();
    let after = ask(server.address(), Method::GET, &path, "").await.1;
    assert_eq!((&after, &after["totp"]["skew"]), (&before, &Value::from(2)));
    let found = ask(server.address(), Method::GET, &limits, "").await.1;
    assert_eq!(found["rate_limits"][0]["sid"], limit["sid"]);
    let check = format!("To=%2B{number}&Code=2468135");
    let (status, checked) =
        ask(server.address(), Method::POST, &format!("{path}/VerificationCheck"), &check).await;
    assert_eq!((status, &checked["sid"], &checked["status"]), (200, &started["sid"], &"approved".into()));
    assert!(server.stop().success());
}
