//! Verifications: started, started again, looked at, given up, vouched for.

use super::{ACCOUNT, ADA, WEB, check, code, delivered, service, started, world};
use serde_json::json;
use std::time::Duration;

/// T1, T29, T30, T41, T49: an answer to the letter, and another start is a resend with the same SID and the same code.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_answers_every_field_and_a_second_one_is_a_resend_whatever_its_channel() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let path = format!("{service}/Verifications");
    let first = world.submit(&path, &[("To", ADA), ("Channel", "sms")]).await;
    let (sid, sends) = (first.text("sid").to_owned(), first.body["send_code_attempts"].clone());
    let service_sid = service.trim_start_matches("/Services/");
    let expected = json!({
        "sid": sid, "service_sid": service_sid, "account_sid": ACCOUNT, "to": ADA, "channel": "sms", "status": "pending",
        "valid": false, "lookup": {}, "amount": null, "payee": null, "send_code_attempts": sends,
        "date_created": "2026-01-02T03:04:05Z", "date_updated": "2026-01-02T03:04:05Z", "sna": null,
        "url": format!("http://{}/v2{path}/{sid}", world.address()),
    });
    assert_eq!(first.ok(201), &expected);
    assert!(sid.starts_with("VE") && sid.len() == 34, "{sid}");
    assert_eq!(sends[0]["channel"], "sms");
    assert_eq!(sends[0]["time"], "2026-01-02T03:04:05Z");
    assert!(sends[0]["attempt_sid"].as_str().unwrap().starts_with("VL"));
    let code = code(&world).await;

    world.clock.advance(Duration::from_secs(1));
    let second = world.submit(&path, &[("To", ADA), ("Channel", "call")]).await;
    assert_eq!((second.ok(201)["sid"].as_str(), second.text("channel")), (Some(sid.as_str()), "call"));
    let channels: Vec<_> =
        second.body["send_code_attempts"].as_array().unwrap().iter().map(|send| &send["channel"]).collect();
    assert_eq!(channels, [&json!("sms"), &json!("call")]);
    delivered(&world, 2).await;
    assert_eq!(world.code_for(ADA), code);
    let messages = world.messages();
    assert_eq!((&messages[0]["purpose"], &messages[1]["channel"]), (&json!("generic"), &json!("call")));
    let text = messages[0]["text"].as_str().unwrap();
    assert_eq!(text, format!("{code} is your My App code."));

    for name in [sid.as_str(), ADA, "%2B447700900123"] {
        let fetched = world.look(&format!("{path}/{name}")).await;
        assert_eq!((fetched.ok(200)["sid"].as_str(), fetched.text("to")), (Some(sid.as_str()), ADA));
        assert_eq!(fetched.body["send_code_attempts"].as_array().unwrap().len(), 2);
    }
    world.stop().await;
}

/// T48, T53: a canceled one stays, and its code is void.
#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_verification_stays_fetchable_and_its_code_is_void() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let sid = started(&world, &service).await;
    let code = code(&world).await;
    for name in [sid.as_str(), ADA] {
        let path = format!("{service}/Verifications/{name}");
        let canceled = world.submit(&path, &[("Status", "canceled")]).await;
        assert_eq!(
            (canceled.ok(200)["sid"].as_str(), canceled.text("status")),
            (Some(sid.as_str()), "canceled")
        );
        assert_eq!(world.look(&path).await.ok(200)["status"], "canceled");
    }
    check(&world, &service, &code).await.refuses(404, 20404);
    assert_ne!(started(&world, &service).await, sid, "the next one is another");
    world.stop().await;
}

