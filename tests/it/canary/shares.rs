//! Who has which delivery: as the ids say, and as an operator is told.

use super::{NEW, OLD, canary, configuration, console, drop_in, listed, start};
use passrelay::{delivery::falls_to_canary, seal::DeliveryId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many verifications each of four callers starts, and all of them.
const EACH: usize = 60;
const ALL: usize = 4 * EACH;

const WEIGHT: u8 = 30;

/// Every id falls to one of the two, and that one has it: the log says which, and the lists count the same.
#[tokio::test(flavor = "multi_thread")]
async fn each_delivery_goes_through_the_version_that_its_id_falls_to() {
    for isolation in ["process", "thread"] {
        let console = console();
        let hash = drop_in(&console, "fine");
        console.write("passrelay.toml", &configuration(isolation, &canary(&hash, WEIGHT)));
        let server = console.serve();
        let callers = tokio::join!(
            start(&server, 0, EACH),
            start(&server, 1, EACH),
            start(&server, 2, EACH),
            start(&server, 3, EACH),
        );
        let mut ids: BTreeMap<String, bool> = BTreeMap::new();
        for delivery in [callers.0, callers.1, callers.2, callers.3].concat() {
            let id: DeliveryId = delivery["id"].as_str().unwrap().parse().unwrap();
            ids.insert(id.to_string(), falls_to_canary(&id, WEIGHT));
        }
        let share = ids.values().filter(|falls| **falls).count();
        assert!((1..ALL).contains(&share), "{share}");
        let provider = listed(&console);
        let told = &provider["canary"];
        let counted = |sent: usize| json!({ "sent": sent, "failed": 0, "unknown": 0 });
        assert_eq!(told["deliveries"], counted(share), "{provider}");
        assert_eq!(provider["deliveries"], counted(ALL - share), "{provider}");
        assert_eq!((&provider["version"], &told["version"]), (&json!(OLD), &json!(NEW)));
        assert_eq!(
            (&told["sha256"], &told["weight"], &told["state"]),
            (&json!(hash), &json!(WEIGHT), &json!("ready"))
        );
        let text = console.run("providers list").out;
        for line in [
            format!("moody (canary, {WEIGHT} %)"),
            format!("  deliveries: {share} sent, 0 failed, 0 unknown"),
        ] {
            assert!(text.contains(&line), "{line}: {text}");
        }
        let socket = console.file("passrelay-admin.sock");
        let operator = reqwest::Client::builder().no_proxy().unix_socket(socket).build().unwrap();
        let metrics = operator.get("http://localhost/metrics").send().await.unwrap().text().await.unwrap();
        for line in [
            format!(
                "passrelay_canary_deliveries_total{{provider=\"moody\",outcome=\"sent\",failure=\"\"}} {share}"
            ),
            "passrelay_canary_state{provider=\"moody\",state=\"ready\"} 1".to_owned(),
        ] {
            assert!(metrics.contains(&line), "{line}: {metrics}");
        }
        let (code, log) = server.stop();
        assert_eq!(code, Some(0), "{log}");
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        for line in lines.filter(|line| line.to_string().contains("\"delivery sent\"")) {
            let text = line.to_string();
            let (id, falls) = ids.iter().find(|(id, _)| text.contains(id.as_str())).unwrap();
            let (has, has_not) = if *falls { (NEW, OLD) } else { (OLD, NEW) };
            assert!(text.contains(has) && !text.contains(has_not), "{id}: {text}");
        }
        assert_eq!(log.matches("\"delivery sent\"").count(), ALL, "{log}");
    }
}

/// Where nothing is shared, nothing is said of versions.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_alone_logs_no_version_and_lists_no_canary() {
    let console = console();
    console.write("passrelay.toml", &configuration("process", ""));
    let server = console.serve();
    start(&server, 0, 1).await;
    let provider = listed(&console);
    assert_eq!(
        (&provider["canary"], &provider["deliveries"]["sent"]),
        (&Value::Null, &json!(1)),
        "{provider}"
    );
    let (_, log) = server.stop();
    let line = log.lines().find(|line| line.contains("\"delivery sent\"")).unwrap();
    assert!(!line.contains("library.version"), "{line}");
}
