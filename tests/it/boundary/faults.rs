//! What a provider did is counted, kept over a restart and forgotten when an operator says so.

use super::{
    message,
    stage::{Stage, chaos, still},
};
use harness::{Console, Dropped, Server, program};
use passrelay::plugin::{Faults, Happening, Isolation, ProviderState, Providers, Workshop};
use serde_json::{Value, json};
use std::fs;

fn reason(providers: &Providers) -> String {
    let ProviderState::Resting(reason) = &providers.status()[0].state else {
        panic!("it rests: {:?}", providers.status());
    };
    reason.clone()
}

/// The clock stands still, so that a restart takes no time: the same provider, opened by another host.
#[tokio::test(flavor = "multi_thread")]
async fn a_quarantine_outlives_the_host_belongs_to_the_file_and_ends_when_it_is_freed() {
    let (dropped, hand) = (Dropped::with(&["chaos"]), still());
    let settings = [chaos("wild", Isolation::Process)];
    let faults = Faults::beside(&dropped.settings().copies);
    let workshop = Workshop::of_program(program(), hand.clock()).keeping(faults);
    let libraries = dropped.scan().await;
    let start = async || Providers::open(&settings, &libraries, &workshop).await;
    let providers = start().await;
    let lane = providers.lane("wild").unwrap();
    lane.deliver(message("segv")).await.unwrap_err();
    providers.close().await;
    // One death is no reason yet, and after a restart it is still one of two.
    let providers = start().await;
    let lane = providers.lane("wild").unwrap();
    assert!(lane.deliver(message("ok")).await.is_ok());
    lane.deliver(message("segv")).await.unwrap_err();
    assert!(
        reason(&providers).contains("(died 2 times); until 2026-01-02T03:05:05Z"),
        "{}",
        reason(&providers)
    );

    let providers = start().await;
    assert!(
        reason(&providers).contains("(died 2 times); until 2026-01-02T03:05:05Z"),
        "{}",
        reason(&providers)
    );
    let refused = providers.lane("wild").unwrap().deliver(message("ok")).await.unwrap_err();
    assert!(refused.text.contains("quarantined"), "{refused}");
    let kept = fs::read_to_string(dropped.settings().copies.join("faults.json")).unwrap();
    assert!(kept.contains("\"ended\"") && !kept.contains("segv") && !kept.contains("493817"), "{kept}");

    // Other bytes did nothing yet.
    let file = fs::read(harness::built("chaos")).unwrap();
    dropped.put("libchaos.so", &[&file[..], b"."].concat());
    let mended = Providers::open(&settings, &dropped.scan().await, &workshop).await;
    assert!(mended.lane("wild").unwrap().deliver(message("ok")).await.is_ok());

    let freed = providers.free("wild", &workshop).unwrap();
    assert_eq!(freed.state, ProviderState::Ready);
    assert_eq!(freed.events.last().map(|event| event.event), Some(Happening::Freed));
    assert!(providers.lane("wild").unwrap().deliver(message("ok")).await.is_ok());
    assert_eq!(start().await.status()[0].state, ProviderState::Ready);
    assert!(providers.free("tame", &workshop).is_none());
}

/// It answers, and meanwhile says a hundred thousand things, or asks two thousand: a fault as a panic is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_events_or_of_questions_counts_as_a_fault() {
    // Where nobody listens nothing is said.
    harness::log::capture();
    for (mode, isolation) in
        ["flood", "crowd"].into_iter().flat_map(|mode| super::BOTH.map(|both| (mode, both)))
    {
        let stage = Stage::open(&[chaos("loud", isolation)], &still().clock()).await;
        assert!(stage.deliver("loud", mode).await.is_ok());
        assert!(stage.deliver("loud", "ok").await.is_ok());
        let events = &stage.providers.status()[0].events;
        let floods = events.iter().filter(|event| event.event == Happening::Flooded).count();
        assert_eq!(floods, 1, "{mode} {isolation:?}: {events:?}");
    }
}

/// Asks the server's provider for one test message.
async fn test(console: &Console, to: &str) {
    ask_for_test(console, to).await.unwrap();
}

/// The same, where the server may end before it answers.
async fn ask_for_test(console: &Console, to: &str) -> reqwest::Result<reqwest::Response> {
    let socket = console.file("passrelay-admin.sock");
    let operator = reqwest::Client::builder().no_proxy().unix_socket(socket).build().unwrap();
    let request = operator.post("http://localhost/v1/providers/chaos/tests");
    request.json(&json!({ "to": to, "channel": "sms" })).send().await
}

fn listed(console: &Console) -> Value {
    console.run("providers list --json").json()["providers"][0].clone()
}

