//! A test of a provider as it is configured, and the list to pick one from.

use super::{ADA, BOTH, configuration, world};
use harness::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// What `dry_run` keeps of the last message.
fn last(world: &World) -> Value {
    world.messages().last().cloned().unwrap()
}

/// J42, J44, J46, S23, S24: a message leaves, is marked as a test, and is shown without its code.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_leaves_and_is_shown_without_its_code() {
    for isolation in BOTH {
        let world = world(isolation, "").await;
        let body = json!({ "to": format!(" {ADA}\n"), "purpose": "sign_in", "locale": "en-GB" });
        let answer = world.test("dry_run", &body).await;
        let reference = answer.body["reference"].clone();
        answer.is(
            200,
            &json!({
                "delivered": true, "simulated": false, "test": true, "provider": "dry_run", "channel": "sms",
                "recipient": "+44•••••••123", "reference": reference, "segments": null, "encoding": null,
                "cost": null, "preview": [],
                "message": { "text": "•••••• is your Example sign-in code.", "subject": null, "html": null },
            }),
        );
        let message = last(&world);
        assert_eq!(
            (&message["message"], &message["recipient"], &message["test"]),
            (&reference, &json!(ADA), &json!(true))
        );
        assert_eq!((&message["purpose"], &message["locale"]), (&json!("sign_in"), &json!("en")));
        let code = message["code"].as_str().unwrap();
        assert_eq!(message["text"], format!("{code} is your Example sign-in code."));
        assert!(world.log().contains("test sent"));
        world.stop().await;
    }
}

/// J45: nothing was sent, and it says so; what a provider shows of it holds neither code nor recipient nor secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_test_says_so_and_shows_what_would_have_been_sent() {
    for isolation in BOTH {
        let token = "token-5f4d3c2b1a09";
        let chaos = format!(
            "[providers.chaos]\nisolation = \"{isolation}\"\n[providers.chaos.config]\ntoken = \"{token}\"\n"
        );
        let world = World::with(&["chaos"], &chaos).await;
        world.keeps_secret(token);
        let answer = world.test("chaos", &json!({ "to": "preview:+447700900123", "channel": "sms" })).await;
        let told = &answer.body;
        assert_eq!(
            (answer.status, &told["simulated"], &told["delivered"], &told["reference"]),
            (200, &json!(true), &json!(false), &json!("nothing"))
        );
        let masked = told["recipient"].as_str().unwrap();
        assert_eq!(
            told["preview"],
            json!([
                format!("To={masked}&Authorization=[secret]"),
                "[code] is your Passrelay code.",
                "Body=••••••x••••••",
            ])
        );
        world.stop().await;
    }
}

/// The channel is the one that fits the recipient, unless it is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_by_the_channel_that_fits_or_is_named() {
    let world = world("thread", "").await;
    let mail = world.test("dry_run", &json!({ "to": "ada@example.com" })).await;
    assert_eq!(
        (&mail.body["channel"], &mail.body["recipient"]),
        (&json!("email"), &json!("a•••@example.com"))
    );
    let call = world.test("dry_run", &json!({ "to": ADA, "channel": "call" })).await;
    assert_eq!((&call.body["channel"], &last(&world)["channel"]), (&json!("call"), &json!("call")));
    world.stop().await;
}

/// A failure is what the test came to: the same fields as at the terminal, in both isolations.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_an_answer_with_its_kind_and_what_would_have_been_said() {
    for isolation in BOTH {
        let fail = "fail = [\"throttled:30s to +447700900123\", \"panic to +447700900124\"]";
        let world = world(isolation, fail).await;
        let answer = world.test("dry_run", &json!({ "to": ADA })).await;
        answer.is(
            200,
            &json!({
                "delivered": false, "simulated": false, "test": true, "provider": "dry_run", "channel": "sms",
                "recipient": "+44•••••••123", "failure": "throttled", "code": "dry_run",
                "text": "`fail` says so", "retry_after_ms": 30_000, "preview": [],
                "message": { "text": "•••••• is your Example code.", "subject": null, "html": null },
            }),
        );
        let resting = world.test("dry_run", &json!({ "to": "+447700900124" })).await;
        assert_eq!(
            (&resting.body["failure"], &resting.body["retry_after_ms"]),
            (&json!("throttled"), &json!(30_000)),
            "its service asked to be left alone, by a test too"
        );
        world.clock.advance(Duration::from_secs(30));
        let broken = world.test("dry_run", &json!({ "to": "+447700900124" })).await;
        assert_eq!((broken.status, &broken.body["failure"]), (200, &json!("broken")));
        assert!(world.messages().is_empty());
        world.stop().await;
    }
}

