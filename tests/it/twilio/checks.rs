//! Checks: right once, wrong without an error, five times and no more.

use super::{ACCOUNT, ADA, WEB, check, code, service, started, world, wrong};
use serde_json::json;

/// T2, T44, T45, T46, T50, T51, T63
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_pending_and_the_right_one_is_approved_once() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let sid = started(&world, &service).await;
    let code = code(&world).await;
    let answer = |status: &str, valid: bool| {
        json!({
            "sid": sid, "service_sid": service.trim_start_matches("/Services/"), "account_sid": ACCOUNT, "to": ADA,
            "channel": "sms", "status": status, "valid": valid, "amount": null, "payee": null,
            "sna_attempts_error_codes": [], "date_created": "2026-01-02T03:04:05Z",
            "date_updated": "2026-01-02T03:04:05Z",
        })
    };
    assert_eq!(check(&world, &service, &wrong(&code)).await.ok(200), &answer("pending", false));
    let form = [("VerificationSid", sid.as_str()), ("Code", &wrong(&code))];
    let by_sid = world.submit(&format!("{service}/VerificationCheck"), &form).await;
    assert_eq!(by_sid.ok(200), &answer("pending", false));
    let typed = format!("{} {}", &code[..3], &code[3..]);
    assert_eq!(check(&world, &service, &typed).await.ok(200), &answer("approved", true));
    for code in [code.as_str(), &wrong(&code)] {
        check(&world, &service, code).await.refuses(404, 20404);
    }
    world.look(&format!("{service}/Verifications/{sid}")).await.refuses(404, 20404);
    world.stop().await;
}

/// T55, T59: the sixth check is 60202, and giving it up makes room.
#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_check_is_refused_and_another_may_start_once_this_one_is_given_up() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let sid = started(&world, &service).await;
    let code = code(&world).await;
    for _ in 0..5 {
        assert_eq!(check(&world, &service, &wrong(&code)).await.ok(200)["status"], "pending");
    }
    for _ in 0..2 {
        check(&world, &service, &code).await.refuses(429, 60202);
    }
    let path = format!("{service}/Verifications/{sid}");
    assert_eq!(world.look(&path).await.ok(200)["status"], "max_attempts_reached");
    let given_up = world.submit(&path, &[("Status", "canceled")]).await;
    assert_eq!(given_up.ok(200)["status"], "max_attempts_reached");
    assert_ne!(started(&world, &service).await, sid);
    world.stop().await;
}

/// T25
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_checks_once_judges_one_code() {
    let world = world().await;
    let service = service(&world, &[("DoForceCheckOnce", "true")]).await;
    started(&world, &service).await;
    let code = code(&world).await;
    assert_eq!(check(&world, &service, &wrong(&code)).await.ok(200)["valid"], false);
    check(&world, &service, &code).await.refuses(429, 60202);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_needs_a_code_and_somebody_and_finds_no_strangers_verification() {
    let world = world().await;
    let (one, other) = (service(&world, &[]).await, service(&world, &[]).await);
    let sid = started(&world, &one).await;
    let code = code(&world).await;
    let path = |service: &str| format!("{service}/VerificationCheck");
    world.submit(&path(&one), &[("To", ADA)]).await.refuses(400, 60200);
    world.submit(&path(&one), &[("To", ADA), ("Code", " - ")]).await.refuses(400, 60200);
    world.submit(&path(&one), &[("Code", &code)]).await.refuses(400, 60221);
    world.submit(&path(&one), &[("VerificationSid", "VE1"), ("Code", &code)]).await.refuses(404, 20404);
    for service in [other.as_str(), &format!("/Services/{WEB}"), "/Services/VA1"] {
        world.submit(&path(service), &[("To", ADA), ("Code", &code)]).await.refuses(404, 20404);
        let by_sid = [("VerificationSid", sid.as_str()), ("Code", &code)];
        world.submit(&path(service), &by_sid).await.refuses(404, 20404);
    }
    world.submit(&path(&one), &[("To", "+447700900124"), ("Code", &code)]).await.refuses(404, 20404);
    assert_eq!(check(&world, &one, &code).await.ok(200)["valid"], true);
    world.stop().await;
}

/// Wrong codes of one recipient are counted over verifications, and told as Twilio tells the sixth of one.
#[tokio::test(flavor = "multi_thread")]
async fn too_many_wrong_codes_over_two_verifications_are_told_as_too_many_checks() {
    let text =
        super::configuration("").replace("[twilio]", "[limits]\nfailed_checks = \"3 per 1h\"\n[twilio]");
    let world = harness::World::start(&text).await;
    let service = service(&world, &[]).await;
    let first = started(&world, &service).await;
    let wrong_one = wrong(&code(&world).await);
    for _ in 0..2 {
        check(&world, &service, &wrong_one).await.ok(200);
    }
    let path = format!("{service}/Verifications/{first}");
    world.submit(&path, &[("Status", "canceled")]).await.ok(200);
    assert_ne!(started(&world, &service).await, first);
    super::delivered(&world, 2).await;
    let right = world.code_for(ADA);
    check(&world, &service, &wrong(&right)).await.ok(200);
    let refused = check(&world, &service, &right).await;
    refused.refuses(429, 60202);
    assert_eq!(refused.header("retry-after"), "3600");
    world.stop().await;
}
