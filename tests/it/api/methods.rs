//! `POST /v1/methods`: what a member is offered, and why not the rest.

use super::{ADA, BOTH, configuration};
use harness::World;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

async fn asked(world: &World, member: Value) -> Value {
    let answer = world.post("/v1/methods", &json!({ "member": member, "purpose": "sign_in" })).await;
    answer.is(200, &answer.body);
    answer.body
}

/// J9, J18, J21: the exact answer of the design, the preferred method first.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_with_both_addresses_is_offered_both_methods_the_preferred_one_first() {
    for isolation in BOTH {
        let world = World::start(&configuration(isolation, "")).await;
        let fields = json!({ "mobile": ADA, "email": "ada@example.com" });
        let member = json!({ "id": "42", "name": "Ada", "locale": "en", "fields": fields });
        assert_eq!(
            asked(&world, member).await,
            json!({
                "methods": [
                    { "id": "sms:code", "channel": "sms", "payload": "code", "recipient": "+44•••••••123", "region": "GB", "preferred": true },
                    { "id": "email:code", "channel": "email", "payload": "code", "recipient": "a•••@example.com", "preferred": false },
                ],
                "unavailable": [],
            })
        );
        assert!(world.messages().is_empty(), "asking sends nothing");
        world.stop().await;
    }
}

/// J19, J20: without a number there is no SMS among the methods, but the reason why not.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_an_address_is_not_offered_its_method() {
    let world = World::start(&configuration("thread", "")).await;
    assert_eq!(
        asked(&world, json!({ "fields": { "mobile": ADA, "email": "" } })).await,
        json!({
            "methods": [
                { "id": "sms:code", "channel": "sms", "payload": "code", "recipient": "+44•••••••123", "region": "GB", "preferred": true },
            ],
            "unavailable": [
                { "id": "email:code", "reason": "no_address", "detail": "member field `email` is empty" },
            ],
        })
    );
    let nobody = asked(&world, json!({ "fields": {} })).await;
    assert_eq!(nobody["methods"], json!([]));
    assert_eq!(nobody["unavailable"].as_array().unwrap().len(), 2);
    world.stop().await;
}

/// J21: only a strict E.164 number is a number, and the one that is none is not repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_no_number_is_not_offered_and_not_repeated() {
    let world = World::start(&configuration("thread", "")).await;
    for number in
        ["07700900123", "+44 7700 900123", "+44770090012345678", "+0447700900123", "ada@example.com"]
    {
        let answer = asked(&world, json!({ "fields": { "mobile": number } })).await;
        assert_eq!(answer["methods"], json!([]), "{number}");
        let refusal = answer["unavailable"].as_array().unwrap().iter().find(|why| why["id"] == "sms:code");
        assert_eq!(refusal.unwrap()["reason"], "invalid_address", "{number}: {answer}");
        assert!(!answer.to_string().contains(number), "{answer}");
    }
    world.stop().await;
}

/// J18: a provider has the last word about a member, in its own words, and a start heeds it too.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_may_refuse_a_member_in_its_own_words() {
    for isolation in BOTH {
        let own = format!("unavailable = {{ \"42\" = \"opted_out\", \"{ADA}\" = \"landline\" }}");
        let world = World::start(&configuration(isolation, &own)).await;
        let by_id = json!({ "id": "42", "fields": { "mobile": "+447700900999" } });
        let by_number = json!({ "id": "43", "fields": { "mobile": ADA } });
        for (member, reason) in [(by_id, "opted_out"), (by_number, "landline")] {
            let refusal = json!({ "id": "sms:code", "reason": reason, "detail": "`unavailable` says so" });
            assert_eq!(asked(&world, member.clone()).await["unavailable"][1], refusal);
            let start = world.begin(&json!({ "member": member, "method": "sms:code" })).await;
            start.is_problem(422, "method-unavailable");
            assert_eq!(start.body["unavailable"], json!([refusal]));
        }
        let free = asked(&world, json!({ "id": "44", "fields": { "mobile": "+447700900999" } })).await;
        assert_eq!(free["methods"][0]["id"], "sms:code");
        assert!(world.messages().is_empty());
        world.stop().await;
    }
}

/// J6: the provider says which member field holds its address.
#[tokio::test(flavor = "multi_thread")]
async fn the_member_field_is_the_providers_to_name() {
    let own = "member_phone_field = \"handset\"";
    let world = World::start(&configuration("process", own)).await;
    let answer = asked(&world, json!({ "fields": { "handset": ADA, "mobile": "+447700900999" } })).await;
    assert_eq!(answer["methods"][0]["recipient"], "+44•••••••123");
    let answer = asked(&world, json!({ "fields": { "mobile": ADA } })).await;
    assert_eq!(answer["unavailable"][1]["detail"], "member field `handset` is empty");
    world.stop().await;
}