/// Members get the built-in text, but whoever tries a text learns that it fails, in the words of the terminal.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_fails_fails_the_test() {
    let text = "{pin}{% if purpose == 'register' %}{{ pin|upper }}{% endif %}";
    let templates = format!("\n[providers.dry_run.templates]\ngeneric = \"{text}\"\n");
    let world = World::start(&configuration("thread", &templates)).await;
    let saved = json!({ "to": ADA, "purpose": "register" });
    let unsaved = json!({ "to": ADA, "purpose": "register", "config": {} });
    for body in [saved, unsaved] {
        assert_eq!(
            world.test("dry_run", &body).await.is_problem(409, "text-fails"),
            "the text of `dry_run` for `register` is no template: unknown filter; members would get the built-in text in \
             its place"
        );
    }
    assert!(world.messages().is_empty());
    assert_eq!(world.test("dry_run", &json!({ "to": ADA })).await.body["delivered"], true);
    world.stop().await;
}

/// The provider's own time is the test's.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_ends_with_the_providers_time() {
    let world = world("process", "fail = [\"hang\"]").await;
    let body = json!({ "to": ADA });
    let (answer, ()) = tokio::join!(world.test("dry_run", &body), async {
        world.clock.sleepers(1).await;
        world.clock.advance(Duration::from_secs(10));
    });
    assert_eq!((answer.status, &answer.body["failure"]), (200, &json!("unknown")));
    assert_eq!(answer.body["text"], "the provider did not answer within 10s");
    world.stop().await;
}

/// Four at once are enough for an operator; a fifth is told to come again.
#[tokio::test(flavor = "multi_thread")]
async fn a_few_tests_run_at_once_and_no_more() {
    let world = world("thread", "fail = [\"hang\"]").await;
    let body = json!({ "to": ADA });
    let test = || world.test("dry_run", &body);
    let (one, two, three, four, ()) = tokio::join!(test(), test(), test(), test(), async {
        world.clock.sleepers(4).await;
        let fifth = world.test("dry_run", &body).await;
        assert_eq!(fifth.is_problem(429, "too-many-tests"), "4 tests are under way");
        assert_eq!(fifth.header("retry-after"), "1");
        world.clock.advance(Duration::from_secs(10));
    });
    for answer in [one, two, three, four] {
        assert_eq!((answer.status, &answer.body["failure"]), (200, &json!("unknown")));
    }
    world.stop().await;
}

/// J43: whoever tests picks from a list, which says of each how it is.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_how_each_provider_is() {
    let others = r#"
        fail = ["throttled:30s"]
        [providers.off]
        enabled = false
        library = "dry_run"
        [providers.closed]
        library = "dry_run"
        config = { outbox = "@/nowhere/outbox.jsonl" }
        [providers.missing]
    "#;
    let world = World::start(&configuration("process", others)).await;
    let list =
        async || world.ask(world.operate(Method::GET, "/v1/providers")).await.body["providers"].clone();
    let ready = |sha256: &str| {
        let opened = json!({ "at": "2026-01-02T03:04:05Z", "event": "opened", "times": 1,
                             "detail": format!("1.0.0 {}", &sha256[..12]) });
        json!({ "id": "dry_run", "library": "dry_run", "version": "1.0.0", "channels": ["*"], "state": "ready",
                "hosts": [], "allow_hosts": null, "reason": null, "sha256": sha256, "signed_by": null, "since": "2026-01-02T03:04:05Z", "note": null,
                "deliveries": { "sent": 0, "failed": 0, "unknown": 0 }, "canary": null, "events": [opened] })
    };
    let states = |list: &Value| -> Vec<(String, String)> {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(|one| (word(&one["id"]), word(&one["state"]))).collect()
    };
    let before = list().await;
    let expected = [("closed", "failed"), ("dry_run", "ready"), ("missing", "failed"), ("off", "disabled")];
    assert_eq!(states(&before), expected.map(|(id, state)| (id.to_owned(), state.to_owned())));
    assert_eq!(before[1], ready(before[1]["sha256"].as_str().unwrap()));
    assert!(before[0]["reason"].as_str().unwrap().contains("make the folder"), "{before}");
    world.test("dry_run", &json!({ "to": ADA })).await;
    assert_eq!(list().await[1]["reason"], "its service asked to be left alone; until 2026-01-02T03:04:35Z");
    let free =
        async |id: &str| world.ask(world.operate(Method::POST, &format!("/v1/providers/{id}/free"))).await;
    let freed = free("dry_run").await;
    assert_eq!(
        (freed.status, &freed.body["state"]),
        (200, &json!("resting")),
        "its service's wish still holds"
    );
    assert_eq!(freed.body["events"][1]["event"], "freed");
    free("nobody").await.is_problem(404, "provider-not-found");
    for (id, status, name, said) in [
        ("off", 409, "provider-unavailable", "provider `off` is not open: its configuration says"),
        ("closed", 409, "provider-unavailable", "whose folder does not exist; make the folder"),
        ("missing", 409, "provider-unavailable", "no library `missing` in the configured folders"),
        ("nobody", 404, "provider-not-found", "there is no provider `nobody`"),
    ] {
        let answer = world.test(id, &json!({ "to": ADA })).await;
        let detail = answer.is_problem(status, name);
        assert!(detail.contains(said), "{detail}");
    }
    world.stop().await;
}
