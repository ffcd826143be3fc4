//! How often codes of an authenticator app may be guessed, and who ends a lock.

use super::{
    totp::{SECRET, challenge, enrolled, entities, shown},
    world,
};
use harness::World;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_short_code_is_asked_for_ten_times_a_day() {
    let world = world().await;
    let path = format!("{}/user-0001/Factors", entities());
    let form = [
        ("FriendlyName", "phone"),
        ("FactorType", "totp"),
        ("Config.CodeLength", "4"),
        ("Binding.Secret", SECRET),
    ];
    let made = world.submit(&path, &form).await;
    let factor = format!("{path}/{}", made.text("sid"));
    let six = shown(&world, SECRET, 0);
    world.submit(&factor, &[("AuthPayload", &six[2..])]).await.ok(200);
    for _ in 0..10 {
        challenge(&world, &factor, &[]).await.ok(201);
    }
    let refused = challenge(&world, &factor, &[]).await;
    refused.refuses(429, 60312);
    assert_eq!(refused.header("retry-after"), "86400");
    world.clock.advance(Duration::from_hours(24));
    challenge(&world, &factor, &[]).await.ok(201);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_codes_within_an_hour_hold_the_next_back_whatever_is_challenged() {
    let world = world().await;
    let (factor, secret) = enrolled(&world, &format!("{}/user-0001", entities())).await;
    let wrong = super::wrong(&shown(&world, &secret, 0));
    for _ in 0..10 {
        challenge(&world, &factor, &[("AuthPayload", &wrong)]).await.ok(201);
    }
    let asked = challenge(&world, &factor, &[]).await;
    let waits = format!("{}/user-0001/Challenges/{}", entities(), asked.text("sid"));
    let right = shown(&world, &secret, 0);
    for refused in [
        challenge(&world, &factor, &[("AuthPayload", &right)]).await,
        world.submit(&waits, &[("AuthPayload", &right)]).await,
    ] {
        refused.refuses(429, 60312);
        assert_eq!(refused.header("retry-after"), "3600");
    }
    world.clock.advance(Duration::from_hours(1));
    let right = shown(&world, &secret, 0);
    let proved = challenge(&world, &factor, &[("AuthPayload", &right)]).await;
    assert_eq!(proved.ok(201)["status"], "approved");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_frees_a_factor_that_too_many_wrong_codes_in_a_row_ended() {
    let world = World::start(&super::configuration("[limits]\nfailed_checks_in_a_row = 3\n")).await;
    let (factor, secret) = enrolled(&world, &format!("{}/user-0001", entities())).await;
    let right = shown(&world, &secret, 0);
    let wrong = super::wrong(&right);
    for _ in 0..3 {
        challenge(&world, &factor, &[("AuthPayload", &wrong)]).await.ok(201);
    }
    let refused = challenge(&world, &factor, &[("AuthPayload", &right)]).await;
    refused.refuses(429, 60312);
    assert!(!refused.headers.contains_key("retry-after"), "time alone does not help");
    let about = json!({ "application": "web", "entity": "user-0001" });
    for (what, used) in [("find", 3), ("free", 0)] {
        let told = world.ask(world.operate(Method::POST, &format!("/v1/limits/{what}")).json(&about)).await;
        let row = json!({ "name": "failed_checks_in_a_row_per_factor", "used": used, "quota": 3, "locked": used == 3 });
        assert_eq!((told.status, &told.body["limits"][1]), (200, &row));
    }
    let proved = challenge(&world, &factor, &[("AuthPayload", &right)]).await;
    assert_eq!(proved.ok(201)["status"], "approved");
    world.stop().await;
}
