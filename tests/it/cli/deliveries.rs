//! `passrelay deliveries`: with a server and without one.

use super::{CONFIGURATION, reload::start};
use harness::{Console, KEY, Told};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ADA: &str = "+447700900123";
const BOB: &str = "+447700900124";

/// A first provider that does not take its first message, and one that takes over.
fn console() -> Console {
    let two = "[providers.first]\nlibrary = \"dry_run\"\nconfig = { outbox = \"first.jsonl\", fail = [\"blocked first 1\"] }\n\
        [routes]\nsms = [\"first\", \"dry_run\"]\nemail = [\"dry_run\"]\n[applications.web]";
    Console::configured(&CONFIGURATION.replace("[applications.web]", two))
}

fn found(told: &Told) -> Vec<Value> {
    assert_eq!(told.code, 0, "{told:?}");
    told.json()["deliveries"].as_array().unwrap().clone()
}

/// J53, T64: whoever did not get their message is found by their number, with the reason, and no list shows it in full.
#[tokio::test(flavor = "multi_thread")]
async fn a_members_failed_message_is_found_by_the_recipient_whether_a_server_runs_or_not() {
    let console = console();
    let server = console.serve();
    let (status, of_ada) = start(&server, KEY, ADA).await;
    assert_eq!(status, StatusCode::CREATED);
    start(&server, KEY, BOB).await;
    let during = console.run(&format!("deliveries --to {ADA}"));
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    let after = console.run(&format!("deliveries --to {ADA}"));
    assert_eq!(during.out, after.out, "the same is told of the store that a server left");
    let lines: Vec<&str> = after.out.lines().collect();
    assert!(lines[0].starts_with("ID ") && lines.len() > 1, "{after:?}");
    assert!(
        after.out.contains("+44•••••••123")
            && after.out.contains("  failed  ")
            && after.out.contains("blocked"),
        "{after:?}"
    );

    let failed = found(&console.run(&format!("--json deliveries --to {ADA} --failure blocked")));
    assert_eq!(
        (failed.len(), &failed[0]["verification"], &failed[0]["provider"]),
        (1, &of_ada["id"], &json!("first"))
    );
    let everything = console.run("--json deliveries");
    let count = found(&everything).len();
    for (filter, finds) in [
        ("--status failed --provider first --channel sms --application web", 1),
        ("--status queued", 0),
        ("--channel email", 0),
        ("--application shop", 0),
        ("--since 2000-01-01T00:00:00Z", count),
        ("--until 2000-01-01T00:00:00Z", 0),
        ("--limit 1", 1),
    ] {
        let told = console.run(&format!("--json deliveries {filter}"));
        assert_eq!(found(&told).len(), finds, "{filter}: {told:?}");
    }
    let first = console.run("deliveries --limit 1");
    let next = first.out.trim_end().rsplit_once("`--after ").unwrap().1.trim_end_matches('`').to_owned();
    assert_eq!(found(&console.run(&format!("--json deliveries --after {next}"))).len(), count - 1);
    assert_eq!(console.run("deliveries --status unknown").out, "no such delivery\n");
    for told in [&during, &everything, &first] {
        assert!(!format!("{told:?}").contains("7700900"), "{told:?}");
    }
}

#[test]
fn what_is_wrong_is_told_at_once_and_without_the_recipient() {
    let console = console();
    console.run("keys new --application web");
    let told = console.run("deliveries --status gone --since now --limit 0 --to +447700900123");
    assert_eq!((told.code, told.out.as_str()), (1, ""), "{told:?}");
    for field in
        ["`status`: expected one of `queued`", "`since`: expected a time", "`limit`: expected a number"]
    {
        assert!(told.err.contains(field), "{told:?}");
    }
    assert!(!told.err.contains("7700900"), "{told:?}");
}