/// The whole program: an operator sees why, over a restart, and lets it go.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_why_a_provider_is_quarantined_over_a_restart_and_frees_it() {
    let console = Console::with(&["chaos"]);
    console.write("passrelay.toml", "[server]\nlisten = \"127.0.0.1:0\"\n[providers.chaos]\n");
    let stopped = |server: Server| assert_eq!(server.stop().0, Some(0));
    let server = console.serve();
    test(&console, "segv").await;
    test(&console, "segv").await;
    let before = listed(&console);
    assert_eq!(before["state"], "resting", "{before}");
    stopped(server);
    let server = console.serve();
    let after = listed(&console);
    assert_eq!((&after["state"], &after["reason"]), (&json!("resting"), &before["reason"]));
    assert!(after["reason"].as_str().unwrap().contains("(died 2 times)"), "{after}");
    let told = console.run("providers free chaos");
    assert_eq!((told.code, told.out.as_str()), (0, "freed; now `chaos` is ready\n"), "{told:?}");
    test(&console, "ok").await;
    assert_eq!(listed(&console)["state"], "ready");
    let told = console.run("providers free nobody");
    assert_eq!((told.code, told.err.as_str()), (1, "error: there is no provider `nobody`\n"), "{told:?}");
    stopped(server);
    // Where none runs, the next one is told.
    let told = console.run("providers free chaos");
    assert_eq!((told.code, told.out.as_str()), (0, "nothing was kept of it; no server runs\n"), "{told:?}");
    stopped(console.serve());
}

/// Traps B7 and B8: on a thread a library can end the whole server. The next one knows who it was, and gives it a process.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_ends_the_server_from_its_thread_is_known_at_the_next_start_and_gets_a_process() {
    let ends = [
        ("segv", None, "signal 11 (SIGSEGV)"),
        ("abort", None, "signal 6 (SIGABRT)"),
        ("stack", None, "signal 11 (SIGSEGV)"),
        // Not 0, which would be an end as it should be.
        ("exit", Some(70), "exit"),
    ];
    for (mode, code, how) in ends {
        let console = Console::with(&["chaos", "dry_run"]);
        let providers = "[providers.chaos]\nisolation = \"thread\"\n[providers.dry_run]\nisolation = \"thread\"\n\
            config = { outbox = \"outbox\" }\n";
        console.write("passrelay.toml", &format!("[server]\nlisten = \"127.0.0.1:0\"\n{providers}"));
        let server = console.serve();
        assert_eq!(listed(&console)["state"], "ready");
        ask_for_test(&console, mode).await.unwrap_err();
        let (ended, told) = server.ended();
        assert_eq!(ended, code, "{mode}: {told}");
        assert!(told.contains("a provider ended the server") && told.contains("chaos "), "{mode}: {told}");

        let server = console.serve();
        let after = listed(&console);
        assert_eq!(after["state"], "resting", "{mode}: {after}");
        assert!(after["reason"].as_str().unwrap().contains("(ended the server once)"), "{mode}: {after}");
        assert!(after["note"].as_str().unwrap().contains("a process of its own for now"), "{mode}: {after}");
        // The other one is none the worse.
        assert_eq!(console.run("providers list --json").json()["providers"][1]["state"], "ready");
        console.run("providers free chaos");
        test(&console, mode).await;
        let last = listed(&console)["events"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["event"], "died", "{mode}: this time it was its own process: {last}");
        let (_, log) = server.stop();
        assert!(
            log.contains("the provider ended the last server from its thread") && log.contains(how),
            "{mode}: {log}"
        );
        assert!(!log.contains(&format!("{mode}@")), "{log}");

        // Freed and restarted, it has its thread back.
        let server = console.serve();
        assert_eq!(listed(&console)["note"], Value::Null, "{mode}");
        drop(server);
    }
}

/// One that ends the server while it is opened must not do so at every start.
#[test]
fn a_server_that_ended_while_it_opened_a_provider_comes_up_at_the_next_start() {
    let console = Console::with(&["chaos"]);
    let provider = "[providers.chaos]\nisolation = \"thread\"\nconfig = { mode = \"segv_open\" }\n";
    console.write("passrelay.toml", &format!("[server]\nlisten = \"127.0.0.1:0\"\n{provider}"));
    let ended = console.command(["serve"]).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code().is_none() && told.contains("a provider ended the server"), "{told}");
    let server = console.serve();
    let after = listed(&console);
    assert_eq!(after["state"], "failed", "{after}");
    assert!(after["reason"].as_str().unwrap().contains("signal 11 (SIGSEGV)"), "{after}");
    assert!(after["note"].as_str().unwrap().contains("a process of its own for now"), "{after}");
    assert_eq!(server.stop().0, Some(0));
}
