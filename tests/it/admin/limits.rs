//! `POST /v1/limits/find` and `/v1/limits/free`: an operator sees what is used, and lets somebody go.

use super::ADA;
use harness::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};

const CONFIGURATION: &str = r#"
    [providers.dry_run]
    isolation = "thread"
    config = { outbox = "@/outbox.jsonl" }
    [applications.web]
    api_keys = ["key-of-web-0123456789"]
    methods = ["sms:code"]
    code = { pause = "0s" }
    [limits]
    sends_per_recipient = "4 per 10m"
    sends_per_application = "9 per 1m"
    sends_per_client_ip = "4 per 1h"
    failed_checks_in_a_row = 3
"#;

async fn ask(world: &World, what: &str, about: Value) -> Answer {
    world.ask(world.operate(Method::POST, &format!("/v1/limits/{what}")).json(&about)).await
}

fn used(answer: &Answer) -> Vec<(String, u64, bool)> {
    let limits = answer.body["limits"].as_array().unwrap_or_else(|| panic!("no limits: {}", answer.body));
    let read = |limit: &Value| {
        let name = limit["name"].as_str().unwrap().to_owned();
        (name, limit["used"].as_u64().unwrap(), limit["locked"].as_bool().unwrap())
    };
    limits.iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_is_used_and_frees_each_subject_of_its_own() {
    let world = World::start(CONFIGURATION).await;
    let member = json!({ "id": "42", "fields": { "mobile": ADA } });
    let start =
        |purpose: &str| json!({ "member": member, "purpose": purpose, "client": { "ip": "192.0.2.1" } });
    for purpose in ["a", "b", "c"] {
        let started = world.begin(&start(purpose)).await;
        assert_eq!(world.check(&started.path(), "nonsense").await.body["valid"], false);
    }
    let last = world.begin(&start("d")).await;
    world.check(&last.path(), &world.code_for(ADA)).await.is_problem(429, "limit-exceeded");
    world.begin(&start("e")).await.is_problem(429, "limit-exceeded");

    let ada = json!({ "application": "web", "to": format!(" {ADA} ") });
    ask(&world, "find", ada.clone()).await.is(
        200,
        &json!({ "limits": [
            { "name": "sends_per_recipient", "used": 4, "quota": 4, "window_seconds": 600, "reset_seconds": 600,
              "locked": true },
            { "name": "failed_checks_per_recipient", "used": 3, "quota": 10, "window_seconds": 3600,
              "reset_seconds": 3600, "locked": false },
            { "name": "failed_checks_in_a_row_per_recipient", "used": 3, "quota": 3, "locked": true },
        ] }),
    );
    let of_member = json!({ "application": "web", "member_id": "42" });
    let network = json!({ "application": "web", "ip": "::ffff:192.0.2.1" });
    let all = json!({ "application": "web" });
    assert_eq!(
        used(&ask(&world, "find", all.clone()).await),
        [("sends_per_application".to_owned(), 4, false)]
    );
    for about in [&ada, &network, &of_member] {
        let found = used(&ask(&world, "find", about.clone()).await);
        let freed = used(&ask(&world, "free", about.clone()).await);
        assert!(found.iter().any(|(_, _, locked)| *locked), "{found:?}");
        assert!(freed.iter().all(|(_, used, locked)| *used == 0 && !locked), "{freed:?}");
        assert_eq!(freed.len(), found.len());
    }
    assert_eq!(world.check(&last.path(), &world.code_for(ADA)).await.body["valid"], true);
    assert_eq!(world.begin(&start("e")).await.status, 201);
    assert_eq!(used(&ask(&world, "free", all).await), [("sends_per_application".to_owned(), 0, false)]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_question_names_its_field_and_nothing_is_freed() {
    let world = World::start(CONFIGURATION).await;
    world.begin(&json!({ "to": ADA })).await;
    for (about, field) in [
        (json!({}), "application"),
        (json!({ "application": "", "to": ADA }), "application"),
        (json!({ "application": "web", "to": "" }), "to"),
        (json!({ "application": "web", "to": ADA, "ip": "192.0.2.1" }), "to"),
        (json!({ "application": "web", "member_id": "" }), "member_id"),
        (json!({ "application": "web", "entity": "short" }), "entity"),
        (json!({ "application": "web", "ip": "localhost" }), "ip"),
        (json!({ "application": "web", "member": "42" }), "member"),
    ] {
        for what in ["find", "free"] {
            let answer = ask(&world, what, about.clone()).await;
            answer.is_problem(400, "invalid-request");
            assert_eq!(answer.body["errors"][0]["field"], field, "{about}");
        }
    }
    let unknown = ask(&world, "free", json!({ "application": "shop", "to": ADA })).await;
    unknown.is_problem(404, "application-not-found");
    let ada = json!({ "application": "web", "to": ADA });
    assert_eq!(used(&ask(&world, "find", ada).await)[0].1, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_operator_finds_or_frees() {
    let world = World::start(CONFIGURATION).await;
    for what in ["find", "free"] {
        world
            .post(&format!("/v1/limits/{what}"), &json!({ "application": "web" }))
            .await
            .is_problem(404, "no-route");
    }
    world.stop().await;
}
