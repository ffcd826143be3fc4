//! What is found again: verifications and deliveries by where they stand, whom they are about and when.

use super::ADA;
use harness::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const BOB: &str = "+447700900124";

fn configuration() -> String {
    r#"
    [providers.first]
    library = "dry_run"
    isolation = "thread"
    config = { outbox = "@/first.jsonl", fail = ["unavailable first 2"] }
    [providers.second]
    library = "dry_run"
    isolation = "thread"
    config = { outbox = "@/outbox.jsonl" }
    [routes]
    sms = ["first", "second"]
    [applications.web]
    api_keys = ["key-of-web-0123456789"]
    methods = ["sms:code"]
    [applications.shop]
    api_keys = ["key-of-shop-0123456789"]
    methods = ["sms:code"]
    "#
    .to_owned()
}

fn ids(answer: &harness::Answer, list: &str) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body[list].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// T64: the first place to look is where a message that did not arrive is told, by its recipient, with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_members_failed_message_is_found_by_the_recipient() {
    let world = World::start(&configuration()).await;
    let ada = world.begin(&json!({ "to": ADA })).await;
    world.begin(&json!({ "to": BOB })).await;
    let to = ADA.replace('+', "%2B");
    let found = world.get(&format!("/v1/deliveries?to={to}&status=failed")).await;
    let [failed] = found.body["deliveries"].as_array().unwrap().as_slice() else { panic!("{}", found.body) };
    assert_eq!(failed["verification"], ada.body["id"]);
    assert_eq!((&failed["provider"], &failed["failure"]), (&json!("first"), &json!("unavailable")));
    assert_eq!((&failed["recipient"], failed["detail"].is_string()), (&json!("+44•••••••123"), true));
    // The operator finds it too, whichever application it was.
    let all = world.operate(Method::GET, &format!("/v1/deliveries?to={to}&failure=unavailable"));
    let all = world.ask(all).await;
    assert_eq!(all.body["deliveries"], json!([failed]));
    for (query, found) in [
        ("provider=second", 2),
        ("provider=third", 0),
        ("status=sent", 2),
        ("channel=sms", 4),
        ("channel=email", 0),
        ("failure=opted_out", 0),
        ("failure=too_late", 0),
        ("since=2026-01-02T03:04:05Z", 4),
        ("since=2026-01-02T03:04:06Z", 0),
        ("until=2026-01-02T03:04:05Z", 0),
        ("until=2026-01-02T03:04:06Z", 4),
    ] {
        let answer = world.get(&format!("/v1/deliveries?{query}")).await;
        assert_eq!(ids(&answer, "deliveries").len(), found, "{query}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_page_by_page_newest_first_and_nothing_twice() {
    let world = World::start(&configuration()).await;
    let mut made = Vec::new();
    for n in 0..7 {
        let start = world.begin(&json!({ "to": format!("+44770090030{n}") })).await;
        made.push(start.body["id"].as_str().unwrap().to_owned());
        world.clock.advance(Duration::from_millis(1));
    }
    made.reverse();
    let mut read = Vec::new();
    let mut path = "/v1/verifications?limit=3".to_owned();
    let mut pages = 0;
    loop {
        let page = world.get(&path).await;
        read.extend(ids(&page, "verifications"));
        pages += 1;
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/v1/verifications?limit=3&after={next}");
    }
    assert_eq!((read, pages), (made, 3));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verifications_are_found_by_where_they_stand_also_those_whose_time_ran_out() {
    let world = World::start(&configuration()).await;
    let old = world.begin(&json!({ "to": ADA })).await;
    world.clock.advance(Duration::from_mins(10));
    let approved = world.begin(&json!({ "to": ADA, "purpose": "sign_in" })).await;
    world.check(&approved.path(), &world.code_for(ADA)).await;
    let pending = world.begin(&json!({ "to": BOB })).await;
    let to = ADA.replace('+', "%2B");
    for (query, found) in [
        ("status=expired", vec![&old]),
        ("status=approved", vec![&approved]),
        ("status=pending", vec![&pending]),
        ("status=canceled", vec![]),
        ("purpose=sign_in", vec![&approved]),
        (&format!("to={to}"), vec![&approved, &old]),
    ] {
        let answer = world.get(&format!("/v1/verifications?{query}")).await;
        let found: Vec<&Value> = found.iter().map(|start| &start.body["id"]).collect();
        assert_eq!(json!(ids(&answer, "verifications")), json!(found), "{query}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_sees_its_own_and_no_other() {
    let world = World::start(&configuration()).await;
    world.begin(&json!({ "to": ADA })).await;
    let shop = |path: &str| world.bare(Method::GET, path).bearer_auth("key-of-shop-0123456789");
    for (path, list) in [("/v1/verifications", "verifications"), ("/v1/deliveries", "deliveries")] {
        assert!(ids(&world.ask(shop(path)).await, list).is_empty());
        assert!(!ids(&world.get(path).await, list).is_empty());
    }
    world.ask(shop("/v1/deliveries?application=web")).await.is_problem(400, "invalid-request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_cannot_be_answered_names_what_is_wrong_with_it() {
    let world = World::start(&configuration()).await;
    for (path, field) in [
        ("/v1/verifications?status=done", "status"),
        ("/v1/verifications?limit=0", "limit"),
        ("/v1/verifications?limit=101", "limit"),
        ("/v1/verifications?limit=ten", "limit"),
        ("/v1/verifications?since=yesterday", "since"),
        ("/v1/verifications?after=dlv_1", "after"),
        ("/v1/verifications?to=", "to"),
        ("/v1/verifications?colour=red", ""),
        ("/v1/verifications?status=pending&status=approved", ""),
        ("/v1/deliveries?failure=bad", "failure"),
        ("/v1/deliveries?channel=S!", "channel"),
        ("/v1/deliveries?provider=%00", "provider"),
        ("/v1/deliveries?to=%ff%00", "to"),
    ] {
        let answer = world.get(path).await;
        answer.is_problem(400, "invalid-request");
        assert_eq!(answer.body["errors"][0]["field"], field, "{path} {}", answer.body);
    }
    world.stop().await;
}
