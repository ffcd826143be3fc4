//! The face that callers of SMS.CX know, over real sockets, with a real library behind it and a clock that stands still.

mod bad_input;
mod crash;
mod faces;
mod life;
mod sdk;
mod start;
mod tokens;
mod webhooks;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use harness::{KEY, World};
use reqwest::{Client, Method, header::HeaderMap};
use serde_json::{Value, json};

/// Whom the tests prove.
const ADA: &str = "+447700900123";

/// What events of `web` are signed with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// One provider and two applications, and the face.
fn configuration() -> String {
    format!(
        r#"
        [site]
        name = "Example"
        [smscx]
        [webhooks]
        allow_private_addresses = true
        [providers.dry_run]
        isolation = "thread"
        [providers.dry_run.config]
        outbox = "@/outbox.jsonl"
        [providers.dry_run.prices]
        default = "0.043 EUR"
        [applications.web]
        api_keys = ["{KEY}"]
        methods = ["email:code", "sms:code"]
        senders = ["Acme"]
        webhook_secret = "{SECRET}"
        [applications.other]
        api_keys = ["key-of-other-0123456789"]
        methods = ["sms:code"]
        "#
    )
}

/// A world with that configuration.
async fn world() -> World {
    World::start(&configuration()).await
}

/// An answer as a caller sees it.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// An error of this status, type and code.
    #[track_caller]
    fn is(&self, status: u16, kind: &str, code: u16) {
        let error = &self.body["error"];
        let told = (self.status, &error["type"], &error["code"]);
        assert_eq!(told, (status, &json!(kind), &json!(code)), "{}", self.body);
    }

    /// The path of the OTP that it shows.
    fn path(&self) -> String {
        format!("/otp/{}", self.body["otpId"].as_str().unwrap_or_else(|| panic!("an OTP: {}", self.body)))
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// Asks with an API key, and with a body in JSON if there is one.
async fn ask(world: &World, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request =
        client.request(method, format!("http://{}{path}", world.address())).header("x-api-key", KEY);
    if let Some(body) = body {
        request = request.json(body);
    }
    hear(request.send().await.unwrap()).await
}

async fn hear(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
    Answer { status, headers, body }
}

/// Sends a PIN and waits until it was delivered.
async fn begin(world: &World, body: &Value) -> Answer {
    let before = world.messages().len();
    let started = ask(world, Method::POST, "/otp", Some(body)).await;
    assert_eq!(started.status, 201, "{}", started.body);
    until(|| world.messages().len() > before).await;
    settled(world, &started.path()).await;
    started
}

/// Waits until every delivery of an OTP is settled.
async fn settled(world: &World, path: &str) {
    let native = path.replace("/otp/", "/v1/verifications/ver_").replace('-', "");
    world.deliveries(&native).await;
}

async fn check(world: &World, path: &str, pin: &str) -> Answer {
    ask(world, Method::POST, path, Some(&json!({ "pin": pin }))).await
}

/// Waits until something is so.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await.unwrap();
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}
