//! An OTP as it is shown, checked and cancelled.

use super::*;

/// X21–X24, X27–X29, X31–X35
#[tokio::test]
async fn an_otp_is_shown_and_verified_once() {
    let house = house();
    let (id, code) = begun(&house).await;
    let shown = ask(&house, Method::GET, &format!("/otp/{id}"), &[KEY], "").await;
    let expected = json!({
        "otpId": id, "trackId": null, "phoneNumber": "+447700900123", "countryIso": "GB", "status": "PENDING",
        "cost": 0.0, "parts": 1, "maxAttempts": 3, "attempts": 0, "ttl": 600, "otpCallbackUrl": null,
        "dateCreated": "2023-11-14 22:13:20", "dateExpires": "2023-11-14 22:23:20",
    });
    assert_eq!((shown.status, &shown.body), (200, &expected));
    shown.is_dressed();
    check(&house, &id, "000000x").await.is(400, "invalid_pin", 2029);
    let right = check(&house, &id, &code).await;
    assert_eq!((right.status, &right.body), (200, &json!({ "status": "VERIFIED" })));
    check(&house, &id, &code).await.is(400, "otp_verified", 2023);
    let shown = ask(&house, Method::GET, &format!("/otp/{id}"), &[KEY], "").await;
    assert_eq!((&shown.body["status"], &shown.body["attempts"]), (&json!("VERIFIED"), &json!(1)));
    let canceled = ask(&house, Method::DELETE, &format!("/otp/{id}"), &[KEY], "").await;
    canceled.is(403, "access_denied", 2031);
    let others = ask(&house, Method::GET, &format!("/otp/{id}"), &[("x-api-key", "key-of-shop")], "").await;
    others.is(404, "not_found", 2021);
}

/// X13, X15, X36
#[tokio::test]
async fn an_otp_fails_expires_or_is_cancelled_and_says_so() {
    let house = house();
    let (id, code) = begun(&house).await;
    for _ in 0..2 {
        check(&house, &id, "000000x").await.is(400, "invalid_pin", 2029);
    }
    check(&house, &id, "000000x").await.is(400, "otp_failed", 2027);
    check(&house, &id, &code).await.is(400, "otp_failed", 2026);

    house.hand.advance(Duration::from_secs(30));
    let (id, code) = begun(&house).await;
    let canceled = ask(&house, Method::DELETE, &format!("/otp/{id}"), &[KEY], "").await;
    assert_eq!((canceled.status, &canceled.body), (200, &json!({ "info": { "id": id } })));
    check(&house, &id, &code).await.is(400, "otp_cancelled", 2024);
    ask(&house, Method::DELETE, &format!("/otp/{id}"), &[KEY], "").await.is(403, "access_denied", 2030);

    let (id, code) = begun(&house).await;
    house.hand.advance(Duration::from_mins(10));
    check(&house, &id, &code).await.is(400, "otp_expired", 2025);
    let shown = ask(&house, Method::GET, &format!("/otp/{id}"), &[KEY], "").await;
    assert_eq!(shown.body["status"], "EXPIRED");
}

#[tokio::test]
async fn a_pin_is_one_text_and_nothing_else_is_asked() {
    let house = house();
    let (id, _) = begun(&house).await;
    let path = format!("/otp/{id}");
    for body in [
        json!({}),
        json!({ "pin": "" }),
        json!({ "pin": " " }),
        json!({ "pin": 123_456 }),
        json!({ "pin": null }),
    ] {
        post(&house, &path, &body).await.is(400, "invalid_param", 2022);
    }
    post(&house, &path, &json!({ "pin": "1".repeat(300) })).await.is(400, "invalid_param", 2022);
    post(&house, &path, &json!({ "pin": "123456", "code": "1" })).await.is(400, "invalid_body", 400);
    let shown = ask(&house, Method::GET, &path, &[KEY], "").await;
    assert_eq!(shown.body["attempts"], 0, "nothing was checked");
}
