//! One verification, several faces; and no face where nobody asked for it.

use super::{ADA, ask, begin, check, configuration, world};
use harness::World;
use reqwest::Method;
use serde_json::json;

/// Whatever face started it, the other shows and checks it.
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_is_the_same_in_both_faces() {
    let world = world().await;
    let started = begin(&world, &json!({ "to": ADA })).await;
    let native = started.path().replace("/otp/", "/v1/verifications/ver_").replace('-', "");
    let shown = world.get(&native).await;
    assert_eq!(
        (&shown.body["status"], &shown.body["recipient"]),
        (&json!("pending"), &json!("+44•••••••123"))
    );
    assert_eq!(world.check(&native, "x").await.body["checks_left"], 4);
    assert_eq!(ask(&world, Method::GET, &started.path(), None).await.body["attempts"], 1);
    assert_eq!(world.check(&native, &world.code_for(ADA)).await.body["valid"], true);
    assert_eq!(ask(&world, Method::GET, &started.path(), None).await.body["status"], "VERIFIED");

    // A native start is no resend of it, nor the other way round: SMS.CX starts take the place of what is pending.
    let begun = world.begin(&json!({ "to": ADA })).await;
    let otp = begun.path().replace("/v1/verifications/ver_", "");
    let parts = [&otp[..8], &otp[8..12], &otp[12..16], &otp[16..20], &otp[20..]].join("-");
    let right = check(&world, &format!("/otp/{parts}"), &world.code_for(ADA)).await;
    assert_eq!(right.body, json!({ "status": "VERIFIED" }));
    assert_eq!(world.get(&begun.path()).await.body["status"], "approved");
    let begun = world.begin(&json!({ "to": ADA })).await;
    begin(&world, &json!({ "to": ADA })).await;
    assert_eq!(world.get(&begun.path()).await.body["status"], "canceled");

    let mail = world.begin(&json!({ "to": "ada@example.com" })).await;
    let otp = mail.path().replace("/v1/verifications/ver_", "");
    let parts = [&otp[..8], &otp[8..12], &otp[12..16], &otp[16..20], &otp[20..]].join("-");
    let path = format!("/otp/{parts}");
    ask(&world, Method::GET, &path, None).await.is(404, "not_found", 2021);
    check(&world, &path, "x").await.is(404, "not_found", 2021);
    ask(&world, Method::DELETE, &path, None).await.is(404, "not_found", 2021);
    let untouched = world.get(&mail.path()).await;
    assert_eq!((&untouched.body["status"], &untouched.body["checks_left"]), (&json!("pending"), &json!(5)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_table_there_is_no_such_face() {
    let world = World::start(&configuration().replace("[smscx]\n", "")).await;
    for path in ["/otp", "/oauth/token"] {
        world.post(path, &json!({ "to": ADA })).await.is_problem(404, "no-route");
    }
    world.stop().await;
}
