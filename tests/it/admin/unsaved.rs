//! A test with keys that are not saved: laid over the saved ones, held to the schema, tried beside what runs.

use super::{ADA, bad_input::fields, configuration, world};
use harness::{Processes, World};
use serde_json::json;
use std::fs;

const SECRET: &str = "token-5f4d3c2b1a09";

/// The messages in a file of the world's folder.
fn messages(world: &World, file: &str) -> usize {
    fs::read_to_string(world.folder().join(file)).unwrap_or_default().lines().count()
}

/// Waits until only the providers that are configured have a process.
async fn settled(processes: &Processes, expected: usize) {
    for _ in 0..2_000 {
        if processes.ids().len() == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{:?} processes are left", processes.ids());
}

/// L21: what is typed is tried before it is saved, and the running provider does not notice.
#[tokio::test(flavor = "multi_thread")]
async fn unsaved_keys_are_laid_over_the_saved_ones_and_the_running_provider_stays() {
    for (isolation, processes) in [("process", 1), ("thread", 0)] {
        let world = world(isolation, "fail = [\"rejected\"]").await;
        let running = world.processes().ids();
        let draft = world.folder().join("draft.jsonl");
        let unsaved = json!({ "to": ADA, "config": { "outbox": draft, "fail": null } });
        let answer = world.test("dry_run", &unsaved).await;
        assert_eq!((answer.status, &answer.body["delivered"]), (200, &json!(true)), "{}", answer.body);
        assert_eq!((messages(&world, "draft.jsonl"), messages(&world, "outbox.jsonl")), (1, 0));
        let same = world.test("dry_run", &json!({ "to": ADA, "config": {} })).await;
        assert_eq!(same.body["failure"], "rejected", "the saved keys alone");
        let saved = world.test("dry_run", &json!({ "to": ADA })).await;
        assert_eq!(saved.body["failure"], "rejected");
        settled(&world.processes(), processes).await;
        assert_eq!(
            world.processes().ids(),
            running,
            "the provider that was tried is gone, the other one stayed"
        );
        world.stop().await;
    }
}

/// A library that nobody configured yet is tried with the unsaved keys alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_tried_before_it_is_configured() {
    let world = World::with(&["dry_run"], "").await;
    let outbox = world.folder().join("outbox.jsonl");
    let answer = world.test("dry_run", &json!({ "to": ADA, "config": { "outbox": outbox } })).await;
    assert_eq!((answer.status, &answer.body["delivered"]), (200, &json!(true)), "{}", answer.body);
    assert_eq!(messages(&world, "outbox.jsonl"), 1);
    let told = world.test("nobody", &json!({ "to": ADA, "config": {} })).await;
    assert_eq!(told.is_problem(404, "provider-not-found"), "there is no provider and no library `nobody`");
    settled(&world.processes(), 0).await;
    world.stop().await;
}

/// J17, J48: an incomplete configuration is not tried; every mistake is told by the name of its key.
#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_or_missing_key_is_told_and_nothing_is_tried() {
    let world = World::with(&["dry_run"], "").await;
    let config = json!({ "outbx": "o.jsonl", "fail": "throttled", "unavailable": { "42": 7 } });
    let answer = world.test("dry_run", &json!({ "to": ADA, "config": config })).await;
    answer.is_problem(400, "invalid-request");
    let mut named = fields(&answer.body);
    named.sort_unstable();
    assert_eq!(named, ["config.fail", "config.outbox", "config.outbx", "config.unavailable.42"]);
    let detail = |field: &str| -> String {
        let errors = answer.body["errors"].as_array().unwrap();
        let error = errors.iter().find(|error| error["field"] == field).unwrap();
        error["detail"].as_str().unwrap().to_owned()
    };
    assert!(detail("config.outbox").starts_with("`config` lacks `outbox`; The file that every message"));
    assert_eq!(detail("config.outbx"), "unknown key `outbx` in `config`; did you mean `outbox`?");
    assert!(detail("config.fail").starts_with("must be a list, not a text; "), "{}", detail("config.fail"));
    let null =
        world.test("dry_run", &json!({ "to": ADA, "config": { "outbox": "o", "fail": [null] } })).await;
    assert_eq!(fields(&null.body), ["config.fail[0]"]);
    assert!(world.processes().ids().is_empty());
    world.stop().await;
}

/// That a provider does not open with these keys is what the test came to.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_opening_finds_out_is_the_outcome_of_the_test() {
    let world = world("process", "").await;
    let nowhere = world.folder().join("nowhere/outbox.jsonl");
    let answer = world.test("dry_run", &json!({ "to": ADA, "config": { "outbox": nowhere } })).await;
    assert_eq!((answer.status, &answer.body["delivered"]), (200, &json!(false)));
    assert_eq!(answer.body["failure"], "misconfigured");
    assert!(answer.body["text"].as_str().unwrap().contains("make the folder"), "{}", answer.body);
    settled(&world.processes(), 1).await;
    world.stop().await;
}

/// A provider that is off stays off, whatever is typed.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_disabled_or_without_its_library_is_not_tried() {
    let others = "[providers.off]\nenabled = false\nlibrary = \"dry_run\"\n[providers.missing]\n";
    let world = World::start(&configuration("thread", &format!("\n{others}"))).await;
    for (id, said) in [
        ("off", "provider `off` is not enabled"),
        ("missing", "there is no library `missing`; put `libmissing.so` into `"),
    ] {
        let answer = world.test(id, &json!({ "to": ADA, "config": { "outbox": "o" } })).await;
        let detail = answer.is_problem(409, "provider-unavailable");
        assert!(detail.starts_with(said), "{detail}");
    }
    world.stop().await;
}

/// J52: a secret that is typed for a test stands in no answer and in no log, however much the library talks.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_saved_is_not_told() {
    let world = World::with(&["chaos"], "[providers.chaos]\n").await;
    world.keeps_secret(SECRET);
    fs::write(world.folder().join("token"), format!("{SECRET}\n")).unwrap();
    for token in [json!(SECRET), json!({ "file": "token" })] {
        for to in ["echo_secret +447700900123", "log_secret +447700900123"] {
            let body = json!({ "to": to, "channel": "sms", "config": { "token": token } });
            let answer = world.test("chaos", &body).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(answer.body["delivered"], to.starts_with("log"), "{}", answer.body);
        }
    }
    for (config, field) in [
        (json!({ "mode": { "secret": SECRET } }), "config.mode"),
        (json!({ "token": [SECRET] }), "config.token"),
        (json!({ "token": { "env": SECRET } }), "config.token.env"),
        (json!({ "token": { "file": "gone" } }), "config.token.file"),
    ] {
        let answer = world.test("chaos", &json!({ "to": "ok", "channel": "sms", "config": config })).await;
        answer.is_problem(400, "invalid-request");
        assert_eq!(fields(&answer.body), [field], "{}", answer.body);
    }
    world.stop().await;
}
