//! Stored members: a code goes to the address that is registered, and no answer tells it.

use super::{ADA, BOTH, configuration, world};
use harness::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/v1/members/42";

async fn put(world: &World, body: &Value) -> Answer {
    world.ask(world.request(Method::PUT, PATH).json(body)).await
}

/// S3: the message goes to the registered number, in the member's language; what is shown of it is masked.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_to_the_number_that_is_registered() {
    for isolation in BOTH {
        let world = world(isolation).await;
        world.keeps_secret(ADA);
        world.keeps_secret("ada@example.com");
        let member =
            json!({"name": "Ada", "locale": "de", "fields": {"mobile": ADA, "email": "ada@example.com"}});
        let made = put(&world, &member).await;
        assert_eq!(made.status, 201);
        assert_eq!(made.body["fields"], json!({"mobile": "+44•••••••123", "email": "a•••@example.com"}));
        let offered = world.post("/v1/methods", &json!({"member_id": "42"})).await;
        let ids: Vec<&Value> =
            offered.body["methods"].as_array().unwrap().iter().map(|method| &method["id"]).collect();
        assert_eq!(ids, ["sms:code", "email:code"]);
        let started = world.begin(&json!({"member_id": "42"})).await;
        assert_eq!((started.status, &started.body["recipient"]), (201, &json!("+44•••••••123")));
        assert!(world.messages()[0]["text"].as_str().unwrap().contains("ist Ihr"), "{:?}", world.messages());
        let checked = world.check(&started.path(), &world.code_for(ADA)).await;
        assert_eq!(checked.body["status"], "approved");
        world.stop().await;
    }
}

/// S34, S35: one method proves who somebody is before anybody knows (a bare address), and once more that it is them (the
/// member that is registered); neither disturbs the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_serves_as_first_and_as_second_factor() {
    let world = world("thread").await;
    put(&world, &json!({"fields": {"mobile": ADA}})).await;
    let first = world.begin(&json!({"to": ADA, "method": "sms:code", "purpose": "sign_in"})).await;
    let code = world.code_for(ADA);
    let second = world.begin(&json!({"member_id": "42", "method": "sms:code", "purpose": "step_up"})).await;
    assert_ne!(first.body["id"], second.body["id"]);
    for (factor, code) in [(&second, world.code_for(ADA)), (&first, code)] {
        let checked = world.check(&factor.path(), &code).await;
        assert_eq!((&checked.body["status"], &checked.body["id"]), (&json!("approved"), &factor.body["id"]));
        assert_eq!(checked.body["recipient"], "+44•••••••123");
    }
    world.stop().await;
}

/// The next start uses what is stored then; a member that is gone is nobody, and so is another application's.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_may_change_and_go() {
    let world = world("thread").await;
    put(&world, &json!({"fields": {"mobile": ADA}})).await;
    put(&world, &json!({"fields": {"mobile": "+447700900456"}})).await;
    world.keeps_secret("+447700900456");
    let started = world.begin(&json!({"member_id": "42"})).await;
    assert_eq!(started.body["recipient"], "+44•••••••456");
    let other = world.bare(Method::GET, PATH).bearer_auth("key-of-other-0123456789");
    world.ask(other).await.is_problem(404, "member-not-found");
    assert_eq!(world.delete(PATH).await.status, 204);
    world.post("/v1/verifications", &json!({"member_id": "42"})).await.is_problem(404, "member-not-found");
    world.stop().await;
}

/// X37: a lost answer is given again, though the member of it is gone by then.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_a_member_went_is_answered_again() {
    let world = world("thread").await;
    put(&world, &json!({"fields": {"mobile": ADA}})).await;
    let ask = |key: &'static str, purpose: &'static str| {
        let body = json!({"member_id": "42", "purpose": purpose});
        let request = world.request(Method::POST, "/v1/verifications").header("idempotency-key", key);
        world.ask(request.json(&body))
    };
    let first = ask("one", "sign_in").await;
    assert_eq!(first.status, 201);
    assert_eq!(world.delete(PATH).await.status, 204);
    let again = ask("one", "sign_in").await;
    assert_eq!((again.status, &again.body["id"]), (201, &first.body["id"]));
    ask("two", "sign_in").await.is_problem(404, "member-not-found");
    ask("one", "register").await.is_problem(422, "idempotency-key-reused");
    world.stop().await;
}

/// More than the operator allows are refused with what would help; who goes makes room.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_stores_no_more_members_than_it_may() {
    let world = World::start(&(configuration("thread", "") + "[limits]\nmembers = 2\n")).await;
    let put = |id: u32| {
        let request = world.request(Method::PUT, &format!("/v1/members/{id}"));
        world.ask(request.json(&json!({"fields": {"mobile": ADA}})))
    };
    assert_eq!([put(1).await.status, put(2).await.status, put(1).await.status], [201, 201, 200]);
    let refused = put(3).await;
    refused.is_problem(409, "too-many-members");
    assert!(refused.body["detail"].as_str().unwrap().contains("raise `members` in `[limits]`"));
    assert_eq!(world.delete("/v1/members/2").await.status, 204);
    assert_eq!(put(3).await.status, 201);
    world.stop().await;
}
