//! Attempts and their summary: where somebody looks first when no code arrived.

use super::{ACCOUNT, ADA, WEB, check, code, configuration, delivered, service, started, world};
use harness::World;
use serde_json::json;
use std::time::Duration;

/// Waits until no attempt is under way, and hands them out, newest first.
async fn settled(world: &World, query: &str) -> Vec<serde_json::Value> {
    let all = async {
        loop {
            let found = world.look(&format!("/Attempts{query}")).await;
            let attempts = found.ok(200)["attempts"].as_array().unwrap().clone();
            if attempts.iter().all(|attempt| attempt["channel_data"]["message_status"] != "queued") {
                return attempts;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.unwrap()
}

/// T64, T66: every field of an attempt, by each filter.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_says_what_became_of_a_message_and_is_found_by_each_filter() {
    let text = configuration("")
        .replace("[twilio]", "[providers.dry_run.prices]\n\"+44\" = \"0.0463 GBP\"\n[twilio]");
    let world = World::start(&text).await;
    let service = service(&world, &[]).await;
    let sid = started(&world, &service).await;
    let code = code(&world).await;
    world.clock.advance(Duration::from_mins(1));
    let mail = [("To", "ada@example.com"), ("Channel", "email")];
    world.submit(&format!("{service}/Verifications"), &mail).await.ok(201);
    delivered(&world, 2).await;
    assert_eq!(check(&world, &service, &code).await.ok(200)["valid"], true);

    let all = settled(&world, "").await;
    let attempt = all[1]["sid"].as_str().unwrap().to_owned();
    let service_sid = service.trim_start_matches("/Services/");
    let expected = json!({
        "sid": attempt, "account_sid": ACCOUNT, "service_sid": service_sid, "verification_sid": sid,
        "date_created": "2026-01-02T03:04:05Z", "date_updated": "2026-01-02T03:05:05Z",
        "conversion_status": "converted", "channel": "sms", "price": { "value": "0.0463", "currency": "gbp" },
        "channel_data": {
            "to": ADA, "status": "confirmed", "message_status": "sent", "error_code": null, "country": "GB",
            "code_length": 6, "locale": null, "mcc": null, "mnc": null, "carrier": null,
        },
        "url": format!("http://{}/v2/Attempts/{attempt}", world.address()),
    });
    assert_eq!(all[1], expected);
    assert_eq!(world.look(&format!("/Attempts/{attempt}")).await.ok(200), &expected);
    assert_eq!((&all[0]["channel"], &all[0]["conversion_status"]), (&json!("email"), &json!("unconverted")));

    for (query, found) in [
        ("?Channel=sms".to_owned(), 1),
        ("?Channel=email".to_owned(), 1),
        ("?Channel=call".to_owned(), 0),
        ("?Status=converted".to_owned(), 1),
        ("?Status=unconverted".to_owned(), 1),
        ("?Country=GB".to_owned(), 1),
        ("?Country=US".to_owned(), 0),
        (format!("?VerificationSid={sid}"), 1),
        (format!("?VerifyServiceSid={service_sid}"), 2),
        (format!("?VerifyServiceSid={WEB}"), 0),
        ("?VerifyServiceSid=VA1".to_owned(), 0),
        (format!("?VerificationSid={sid}&VerifyServiceSid={WEB}"), 0),
        ("?ChannelData.To=%2B447700900123".to_owned(), 1),
        ("?ChannelData.To=ADA@example.com".to_owned(), 1),
        ("?DateCreatedAfter=2026-01-02T03:05:05Z".to_owned(), 1),
        ("?DateCreatedBefore=2026-01-02T03:05:05Z".to_owned(), 1),
    ] {
        assert_eq!(settled(&world, &query).await.len(), found, "{query}");
    }
    for query in
        ["?Status=lost", "?Country=gb", "?DateCreatedAfter=then", "?VerificationSid=1", "?PageToken=1"]
    {
        world.look(&format!("/Attempts{query}")).await.refuses(400, 60200);
    }
    world.look("/Attempts/VL1").await.refuses(404, 20404);
    world.look("/Attempts/VL00000000000000000000000000000000").await.refuses(404, 20404);

    let summary = world.look("/Attempts/Summary").await;
    let url = format!("http://{}/v2/Attempts/Summary", world.address());
    let counted = |total: u64, converted: u64, rate: &str| {
        json!({
            "total_attempts": total, "total_converted": converted, "total_unconverted": total - converted,
            "conversion_rate_percentage": rate, "url": url,
        })
    };
    assert_eq!(summary.ok(200), &counted(2, 1, "50"));
    let summary = world.look(&format!("/Attempts/Summary?VerifyServiceSid={WEB}")).await;
    assert_eq!(summary.ok(200), &counted(0, 0, "0"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_attempts_lead_to_the_last() {
    let world = world().await;
    let service = service(&world, &[]).await;
    for at in 0..5 {
        let to = format!("+44770090010{at}");
        let form = [("To", to.as_str()), ("Channel", "sms")];
        world.submit(&format!("{service}/Verifications"), &form).await.ok(201);
        delivered(&world, at + 1).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut next = Some("/Attempts?PageSize=2&Channel=sms".to_owned());
    while let Some(path) = next {
        let page = world.look(&path).await;
        let attempts = page.ok(200)["attempts"].as_array().unwrap().clone();
        found.extend(
            attempts.iter().map(|attempt| attempt["channel_data"]["to"].as_str().unwrap().to_owned()),
        );
        let url = page.body["meta"]["next_page_url"].as_str();
        next = url.map(|url| url.split_once("/v2").unwrap().1.to_owned());
        pages += 1;
        assert!(pages < 10, "the pages end");
    }
    let expected: Vec<String> = (0..5).rev().map(|at| format!("+44770090010{at}")).collect();
    assert_eq!(found, expected);
    world.stop().await;
}

/// A message that its service refused says so, with the code.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_failed_says_why() {
    let world = World::start(&configuration("fail = [\"blocked to +447700900123\"]")).await;
    let service = service(&world, &[]).await;
    started(&world, &service).await;
    let all = settled(&world, "").await;
    let data = &all[0]["channel_data"];
    assert_eq!((&data["message_status"], &data["status"]), (&json!("failed"), &json!("unconfirmed")));
    assert!(data["error_code"].is_string(), "{data}");
    world.stop().await;
}

/// A page holds more verifications than a job may ask the store questions.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_a_summary_hold_many_verifications() {
    let world = world().await;
    let service = service(&world, &[]).await;
    for at in 0..60 {
        let to = format!("+4477009001{at:02}");
        let form = [("To", to.as_str()), ("Channel", "sms")];
        world.submit(&format!("{service}/Verifications"), &form).await.ok(201);
    }
    delivered(&world, 60).await;
    let page = world.look("/Attempts?PageSize=60").await;
    assert_eq!(page.ok(200)["attempts"].as_array().unwrap().len(), 60);
    assert_eq!(world.look("/Attempts/Summary").await.ok(200)["total_attempts"], 60);
    world.stop().await;
}

/// The sends of one verification come in pages, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_attempts_of_one_verification_come_in_pages() {
    let world = world().await;
    let service = service(&world, &[]).await;
    let sid = started(&world, &service).await;
    for at in 1..3 {
        delivered(&world, at).await;
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(started(&world, &service).await, sid);
    }
    delivered(&world, 3).await;
    let first = world.look(&format!("/Attempts?VerificationSid={sid}&PageSize=2")).await;
    assert_eq!(first.ok(200)["attempts"].as_array().unwrap().len(), 2);
    let next = first.body["meta"]["next_page_url"].as_str().unwrap();
    let second = world.look(next.split_once("/v2").unwrap().1).await;
    assert_eq!(second.ok(200)["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(second.body["attempts"][0]["date_created"], "2026-01-02T03:04:05Z");
    assert!(second.body["meta"]["next_page_url"].is_null());
    world.stop().await;
}
