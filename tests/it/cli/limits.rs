//! `passrelay limits`: with a server and without one.

use super::{CONFIGURATION, reload::start};
use harness::{Console, KEY};
use reqwest::StatusCode;
use serde_json::json;

const ADA: &str = "+447700900123";

fn console() -> Console {
    let limits = "[applications.web.code]\npause = \"0s\"\n[limits]\nsends_per_recipient = \"1 per 1h\"\n";
    Console::configured(&format!("{CONFIGURATION}{limits}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_shown_and_let_go_whether_a_server_runs_or_not() {
    let console = console();
    let ada = format!("--application web --to {ADA}");
    // Each round begins with a message that only whoever was let go is sent.
    for runs in [true, false, true] {
        let server = console.serve();
        assert_eq!(start(&server, KEY, ADA).await.0, StatusCode::CREATED);
        assert_eq!(start(&server, KEY, ADA).await.0, StatusCode::TOO_MANY_REQUESTS);
        let server = if runs {
            Some(server)
        } else {
            assert_eq!(server.stop().0, Some(0));
            None
        };
        let shown = console.run(&format!("limits show {ada}"));
        assert_eq!((shown.code, shown.err.as_str()), (0, ""), "{shown:?}");
        let line = shown.out.lines().find(|line| line.starts_with("sends_per_recipient ")).unwrap();
        assert!(line.contains("used up, more in "), "{shown:?}");
        let freed = console.run(&format!("limits free {ada}"));
        assert!(freed.out.starts_with("freed; now it is\n"), "{freed:?}");
        let again = console.run(&format!("--json limits show {ada}")).json();
        let sends = &again["limits"][0];
        assert_eq!((&sends["name"], &sends["used"]), (&json!("sends_per_recipient"), &json!(0)));
        assert!(!format!("{shown:?}{freed:?}{again}").contains("7700900"));
        if let Some(server) = server {
            assert_eq!(server.stop().0, Some(0));
        }
    }
}

#[test]
fn each_subject_has_its_limits_and_a_mistake_is_told() {
    let console = console();
    console.run("keys new --application web");
    for (whom, first) in [
        ("--member 42", "failed_checks_per_member"),
        ("--entity user-0001", "failed_checks_in_a_row_per_factor"),
        ("--ip 192.0.2.1", "sends_per_client_ip"),
        ("--api-key sha256:0123", "no limit is configured"),
        ("", "no limit is configured"),
    ] {
        let told = console.run(&format!("limits show --application web {whom}"));
        assert!(told.code == 0 && told.out.lines().any(|line| line.starts_with(first)), "{told:?}");
    }
    for (arguments, code, what) in [
        ("--application web --ip localhost", 1, "error: `ip`: expected an IP address\n"),
        ("--application web --entity short", 1, "error: `entity`: "),
        ("--application shop --to +447700900123", 1, "error: "),
        (
            "--to +447700900123",
            2,
            "error: the following required arguments were not provided: --application <ID>\n",
        ),
        (
            "--application web --to +447700900123 --member 42",
            2,
            "error: the argument '--to <RECIPIENT>' cannot be used with",
        ),
    ] {
        for command in ["show", "free"] {
            let told = console.run(&format!("limits {command} {arguments}"));
            assert_eq!((told.code, told.out.as_str()), (code, ""), "{told:?}");
            assert!(told.err.starts_with(what) && !told.err.contains("7700900"), "{told:?}");
        }
    }
}
