//! Limits over real sockets: exactly as many messages leave as they allow, and every refusal says when to come back.

use super::{ADA, configuration, wrong};
use harness::{Answer, KEY, World};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

/// A world with these limits, whose verifications never pause.
async fn limited(limits: &str) -> World {
    failing("", limits).await
}

async fn failing(own: &str, limits: &str) -> World {
    let rest = format!("\n[applications.web.code]\npause = \"0s\"\nsends = 10\n[limits]\n{limits}\n");
    World::start(&(configuration("thread", own) + &rest)).await
}

/// A start of this member for this purpose, so that no pending verification stands in its way.
fn start(member: u32, purpose: &str) -> Value {
    json!({ "member": { "id": member.to_string(), "fields": { "mobile": ADA } }, "purpose": purpose })
}

async fn begin_with(world: &World, key: &str, body: &Value) -> Answer {
    world
        .ask(
            world
                .bare(Method::POST, "/v1/verifications")
                .bearer_auth(key)
                .header("prefer", "wait=30")
                .json(body),
        )
        .await
}

#[track_caller]
fn is_over(answer: &Answer, limit: &str, retry_after: &str) {
    answer.is_problem(429, "limit-exceeded");
    assert_eq!((&answer.body["limit"], &answer.body["violated-policies"][0]), (&json!(limit), &json!(limit)));
    assert_eq!(answer.header("retry-after"), retry_after);
}

