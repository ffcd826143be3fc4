//! A new version that is no good costs no member anything: what it does not get through, the old one does.

use super::{canary, configuration, console, drop_in, events, listed, start};
use serde_json::{Value, json};

const MANY: usize = 30;

/// So many, each twice, are told on one page.
const FEW: usize = 10;

/// It panics or takes its process with it until it is left alone, also after a restart: every message leaves.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_breaks_down_is_quarantined_and_every_message_leaves() {
    for (isolation, mood, times, word, event) in [
        ("process", "abort", 2, "unknown", "died"),
        ("process", "panic", 5, "failed", "panicked"),
        ("thread", "panic", 5, "failed", "panicked"),
    ] {
        let shown = format!("{isolation} {mood}");
        let console = console();
        let hash = drop_in(&console, mood);
        console.write("passrelay.toml", &configuration(isolation, &canary(&hash, 99)));
        let server = console.serve();
        start(&server, 0, MANY).await;
        let provider = listed(&console);
        let told = provider["canary"].clone();
        assert_eq!(
            (&told["state"], &told["deliveries"][word]),
            (&json!("resting"), &json!(times)),
            "{shown}: {told}"
        );
        assert_eq!(events(&told), ["opened", event, "quarantined"], "{shown}: {told}");
        assert_eq!(
            (&provider["state"], events(&provider)),
            (&json!("ready"), vec!["opened", "canary_opened"])
        );
        assert_eq!(provider["deliveries"], json!({ "sent": MANY, "failed": 0, "unknown": 0 }), "{shown}");
        let (code, log) = server.stop();
        assert_eq!(code, Some(0), "{shown}: {log}");

        let server = console.serve();
        start(&server, 1, 5).await;
        let after = listed(&console);
        assert_eq!(
            (&after["canary"]["state"], &after["canary"]["deliveries"]["unknown"]),
            (&json!("resting"), &json!(0))
        );
        assert_eq!(after["deliveries"]["sent"], 5, "{shown}: {after}");
        let freed = console.run("providers free moody");
        assert_eq!(
            (freed.code, listed(&console)["canary"]["state"].as_str()),
            (0, Some("ready")),
            "{freed:?}"
        );
        // It is asked again, and what it does not get through leaves all the same.
        start(&server, 2, 3).await;
        assert_eq!(server.stop().0, Some(0), "{shown}");
    }
}

/// On a thread of the host it takes the server with it, once: the next start knows whose fault it was, and the message
/// leaves by the old version.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_ends_the_server_from_its_thread_does_so_once() {
    let console = console();
    let hash = drop_in(&console, "abort");
    console.write("passrelay.toml", &configuration("thread", &canary(&hash, 99)));
    let server = console.serve();
    let url = format!("http://{}/v1/verifications", server.address());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut answered = 0;
    // One of a hundred is not the canary's.
    loop {
        let request = client.post(&url).header("prefer", "wait=20").bearer_auth(harness::KEY);
        let sent = request.json(&json!({ "to": format!("+44770090{answered:04}") })).send().await;
        if sent.is_err() {
            break;
        }
        answered += 1;
    }
    let (code, log) = server.ended();
    assert_ne!(code, Some(0), "{log}");
    let mut server = console.serve();
    server.wait_for("\"delivery sent\"");
    let provider = listed(&console);
    assert_eq!((&provider["state"], &provider["note"]), (&json!("ready"), &Value::Null), "{provider}");
    assert_eq!(provider["canary"]["state"], "resting", "{provider}");
    start(&server, 1, 3).await;
    let after = listed(&console);
    assert_eq!(
        (&after["deliveries"]["sent"], &after["canary"]["deliveries"]["unknown"]),
        (&json!(4), &json!(0))
    );
    assert_eq!(server.stop().0, Some(0));
}

/// Its answers are answers: it is not left alone, and the provider's own version is asked right after it.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_new_version_refuses_the_old_one_sends() {
    let console = console();
    let hash = drop_in(&console, "reject");
    console.write("passrelay.toml", &configuration("process", &canary(&hash, 99)));
    let server = console.serve();
    start(&server, 0, FEW).await;
    let provider = listed(&console);
    let told = &provider["canary"];
    assert_eq!(
        (&told["state"], &provider["deliveries"]["sent"]),
        (&json!("ready"), &json!(FEW)),
        "{provider}"
    );
    let failed = told["deliveries"]["failed"].as_u64().unwrap();
    assert!(failed > 1, "{told}");
    let all = console.run("deliveries --json").json();
    let shown = all.to_string();
    assert_eq!(shown.matches("\"rejected\"").count(), usize::try_from(failed).unwrap(), "{shown}");
    assert_eq!(server.stop().0, Some(0));
}

/// It does not open: that is told, and the provider has all deliveries. So it is with one that nobody signed.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_does_not_open_leaves_its_provider_alone_and_says_why() {
    let console = console();
    let hash = drop_in(&console, "closed");
    console.write("passrelay.toml", &configuration("process", &canary(&hash, 50)));
    let check = console.run("check");
    let note = "note: passrelay.toml: the canary of provider `moody` has no share: misconfigured: it does not want to open";
    assert!(check.code == 0 && check.out.contains(note), "{check:?}");
    assert!(check.out.contains("\nmoody (canary)  7.3.2 "), "{check:?}");
    let doctor = console.run("doctor").out;
    assert!(
        doctor.contains("that of `moody` has no share: misconfigured: it does not want to open"),
        "{doctor}"
    );
    let server = console.serve();
    start(&server, 0, 5).await;
    let provider = listed(&console);
    let told = &provider["canary"];
    assert_eq!((&told["state"], &told["deliveries"]), (&json!("failed"), &Value::Null), "{provider}");
    assert!(told["reason"].as_str().unwrap().contains("it does not want to open"), "{told}");
    assert_eq!(provider["deliveries"]["sent"], 5, "{provider}");
    assert_eq!(server.stop().0, Some(0));
}