/// J3: a method may name a provider by its id, and then no other delivers it.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_may_name_a_provider() {
    let world = World::start(
        r#"
        [providers.paper]
        library = "dry_run"
        isolation = "thread"
        config = { outbox = "@/outbox.jsonl" }
        [providers.broken]
        [applications.web]
        api_keys = ["key-of-web-0123456789"]
        methods = ["paper:code", "broken:code"]
        "#,
    )
    .await;
    let answer = asked(&world, json!({ "fields": { "email": "ada@example.com" } })).await;
    assert_eq!(answer["methods"][0]["id"], "paper:code");
    assert_eq!(
        answer["unavailable"],
        json!([{ "id": "broken:code", "reason": "provider_unavailable", "detail": "provider `broken` is not open" }])
    );
    let start = world.begin(&json!({ "to": "ada@example.com", "method": "paper:code" })).await;
    assert_eq!((start.status, start.body["method"].as_str()), (201, Some("paper:code")));
    world.stop().await;
}

/// What stands in a field, and the address that it is read as.
fn typed() -> impl Strategy<Value = (String, Option<String>)> {
    let space = "[ \t\r\n]{0,3}";
    let phone = "\\+[1-9][0-9]{6,14}";
    let valid = (space, phone, space)
        .prop_map(|(before, number, after)| (format!("{before}{number}{after}"), Some(number)));
    let broken = prop_oneof![
        "0[0-9]{5,12}",
        "\\+0[0-9]{6,12}",
        "\\+[1-9][0-9]{15,20}",
        "\\+[1-9][0-9]{2,5}[ .()-][0-9]{3,6}",
        "[a-z]{1,8}@[a-z]{1,8}\\.example",
        "\\PC{1,20}",
        space,
    ];
    let broken = broken.prop_filter("a number by chance", |text| {
        let digits = text.trim().strip_prefix('+').unwrap_or("x");
        !(1..=15).contains(&digits.len())
            || digits.starts_with('0')
            || !digits.bytes().all(|b| b.is_ascii_digit())
    });
    prop_oneof![2 => valid, 1 => broken.prop_map(|text| (text, None))]
}

/// J18–J21: whoever they are, exactly those with a valid address are offered the method, and a reason stands for each other.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_members_are_offered_exactly_what_reaches_them() {
    let world = World::start(&configuration("thread", "")).await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let (mut offered, mut refused) = (0, 0);
    for _ in 0..1_000 {
        let members = (typed(), prop::option::of("[a-z]{1,8}"), prop::bool::ANY);
        let ((field, number), local, locale) = members.new_tree(&mut runner).unwrap().current();
        let email = local.as_ref().map(|local| format!("{local}@example.com")).unwrap_or_default();
        let fields = json!({ "mobile": field, "email": email });
        let member =
            if locale { json!({ "fields": fields, "locale": "de" }) } else { json!({ "fields": fields }) };
        let answer = asked(&world, member).await;
        let ids = |list: &str| -> Vec<String> {
            let list = answer[list].as_array().unwrap().iter();
            list.map(|method| method["id"].as_str().unwrap().to_owned()).collect()
        };
        let reached = [(number.is_some(), "sms:code"), (local.is_some(), "email:code")];
        let expected = |reaches: bool| {
            reached.iter().filter(|(reached, _)| *reached == reaches).map(|(_, id)| *id).collect::<Vec<_>>()
        };
        assert_eq!(ids("methods"), expected(true), "{answer}");
        let mut unavailable = ids("unavailable");
        unavailable.sort_by_key(|id| id != "sms:code");
        assert_eq!(unavailable, expected(false), "{answer}");
        for refusal in answer["unavailable"].as_array().unwrap() {
            assert!(
                ["no_address", "invalid_address"].contains(&refusal["reason"].as_str().unwrap()),
                "{answer}"
            );
            assert!(!refusal["detail"].as_str().unwrap().is_empty());
        }
        if let Some(number) = &number {
            let method = &answer["methods"][0];
            assert_eq!(method["preferred"], true);
            let masked = method["recipient"].as_str().unwrap();
            assert!(masked.contains('•') && masked.starts_with('+') && masked != number, "{masked}");
            assert!(!answer.to_string().contains(number.as_str()), "{answer}");
            offered += 1;
        } else {
            refused += 1;
        }
    }
    assert!(offered > 400 && refused > 200, "{offered} {refused}");
    world.stop().await;
}
