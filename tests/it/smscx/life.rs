//! The states of an OTP: `PENDING`, then one of four that are final.

use super::{ADA, ask, begin, check, world};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

/// X13, X15, X24, X28, X33–X36
#[tokio::test(flavor = "multi_thread")]
async fn an_otp_is_verified_fails_expires_or_is_cancelled() {
    let world = world().await;
    let status = async |path: &str| ask(&world, Method::GET, path, None).await.body["status"].clone();
    let started = begin(&world, &json!({ "to": ADA, "maxAttempts": 2 })).await;
    let pin = world.code_for(ADA);
    check(&world, &started.path(), "x").await.is(400, "invalid_pin", 2029);
    let right = check(&world, &started.path(), &pin).await;
    assert_eq!((right.status, &right.body), (200, &json!({ "status": "VERIFIED" })));
    assert_eq!(right.header("x-rate-limit-limit"), "10");
    check(&world, &started.path(), &pin).await.is(400, "otp_verified", 2023);
    ask(&world, Method::DELETE, &started.path(), None).await.is(403, "access_denied", 2031);
    let shown = ask(&world, Method::GET, &started.path(), None).await;
    assert_eq!((&shown.body["status"], &shown.body["attempts"]), (&json!("VERIFIED"), &json!(1)));

    let started = begin(&world, &json!({ "to": ADA, "maxAttempts": 2 })).await;
    check(&world, &started.path(), "x").await.is(400, "invalid_pin", 2029);
    check(&world, &started.path(), "x").await.is(400, "otp_failed", 2027);
    check(&world, &started.path(), &world.code_for(ADA)).await.is(400, "otp_failed", 2026);
    assert_eq!(status(&started.path()).await, "FAILED");

    let started = begin(&world, &json!({ "to": ADA, "ttl": 60 })).await;
    world.clock.advance(Duration::from_mins(1));
    check(&world, &started.path(), &world.code_for(ADA)).await.is(400, "otp_expired", 2025);
    assert_eq!(status(&started.path()).await, "EXPIRED");

    let started = begin(&world, &json!({ "to": ADA })).await;
    let canceled = ask(&world, Method::DELETE, &started.path(), None).await;
    let expected = json!({ "info": { "id": started.body["otpId"] } });
    assert_eq!((canceled.status, &canceled.body), (200, &expected));
    ask(&world, Method::DELETE, &started.path(), None).await.is(403, "access_denied", 2030);
    check(&world, &started.path(), &world.code_for(ADA)).await.is(400, "otp_cancelled", 2024);
    assert_eq!(status(&started.path()).await, "CANCELLED");
    world.stop().await;
}