/// S40–S42, T8, T54: 1,000 starts at once, round after round, while the window slides.
#[tokio::test(flavor = "multi_thread")]
async fn of_1000_starts_for_one_recipient_exactly_the_limit_leaves() {
    let world = limited("").await;
    let mut messages = 0;
    // How far the clock moves on, how many start, and how many of them are let through.
    let rounds = [
        (0, 2, 2),
        (300_000, 1_000, 3),
        (299_999, 1_000, 0),
        (1, 1_000, 2),
        (300_000, 1_000, 3),
        (600_000, 1_000, 5),
    ];
    for (round, (pause, starts, room)) in rounds.into_iter().enumerate() {
        world.clock.advance(Duration::from_millis(pause));
        let mut asking = JoinSet::new();
        for task in 0..starts.min(100) {
            let members = (0..starts).filter(|member| member % starts.min(100) == task);
            let request = |member| {
                let request = world.request(Method::POST, "/v1/verifications").header("prefer", "wait=30");
                request.json(&start(member, &format!("round_{round}")))
            };
            let requests: Vec<_> = members.map(request).collect();
            asking.spawn(async move {
                let mut answers = Vec::new();
                for request in requests {
                    answers.push(request.send().await.unwrap());
                }
                answers
            });
        }
        let mut admitted = 0;
        for response in asking.join_all().await.into_iter().flatten() {
            let answer = world.hear(response).await;
            if answer.status == 201 {
                admitted += 1;
            } else {
                answer.is_problem(429, "limit-exceeded");
            }
        }
        messages += room;
        assert_eq!((admitted, world.messages().len()), (room, messages), "round {round}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_and_a_check_tell_every_limit_they_came_under() {
    let world = limited("sends_per_recipient = \"2 per 10m\"").await;
    let body = json!({ "to": ADA, "client": { "ip": "192.0.2.1" } });
    let start = world.begin(&body).await;
    let policy = r#""sends_per_recipient";q=2;w=600, "sends_per_client_ip";q=60;w=3600"#;
    assert_eq!(start.header("ratelimit-policy"), policy);
    let left = r#""sends_per_recipient";r=1;t=600, "sends_per_client_ip";r=59;t=3600"#;
    assert_eq!(start.header("ratelimit"), left);
    world.clock.advance(Duration::from_millis(100_500));
    world.begin(&body).await;
    let refused = world.begin(&body).await;
    is_over(&refused, "sends_per_recipient", "500");
    assert_eq!(
        refused.body,
        json!({
            "type": "https://passrelay.dev/problems/limit-exceeded", "title": "limit exceeded", "status": 429,
            "detail": "the limit `sends_per_recipient` is used up for now", "limit": "sends_per_recipient",
            "violated-policies": ["sends_per_recipient"],
        })
    );
    assert_eq!(refused.header("ratelimit-policy"), policy);
    let left = r#""sends_per_recipient";r=0;t=500, "sends_per_client_ip";r=58;t=3500"#;
    assert_eq!(refused.header("ratelimit"), left);
    let checked = world.check(&start.path(), &wrong(&world.code_for(ADA))).await;
    let policy = r#""failed_checks_per_recipient";q=10;w=3600, "failed_checks_in_a_row_per_recipient";q=100"#;
    assert_eq!(checked.header("ratelimit-policy"), policy);
    let left = r#""failed_checks_per_recipient";r=9;t=3600, "failed_checks_in_a_row_per_recipient";r=99"#;
    assert_eq!(checked.header("ratelimit"), left);
    world.stop().await;
}

/// T54: a resend is a send.
#[tokio::test(flavor = "multi_thread")]
async fn a_resend_counts_and_a_lost_answer_given_again_does_not() {
    let world = limited("sends_per_recipient = \"2 per 10m\"").await;
    let named = [("prefer", "wait=30"), ("idempotency-key", "\"k\"")];
    let body = json!({ "to": ADA });
    for _ in 0..3 {
        assert_eq!(world.post_with("/v1/verifications", &body, &named).await.status, 201);
    }
    assert_eq!(world.begin(&body).await.status, 201);
    is_over(&world.begin(&body).await, "sends_per_recipient", "600");
    assert_eq!(world.post_with("/v1/verifications", &body, &named).await.status, 201, "answered before");
    assert_eq!(world.messages().len(), 2);
    world.stop().await;
}

/// S41: to whichever of their numbers it goes, also where it is sent again by its name.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_member_add_up_over_their_recipients() {
    let world = limited("sends_per_recipient = \"off\"\nsends_per_member = \"3 per 10m\"").await;
    let of = |member: &str, mobile: &str, purpose: &str| json!({ "member": { "id": member, "fields": { "mobile": mobile } }, "purpose": purpose });
    let first = world.begin(&of("42", ADA, "a")).await;
    assert_eq!(world.begin(&of("42", "+447700900124", "b")).await.status, 201);
    let again = format!("{}/deliveries", first.path());
    assert_eq!(world.post(&again, &json!({})).await.status, 201);
    is_over(&world.post(&again, &json!({})).await, "sends_per_member", "600");
    is_over(&world.begin(&of("42", "+447700900125", "c")).await, "sends_per_member", "600");
    assert_eq!(world.begin(&of("43", ADA, "a")).await.status, 201, "another member's count is another");
    assert_eq!(world.begin(&json!({ "to": ADA })).await.status, 201, "nobody's member");
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(world.begin(&of("42", "+447700900125", "c")).await.status, 201);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_and_capitals_do_not_make_another_recipient() {
    let world = limited("sends_per_recipient = \"3 per 10m\"").await;
    let to = |to: &str| json!({ "to": to, "method": "email:code" });
    for spelt in ["ada@example.com", "ada+one@example.com", "ADA+two@Example.com"] {
        assert_eq!(world.begin(&to(spelt)).await.status, 201);
        assert_eq!(world.messages().last().unwrap()["recipient"], spelt, "delivered as it was given");
    }
    is_over(&world.begin(&to("Ada+three@example.com")).await, "sends_per_recipient", "600");
    assert_eq!(world.begin(&to("bob+ada@example.com")).await.status, 201);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_a_network_is_counted_where_it_is_given() {
    let world = limited("sends_per_recipient = \"off\"\nsends_per_client_ip = \"1 per 1h\"").await;
    let from = |ip: &str| json!({ "to": ADA, "client": { "ip": ip } });
    for (ip, passes) in [
        ("192.0.2.1", true),
        ("192.0.2.1", false),
        ("::ffff:192.0.2.1", false),
        ("192.0.2.2", true),
        ("2001:db8::1", true),
        ("2001:db8::ffff:1", false),
        ("2001:db8:0:1::1", true),
    ] {
        let answer = world.begin(&from(ip)).await;
        if passes {
            assert_eq!(answer.status, 201, "{ip}");
        } else {
            is_over(&answer, "sends_per_client_ip", "3600");
        }
    }
    for _ in 0..3 {
        assert_eq!(world.begin(&json!({ "to": ADA })).await.status, 201, "unknown addresses are not one");
    }
    world.stop().await;
}

/// S41
#[tokio::test(flavor = "multi_thread")]
async fn each_api_key_and_each_application_has_its_own_count() {
    let second = "second-key-of-web-0123456789";
    let text = configuration("thread", "").replacen(KEY, &format!("{KEY}\", \"{second}"), 1)
        + "\n[limits]\nsends_per_recipient = \"off\"\nsends_per_api_key = \"2 per 1m\"\n\
           [applications.web.limits]\nsends_per_application = \"3 per 1m\"\n\
           [applications.other.limits]\nsends_per_api_key = \"1 per 1m\"\n";
    let world = World::start(&text).await;
    for (place, (key, over)) in [
        (KEY, None),
        (KEY, None),
        (KEY, Some("sends_per_api_key")),
        (second, None),
        (second, Some("sends_per_application")),
        ("key-of-other-0123456789", None),
        ("key-of-other-0123456789", Some("sends_per_api_key")),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = begin_with(&world, key, &start(u32::try_from(place).unwrap(), "generic")).await;
        match over {
            None => assert_eq!(answer.status, 201, "{place}"),
            Some(limit) => is_over(&answer, limit, "60"),
        }
    }
    world.keeps_secret(ADA);
    world.stop().await;
}

/// A send that nobody took by our fault or a service's gives every limit its token back, once; any other does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_send_gives_its_token_back() {
    let limits = "sends_per_recipient = \"1 per 10m\"\nsends_per_client_ip = \"1 per 1h\"";
    for (failure, back) in
        [("throttled", true), ("misconfigured", true), ("broken", false), ("blocked", false)]
    {
        let world = failing(&format!("fail = [\"{failure} first 3\"]"), limits).await;
        let body = |purpose: &str| json!({ "to": ADA, "purpose": purpose, "client": { "ip": "192.0.2.1" } });
        let first = world.begin(&body("first")).await;
        assert_eq!(first.body["delivery"]["status"], "failed");
        if back {
            // Another verification, a resend of it, and at last one that is taken.
            for purpose in ["second", "second"] {
                assert_eq!(world.begin(&body(purpose)).await.body["delivery"]["status"], "failed");
            }
            assert_eq!(world.begin(&body("third")).await.body["delivery"]["status"], "sent");
            assert_eq!(world.messages().len(), 1);
        }
        is_over(&world.begin(&body("last")).await, "sends_per_recipient", "3600");
        world.stop().await;
    }
}

/// A token is given back when the last provider of the route has failed, and not before; it is given back even where
/// the verification has no more sends to give back.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_back_once_for_a_send_however_many_providers_failed() {
    let text = r#"
        [providers.first]
        library = "dry_run"
        config = { outbox = "@/first.jsonl", fail = ["unavailable"] }
        [providers.second]
        library = "dry_run"
        config = { outbox = "@/outbox.jsonl", fail = ["misconfigured first 4"] }
        [routes]
        sms = ["first", "second"]
        [applications.web]
        api_keys = ["key-of-web-0123456789"]
        methods = ["sms:code"]
        code = { sends = 2, pause = "0s" }
        [limits]
        sends_per_recipient = "2 per 10m"
    "#;
    let world = World::start(text).await;
    for _ in 0..4 {
        let answer = world.begin(&json!({ "to": ADA })).await;
        assert_eq!((answer.status, &answer.body["delivery"]["status"]), (201, &json!("failed")));
        world.clock.advance(Duration::from_secs(1));
    }
    for purpose in ["a", "b"] {
        let answer = world.begin(&json!({ "to": ADA, "purpose": purpose })).await;
        assert_eq!(answer.body["delivery"]["status"], "sent");
    }
    is_over(&world.begin(&json!({ "to": ADA, "purpose": "c" })).await, "sends_per_recipient", "600");
    assert_eq!(world.messages().len(), 2);
    world.stop().await;
}

/// NIST SP 800-63B 5.2.2: wrong codes add up over verifications, purposes and what a member has.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_add_up_over_verifications_until_none_is_compared() {
    let world = limited("sends_per_recipient = \"off\"\nfailed_checks = \"3 per 1h\"").await;
    for member in 0..3 {
        let started = world.begin(&start(member, "sign_in")).await;
        assert_eq!(world.check(&started.path(), &wrong(&world.code_for(ADA))).await.body["valid"], false);
        world.clock.advance(Duration::from_mins(1));
    }
    let started = world.begin(&start(9, "register")).await;
    let code = world.code_for(ADA);
    for code in [&wrong(&code), &code] {
        let refused = world.check(&started.path(), code).await;
        is_over(&refused, "failed_checks_per_recipient", "3420");
    }
    assert_eq!(world.get(&started.path()).await.body["checks_left"], 5, "nothing was spent");
    world.clock.advance(Duration::from_secs(539));
    let renewed = world.begin(&start(9, "register")).await;
    assert_eq!(renewed.body["id"], started.body["id"]);
    world.clock.advance(Duration::from_secs(3_420 - 539));
    let started = world.begin(&start(9, "register")).await;
    assert_eq!(world.check(&started.path(), &world.code_for(ADA)).await.body["valid"], true);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_wrong_codes_at_once_exactly_as_many_are_compared_as_allowed() {
    let world = limited("sends_per_recipient = \"off\"").await;
    let mut checks = JoinSet::new();
    for member in 0..32 {
        let started = world.begin(&start(member, "generic")).await;
        for _ in 0..2 {
            let check = world.request(Method::POST, &format!("{}/checks", started.path()));
            checks.spawn(check.json(&json!({ "code": "nonsense" })).send());
        }
    }
    let mut compared = 0;
    for response in checks.join_all().await {
        let answer = world.hear(response.unwrap()).await;
        if answer.status == 200 {
            compared += 1;
        } else {
            is_over(&answer, "failed_checks_per_recipient", "3600");
        }
    }
    assert_eq!(compared, 10);
    world.stop().await;
}

/// A lock is there for ever, or until the member proves to be itself in another way.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_freed_by_another_proven_recipient_of_the_member() {
    let world =
        limited("sends_per_recipient = \"off\"\nfailed_checks = \"off\"\nfailed_checks_in_a_row = 6").await;
    let member = json!({ "id": "42", "fields": { "mobile": ADA, "email": "ada@example.com" } });
    let by = |method: &str, purpose: &str| json!({ "member": member, "method": method, "purpose": purpose });
    for purpose in ["a", "b"] {
        let started = world.begin(&by("sms:code", purpose)).await;
        for _ in 0..3 {
            assert_eq!(world.check(&started.path(), "nonsense").await.body["valid"], false);
        }
    }
    world.clock.advance(Duration::from_hours(24 * 366));
    let started = world.begin(&by("sms:code", "c")).await;
    let refused = world.check(&started.path(), &world.code_for(ADA)).await;
    is_over(&refused, "failed_checks_in_a_row_per_recipient", "");
    let other = world.begin(&by("email:code", "d")).await;
    assert_eq!(world.check(&other.path(), &world.code_for("ada@example.com")).await.body["valid"], true);
    assert_eq!(world.check(&started.path(), &world.code_for(ADA)).await.body["valid"], true);
    world.stop().await;
}

/// T56
#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_verification_is_read_60_times_a_minute() {
    let world = limited("").await;
    let started = world.begin(&json!({ "to": ADA })).await;
    let other = world.begin(&json!({ "to": "+447700900124" })).await;
    for read in 1..=60 {
        let answer = world.get(&started.path()).await;
        assert_eq!(answer.status, 200);
        let first = format!("\"reads_per_verification-60s\";r={};t=60, ", 60 - read);
        assert!(answer.header("ratelimit").starts_with(&first), "{}", answer.header("ratelimit"));
    }
    let refused = world.get(&started.path()).await;
    refused.is_problem(429, "limit-exceeded");
    assert_eq!(refused.body["violated-policies"], json!(["reads_per_verification-60s"]));
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(world.get(&other.path()).await.status, 200);
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.get(&started.path()).await.status, 200);
    world.stop().await;
}
