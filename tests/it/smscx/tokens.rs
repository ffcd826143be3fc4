//! `POST /oauth/token`: an application's id and secret for a token, which ends with its API key.

use super::{ADA, Answer, basic, begin, configuration, hear, settled, world};
use harness::{KEY, World};
use reqwest::{Client, Method};
use serde_json::json;
use std::time::Duration;

async fn token(world: &World, id: &str, secret: &str) -> Answer {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(format!("http://{}/oauth/token", world.address()))
        .header("authorization", basic(id, secret))
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body("grant_type=client_credentials&scope=sms+otp");
    hear(request.send().await.unwrap()).await
}

async fn with_token(world: &World, token: &Answer) -> Answer {
    let client = Client::builder().no_proxy().build().unwrap();
    let token = token.body["access_token"].as_str().unwrap();
    let request = client.post(format!("http://{}/otp", world.address())).bearer_auth(token);
    hear(request.json(&json!({ "to": ADA })).send().await.unwrap()).await
}

/// X1, X2
#[tokio::test(flavor = "multi_thread")]
async fn a_token_lives_a_day_and_no_longer_than_its_api_key() {
    let world = world().await;
    let of_file = token(&world, "web", KEY).await;
    assert_eq!((of_file.status, &of_file.body["expires_in"]), (200, &json!(86_400)));
    assert_eq!((&of_file.body["token_type"], &of_file.body["scope"]), (&json!("Bearer"), &json!("otp")));
    assert_eq!(with_token(&world, &of_file).await.status, 201);
    let (id, key) = world.make_key(&json!({ "scope": "application", "application": "web" })).await;
    let made = token(&world, "web", &key).await;
    assert_eq!(with_token(&world, &made).await.status, 201);
    world.operate(Method::DELETE, &format!("/v1/keys/{id}")).send().await.unwrap();
    with_token(&world, &made).await.is(401, "invalid_client", 401);
    for (id, secret) in [("web", "key-of-other-0123456789"), ("web", &key), ("nobody", KEY), ("web", "")] {
        token(&world, id, secret).await.is(401, "invalid_client", 1600);
    }
    for answer in [&of_file, &made] {
        world.keeps_secret(answer.body["access_token"].as_str().unwrap());
    }
    world.clock.advance(Duration::from_hours(24));
    with_token(&world, &of_file).await.is(401, "invalid_client", 401);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_be_told_to_last() {
    let world =
        World::start(&configuration().replace("[smscx]\n", "[smscx]\ntoken_life = \"endless\"\n")).await;
    let endless = token(&world, "web", KEY).await;
    assert_eq!(endless.body["expires_in"], 315_360_000);
    world.clock.advance(Duration::from_hours(24 * 365 * 20));
    assert_eq!(with_token(&world, &endless).await.status, 201);
    world.stop().await;
}

/// A token counts for the limit of the API key that it was made from.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_its_api_key_share_one_limit() {
    let limit = "\n[applications.web.limits]\nsends_per_api_key = \"2 per 1h\"\n";
    let world = World::start(&(configuration() + limit)).await;
    let first = token(&world, "web", KEY).await;
    let started = begin(&world, &json!({ "to": "+33612424100" })).await;
    assert_eq!(started.header("x-rate-limit-remaining"), "1", "the nearest limit is told");
    let second = with_token(&world, &first).await;
    assert_eq!((second.status, second.header("x-rate-limit-remaining")), (201, "0"));
    settled(&world, &second.path()).await;
    let refused = with_token(&world, &token(&world, "web", KEY).await).await;
    refused.is(429, "rate_limit", 429);
    assert_eq!(refused.header("retry-after"), "3600");
    world.stop().await;
}