/// Approved by the application's word, which is told with the update and gone afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_may_vouch_for_a_verification_once() {
    let world = world().await;
    let service = service(&world, &[("CustomCodeEnabled", "true")]).await;
    let form = [("To", ADA), ("Channel", "sms"), ("CustomCode", "ABC123")];
    let sid = world.submit(&format!("{service}/Verifications"), &form).await.text("sid").to_owned();
    assert_eq!(code(&world).await, "ABC123");
    let path = format!("{service}/Verifications/{sid}");
    let approved = world.submit(&path, &[("Status", "approved")]).await;
    assert_eq!((approved.text("status"), &approved.ok(200)["valid"]), ("approved", &json!(true)));
    world.submit(&path, &[("Status", "approved")]).await.refuses(404, 20404);
    world.submit(&path, &[("Status", "canceled")]).await.refuses(404, 20404);
    world.look(&path).await.refuses(404, 20404);
    check(&world, &service, "ABC123").await.refuses(404, 20404);
    for status in ["", "expired", "Approved"] {
        world.submit(&path, &[("Status", status)]).await.refuses(400, 60200);
    }
    world.stop().await;
}

/// T7, T27, T47, T52, T57: after ten minutes it is gone, and no resend makes it live longer.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_verification_is_gone() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let sid = started(&world, &service).await;
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(started(&world, &service).await, sid);
    let code = code(&world).await;
    world.clock.advance(Duration::from_secs(1));
    for name in [sid.as_str(), ADA] {
        world.look(&format!("{service}/Verifications/{name}")).await.refuses(404, 20404);
    }
    let message = check(&world, &service, &code).await.refuses(404, 20404).to_owned();
    assert_eq!(message, format!("The requested resource {service}/VerificationCheck was not found"));
    world.stop().await;
}

/// T8, T54, T59: five sends, and the sixth is 60203.
#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_send_is_refused_with_a_time() {
    let world = world().await;
    let service = service(&world, &[]).await;
    for _ in 0..5 {
        started(&world, &service).await;
    }
    let refused = world.submit(&format!("{service}/Verifications"), &[("To", ADA), ("Channel", "sms")]).await;
    refused.refuses(429, 60203);
    assert_eq!(refused.header("retry-after"), "600");
    // A canceled one does not make room: the recipient's limit counts, too.
    let path = format!("{service}/Verifications/{ADA}");
    world.submit(&path, &[("Status", "canceled")]).await.ok(200);
    let refused = world.submit(&format!("{service}/Verifications"), &[("To", ADA), ("Channel", "sms")]).await;
    refused.refuses(429, 60203);
    // Another Service has its own count.
    started(&world, &format!("/Services/{WEB}")).await;
    world.stop().await;
}

/// T60: a pause of the file's application is told as Twilio's too many at once, with the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_an_application_has_is_told_with_its_time() {
    let world = world().await;
    let service = format!("/Services/{WEB}");
    started(&world, &service).await;
    let refused = world.submit(&format!("{service}/Verifications"), &[("To", ADA), ("Channel", "sms")]).await;
    refused.refuses(429, 60212);
    assert_eq!(refused.header("retry-after"), "30");
    world.stop().await;
}

/// T56
#[tokio::test(flavor = "multi_thread")]
async fn looking_more_than_60_times_a_minute_is_refused() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let sid = started(&world, &service).await;
    let path = format!("{service}/Verifications/{sid}");
    for _ in 0..60 {
        world.look(&path).await.ok(200);
    }
    let refused = world.look(&path).await;
    refused.refuses(429, 20429);
    assert_eq!(refused.header("retry-after"), "60");
    world.stop().await;
}

/// The native API and this face speak of one verification.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_face_starts_the_other_sees_and_checks() {
    let world = world().await;
    let service = format!("/Services/{WEB}");
    let native = world.begin(&json!({ "to": ADA })).await;
    let digits = native.path().rsplit('_').next().unwrap().to_owned();
    let fetched = world.look(&format!("{service}/Verifications/{ADA}")).await;
    assert_eq!(fetched.ok(200)["sid"], json!(format!("VE{digits}")));
    let code = world.code_for(ADA);
    assert_eq!(check(&world, &service, &code).await.ok(200)["status"], "approved");
    assert_eq!(world.get(&native.path()).await.body["status"], "approved");

    let sid = started(&world, &service).await;
    delivered(&world, 2).await;
    let path = format!("/v1/verifications/ver_{}", &sid[2..]);
    let code = world.code_for(ADA);
    assert_eq!(world.check(&path, &code).await.body["valid"], true);
    check(&world, &service, &code).await.refuses(404, 20404);
    world.stop().await;
}
