//! The operator routes over TCP, where every request needs a key of the scope `operator`.

use super::configuration;
use harness::{Answer, KEY, World};
use reqwest::Method;
use serde_json::json;

async fn world() -> World {
    let file = "[applications.web]\napi_keys = [\"key-of-web-0123456789\"]\nmethods = [\"sms:code\"]\n";
    let admin = "admin = [\"unix:passrelay-admin.sock\", \"127.0.0.1:0\"]";
    World::start(&format!("{admin}\n{}", configuration("thread", file))).await
}

async fn providers(world: &World, key: &str) -> Answer {
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request.get(format!("http://{}/v1/providers", world.remote()));
    world.ask(if key.is_empty() { request } else { request.bearer_auth(key) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_routes_over_tcp_need_an_operators_key() {
    let world = world().await;
    let (id, key) = world.make_key(&json!({ "scope": "operator", "name": "ada" })).await;
    assert_eq!(providers(&world, &key).await.status, 200);
    for wrong in ["", "nobody", &key[..key.len() - 1]] {
        let answer = providers(&world, wrong).await;
        answer.is_problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let (_, accounts) = world.make_key(&json!({ "scope": "account" })).await;
    for other in [KEY, &accounts] {
        providers(&world, other).await.is_problem(403, "forbidden");
    }
    let revoked = world.ask(world.operate(Method::DELETE, &format!("/v1/keys/{id}"))).await;
    assert_eq!(revoked.status, 204);
    providers(&world, &key).await.is_problem(401, "unauthorized");
    world.stop().await;
}

/// A key is not the server's files: it must not be able to send saved secrets to a host of its owner's choice.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_not_saved_are_tried_over_the_socket_only() {
    let world = world().await;
    let (_, key) = world.make_key(&json!({ "scope": "operator" })).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = format!("http://{}/v1/providers/dry_run/tests", world.remote());
    let test = |body: serde_json::Value| client.post(&path).bearer_auth(&key).json(&body);
    assert_eq!(world.ask(test(json!({ "to": "+447700900123", "channel": "sms" }))).await.status, 200);
    let told = world.ask(test(json!({ "to": "+447700900123", "channel": "sms", "config": {} }))).await;
    assert_eq!(
        told.is_problem(403, "forbidden"),
        "keys that are not saved are tried over the admin socket only"
    );
    world.stop().await;
}
