//! `GET /metrics`: what happened is counted, and nothing of whom it happened to.

use super::{configuration, world};
use harness::World;
use reqwest::Method;
use serde_json::json;

const ADA: &str = "+447700900123";

async fn scraped(world: &World) -> String {
    let response = world.operate(Method::GET, "/metrics").send().await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_checks_deliveries_and_refusals_are_counted() {
    let own = "[applications.web]\napi_keys = [\"key-of-web-0123456789\"]\nmethods = [\"sms:code\"]\n";
    let world = world("thread", own).await;
    let started = world.begin(&json!({"to": ADA, "method": "sms:code"})).await;
    assert_eq!(started.status, 201, "{}", started.body);
    world
        .post("/v1/verifications", &json!({"to": ADA, "method": "sms:code"}))
        .await
        .is_problem(429, "resend-too-soon");
    let code = world.code_for(ADA);
    world.check(&started.path(), "wrong1").await;
    world.check(&started.path(), &code).await;
    world.check(&started.path(), &code).await.is_problem(409, "verification-approved");
    world.get("/v1/verifications/%2B447700900123").await.is_problem(404, "verification-not-found");
    world.ask(world.request(Method::GET, "/no/+447700900123")).await.is_problem(404, "no-route");
    let text = scraped(&world).await;
    for line in [
        "passrelay_starts_total{kind=\"new\"} 1",
        "passrelay_checks_total{verdict=\"right\"} 1",
        "passrelay_checks_total{verdict=\"wrong\"} 1",
        "passrelay_approvals_total 1",
        "passrelay_deliveries_total{provider=\"dry_run\",outcome=\"sent\",failure=\"\"} 1",
        "passrelay_delivery_duration_seconds_count{provider=\"dry_run\"} 1",
        "passrelay_problems_total{method=\"POST\",route=\"/v1/verifications\",problem=\"resend-too-soon\"} 1",
        "passrelay_problems_total{method=\"GET\",route=\"none\",problem=\"no-route\"} 1",
        "passrelay_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/verifications/{id}/checks\",status=\"2xx\"} 2",
        "passrelay_provider_state{provider=\"dry_run\",state=\"ready\"} 1",
        "passrelay_lane_depth{provider=\"dry_run\"} 0",
        "passrelay_lane_places{provider=\"dry_run\"} 1024",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    let id = started.body["id"].as_str().unwrap();
    assert!(!text.contains("7700900") && !text.contains(&code) && !text.contains(id), "{text}");
    world.bare(Method::GET, "/metrics").send().await.map(|public| assert_eq!(public.status(), 404)).unwrap();
    world.stop().await;
}

/// A stranger cannot make series: an unknown route is one, an unknown method is one.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_make_no_series() {
    let world = World::start(&configuration("thread", "")).await;
    let series = |text: &str| {
        text.lines().filter(|line| line.starts_with("passrelay_http_request_duration_seconds_count")).count()
    };
    world.ask(world.bare(Method::from_bytes(b"BREW").unwrap(), "/coffee/0")).await;
    scraped(&world).await;
    let before = series(&scraped(&world).await);
    for pot in 1..20 {
        let method = Method::from_bytes(format!("BREW{pot}").as_bytes()).unwrap();
        world.ask(world.bare(method, &format!("/coffee/{pot}?x={pot}"))).await;
    }
    assert_eq!(series(&scraped(&world).await), before);
    world.stop().await;
}
