//! The provider as a host sees it, in this process.

use super::SmsTwilio;
use provider_api::{
    Channel, DeliveryError, HttpResponse, Message, Payload, Recipient,
    testing::{FakeHost, Harness, json},
};
use serde_json::Value;

mod conformance;
mod delivering;
mod keys;
mod trying;

const ACCOUNT: &str = "AC00112233445566778899aabbccddeeff";
const TOKEN: &str = "an-auth-token-0123456789abcdef";
const NUMBER: &str = "+447700900123";
const SID: &str = "SM0123456789abcdef0123456789abcdef";

/// A configuration that is right.
fn config() -> Value {
    json!({ "account_sid": ACCOUNT, "auth_token": TOKEN, "from": "+16175551212", "member_phone_field": "mobile" })
}

/// The same with some keys changed; `null` takes one out.
fn with(keys: &Value) -> Value {
    let mut config = config();
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    config.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    config
}

fn open(host: FakeHost, config: Value) -> Harness<SmsTwilio> {
    Harness::with_host(host).open(config).unwrap()
}

fn taken() -> HttpResponse {
    HttpResponse::new(201, json!({ "sid": SID, "status": "queued", "num_segments": "1" }).to_string())
}

/// A message whose code lives ten minutes by the clock of a [`FakeHost`].
fn message() -> Message {
    let sms = Channel::new("sms").unwrap();
    let text = "493817 is your code.";
    let mut message = Message::new("m1", sms, Recipient::new(NUMBER), Payload::code("493817"), text);
    message.expires_at_ms = FakeHost::new().now_ms() + 600_000;
    message
}

/// What was sent to a fresh provider's service, and what came of it.
fn deliver(config: Value, message: &Message) -> (Vec<String>, Result<provider_api::Receipt, DeliveryError>) {
    let host = FakeHost::new().always(taken());
    let result = open(host.clone(), config).deliver(message);
    (host.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect(), result)
}
