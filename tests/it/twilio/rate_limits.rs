//! Rate limits of a caller's own: a start that names one comes under each of its buckets.

use super::{ACCOUNT, WEB, service, world};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_names_a_limit_comes_under_each_of_its_buckets() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let limits = format!("{service}/RateLimits");
    let made = world.submit(&limits, &[("UniqueName", "end_user_ip"), ("Description", "by address")]).await;
    let sid = made.text("sid").to_owned();
    let url = format!("http://{}/v2{limits}/{sid}", world.address());
    let service_sid = service.trim_start_matches("/Services/");
    let expected = json!({
        "sid": sid, "service_sid": service_sid, "account_sid": ACCOUNT, "unique_name": "end_user_ip",
        "description": "by address", "date_created": "2026-01-02T03:04:05Z", "date_updated": "2026-01-02T03:04:05Z",
        "url": url, "links": { "buckets": format!("{url}/Buckets") },
    });
    assert_eq!(made.ok(201), &expected);
    assert!(sid.starts_with("RK") && sid.len() == 34);
    let buckets = format!("{limits}/{sid}/Buckets");
    let bucket = world.submit(&buckets, &[("Max", "2"), ("Interval", "60")]).await;
    let bucket_sid = bucket.text("sid").to_owned();
    let expected_bucket = json!({
        "sid": bucket_sid, "rate_limit_sid": sid, "service_sid": service_sid, "account_sid": ACCOUNT, "max": 2,
        "interval": 60, "date_created": "2026-01-02T03:04:05Z", "date_updated": "2026-01-02T03:04:05Z",
        "url": format!("http://{}/v2{buckets}/{bucket_sid}", world.address()),
    });
    assert_eq!(bucket.ok(201), &expected_bucket);
    world.submit(&buckets, &[("Max", "3"), ("Interval", "3600")]).await.ok(201);

    let named = json!({ "end_user_ip": "192.0.2.1" }).to_string();
    let start = async |at: u32, limits: &str| {
        let to = format!("+4477009001{at:02}");
        let form = [("To", to.as_str()), ("Channel", "sms"), ("RateLimits", limits)];
        world.submit(&format!("{service}/Verifications"), &form).await
    };
    start(1, &named).await.ok(201);
    start(2, &named).await.ok(201);
    let refused = start(3, &named).await;
    refused.refuses(429, 20429);
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.header("twilio-reached-rate-limit"), "end_user_ip");
    assert!(refused.text("message").contains("`end_user_ip`"), "{}", refused.body);
    // Another address, and a start that names none, are counted elsewhere or not at all.
    start(3, &json!({ "end_user_ip": "192.0.2.2" }).to_string()).await.ok(201);
    start(4, "").await.ok(201);
    start(5, &json!({ "nobody": "x" }).to_string()).await.refuses(400, 60200);
    world.clock.advance(Duration::from_mins(1));
    start(6, &named).await.ok(201);
    start(7, &named).await.refuses(429, 20429);

    assert_eq!(world.look(&limits).await.ok(200)["rate_limits"], json!([expected]));
    assert_eq!(world.look(&buckets).await.ok(200)["buckets"].as_array().unwrap().len(), 2);
    let path = format!("{buckets}/{bucket_sid}");
    assert_eq!(world.look(&path).await.ok(200), &expected_bucket);
    assert_eq!(world.submit(&path, &[("Max", "9")]).await.ok(200)["max"], 9);
    world.submit(&path, &[("Interval", "3600")]).await.refuses(400, 60211);
    let described = world.submit(&format!("{limits}/{sid}"), &[("Description", "other")]).await;
    assert_eq!(described.ok(200)["description"], "other");
    assert_eq!(world.tell(world.account(Method::DELETE, &path)).await.status, 204);
    world.look(&path).await.refuses(404, 20404);
    assert_eq!(world.tell(world.account(Method::DELETE, &format!("{limits}/{sid}"))).await.status, 204);
    world.look(&format!("{limits}/{sid}")).await.refuses(404, 20404);
    super::delivered(&world, 5).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_limit_cannot_be_is_told_with_its_code() {
    let world = world().await;
    let limits = format!("{}/RateLimits", service(&world, &[]).await);
    for (name, code) in [("", 60200), ("a b", 60209), ("ä", 60209), ("a/b", 60209)] {
        world.submit(&limits, &[("UniqueName", name)]).await.refuses(400, code);
    }
    for at in 0..10 {
        world.submit(&limits, &[("UniqueName", &format!("limit-{at}"))]).await.ok(201);
    }
    world.submit(&limits, &[("UniqueName", "limit-3")]).await.refuses(400, 60208);
    world.submit(&limits, &[("UniqueName", "another")]).await.refuses(400, 60207);
    let first = world.look(&limits).await.body["rate_limits"][0]["sid"].as_str().unwrap().to_owned();
    let buckets = format!("{limits}/{first}/Buckets");
    for form in [vec![("Max", "1")], vec![("Interval", "1")], vec![("Max", "0"), ("Interval", "1")]] {
        world.submit(&buckets, &form).await.refuses(400, 60200);
    }
    for at in 1..=5 {
        world.submit(&buckets, &[("Max", "1"), ("Interval", &at.to_string())]).await.ok(201);
    }
    world.submit(&buckets, &[("Max", "1"), ("Interval", "6")]).await.refuses(400, 60210);
    world.submit(&format!("/Services/{WEB}/RateLimits"), &[("UniqueName", "x")]).await.refuses(403, 60204);
    world.stop().await;
}

/// The caller's own limit is told where one of ours is used up with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_callers_own_limit_is_told_before_ours() {
    let limit = "[limits]\nsends_per_recipient = \"1 per 1h\"\n[twilio]";
    let world = harness::World::start(&super::configuration("").replace("[twilio]", limit)).await;
    let service = service(&world, &[]).await;
    let limits = format!("{service}/RateLimits");
    let made = world.submit(&limits, &[("UniqueName", "end_user_ip")]).await;
    let buckets = format!("{limits}/{}/Buckets", made.text("sid"));
    world.submit(&buckets, &[("Max", "1"), ("Interval", "60")]).await.ok(201);
    let named = json!({ "end_user_ip": "192.0.2.1" }).to_string();
    let form = [("To", super::ADA), ("Channel", "sms"), ("RateLimits", named.as_str())];
    let path = format!("{service}/Verifications");
    world.submit(&path, &form).await.ok(201);
    world.submit(&path, &form).await.refuses(429, 20429);
    world.submit(&path, &form[..2]).await.refuses(429, 60203);
    super::delivered(&world, 1).await;
    world.stop().await;
}
