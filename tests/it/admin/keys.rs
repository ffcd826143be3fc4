//! API keys that are made while the server runs: what each is good for, and when it ends.

use super::{ADA, configuration};
use harness::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const FILE: &str = "[applications.web]\nmethods = [\"sms:code\"]\n\
    [applications.shop]\nmethods = [\"sms:code\"]\npreferred = \"sms:code\"\n";

async fn world() -> World {
    World::start(&configuration("thread", FILE)).await
}

/// Starts with this key, perhaps as this application.
async fn start(world: &World, key: &str, called_as: Option<&str>) -> Answer {
    let request = world.bare(Method::POST, "/v1/verifications").bearer_auth(key).json(&json!({ "to": ADA }));
    let request =
        called_as.into_iter().fold(request, |request, id| request.header("passrelay-application", id));
    world.ask(request.header("prefer", "wait=30")).await
}

async fn keys(world: &World) -> Vec<Value> {
    let answer = world.ask(world.operate(Method::GET, "/v1/keys")).await;
    answer.body["keys"].as_array().unwrap().clone()
}

async fn revoke(world: &World, id: &str) -> Answer {
    world.ask(world.operate(Method::DELETE, &format!("/v1/keys/{id}"))).await
}

/// X1: an application calls with a key of its own, until the moment in which it is revoked.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_calls_as_its_application_until_it_is_revoked() {
    let world = world().await;
    let (id, key) = world.make_key(&json!({ "application": "web", "name": "ci" })).await;
    let started = start(&world, &key, Some("web")).await;
    assert_eq!(started.status, 201);
    let forbidden = start(&world, &key, Some("shop")).await;
    assert_eq!(forbidden.is_problem(403, "forbidden"), "the key is one of application `web` and of no other");
    let expected = json!([{
        "id": id, "scope": "application", "application": "web", "name": "ci", "created_at": "2026-01-02T03:04:05Z",
        "expires_at": null, "last_used_at": "2026-01-02T03:00:00Z",
    }]);
    assert_eq!(json!(keys(&world).await), expected);
    assert_eq!(revoke(&world, &id).await.status, 204);
    let refused = start(&world, &key, None).await;
    refused.is_problem(401, "unauthorized");
    assert_eq!(keys(&world).await, Vec::<Value>::new());
    revoke(&world, &id).await.is_problem(404, "key-not-found");
    revoke(&world, "%ff").await.is_problem(404, "key-not-found");
    world.stop().await;
}

/// Nobody learns from an answer how much of a key was right.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_a_wrong_and_an_expired_key_are_answered_alike() {
    let world = world().await;
    let (_, key) =
        world.make_key(&json!({ "application": "web", "expires_at": "2026-01-02T03:05:05Z" })).await;
    let end = if key.ends_with('0') { "1" } else { "0" };
    let wrong = format!("{}{end}", &key[..key.len() - 1]);
    let unknown = format!("prk_{}_{}", "0".repeat(16), "0".repeat(48));
    assert_eq!(start(&world, &key, None).await.status, 201);
    let nobody = start(&world, "nobody", None).await;
    nobody.is_problem(401, "unauthorized");
    for key in [wrong.as_str(), &unknown, "prk_", &key.to_uppercase()] {
        start(&world, key, None).await;
        assert_eq!(start(&world, key, None).await.body, nobody.body);
    }
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(start(&world, &key, None).await.body, nobody.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_account_says_as_whom_it_calls() {
    let world = world().await;
    let (_, key) = world.make_key(&json!({ "scope": "account" })).await;
    let started = start(&world, &key, Some("shop")).await;
    assert_eq!(started.status, 201);
    let fetch = |called_as: &str| {
        let request = world.bare(Method::GET, &started.path()).bearer_auth(&key);
        request.header("passrelay-application", called_as)
    };
    assert_eq!(world.ask(fetch("shop")).await.status, 200);
    world.ask(fetch("web")).await.is_problem(404, "verification-not-found");
    for (called_as, told) in [
        (None, "`passrelay-application`: the key is good for every application: the header says which"),
        (Some("nobody"), "`passrelay-application`: there is no application of this id"),
    ] {
        assert_eq!(start(&world, &key, called_as).await.is_problem(400, "invalid-request"), told);
    }
    let (_, operators) = world.make_key(&json!({ "scope": "operator" })).await;
    let told = "the key is good for operator routes only";
    assert_eq!(start(&world, &operators, Some("web")).await.is_problem(403, "forbidden"), told);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_told_all_at_once_by_field() {
    let world = world().await;
    for (body, fields) in [
        (json!({}), vec!["application"]),
        (json!({ "application": "nobody" }), vec!["application"]),
        (
            json!({ "scope": "admin", "name": "a\nb", "expires_at": "tomorrow" }),
            vec!["scope", "name", "expires_at"],
        ),
        (json!({ "scope": "operator", "application": "web" }), vec!["application"]),
        (json!({ "scope": "account", "expires_at": "2026-01-02T03:04:05Z" }), vec!["expires_at"]),
        (json!({ "application": "web", "key": "prk_mine" }), vec!["key"]),
        (json!({ "application": 7 }), vec!["application"]),
    ] {
        let answer = world.ask(world.operate(Method::POST, "/v1/keys").json(&body)).await;
        answer.is_problem(400, "invalid-request");
        let told: Vec<_> =
            answer.body["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        assert_eq!(told, fields, "{}", answer.body);
    }
    assert_eq!(keys(&world).await, Vec::<Value>::new());
    world.stop().await;
}
