//! `passrelay verify`: an operator walks the way of an application, and tells nobody a code.

use super::{CONFIGURATION, NOT_ANSWERING};
use harness::{Console, Told};
use serde_json::{Value, json};
use std::net::TcpListener;

const ADA: &str = "+447700900123";

/// A configuration whose port the command knows, too.
fn console() -> Console {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    Console::configured(&CONFIGURATION.replace("127.0.0.1:0", &free.to_string()))
}

/// Runs it; once more where a busy machine missed the provider's 50 ms.
fn run(console: &Console, arguments: &str) -> Told {
    let mut told = console.run(arguments);
    for _ in 0..100 {
        if !format!("{told:?}").contains(NOT_ANSWERING) && !told.err.contains("no method reaches") {
            break;
        }
        told = console.run(arguments);
    }
    told
}

#[test]
fn a_verification_is_started_and_checked_as_an_application_would() {
    let console = console();
    console.run(&format!("verify start --to {ADA}")).is_trouble(
        1,
        "no server answers on",
        "start it: `passrelay serve`",
    );
    let server = console.serve();
    let made = console.run("keys new --application web");
    console.write("key", &format!("{}\n", made.out.lines().next().unwrap()));
    let started =
        run(&console, &format!("--json verify start --to {ADA} --method sms:code --purpose sign_in"));
    assert_eq!(started.code, 0, "{started:?}");
    let (id, status) =
        (started.json()["id"].as_str().unwrap().to_owned(), &started.json()["delivery"]["status"]);
    assert_eq!(status, &json!("sent"));
    let outbox = console.read("outbox.jsonl");
    let message: Value = serde_json::from_str(outbox.lines().last().unwrap()).unwrap();
    let code = message["code"].as_str().unwrap();
    console.write("wrong", "nonsense\n");
    console.write("right", code);
    let wrong = console.run(&format!("verify check {id} --code-file wrong"));
    assert_eq!((wrong.code, wrong.out.as_str()), (1, "wrong: checks left: 4\n"), "{wrong:?}");
    let right = console.run(&format!("verify check {id} --code-file right --key-file key"));
    assert_eq!((right.code, right.out.as_str()), (0, "right: +44•••••••123 is proved\n"), "{right:?}");
    let again = console.run(&format!("verify check {id} --code-file right --application web"));
    assert!(again.code == 1 && again.err.starts_with("error: "), "{again:?}");
    console.write("key", "prk_0000000000000000_none\n");
    let refused = run(&console, &format!("verify start --to {ADA} --key-file key"));
    assert!(refused.code == 1 && refused.err.contains("Authorization"), "{refused:?}");
    let all = format!("{started:?}{wrong:?}{right:?}{again:?}{refused:?}");
    assert!(!all.contains("7700900") && !all.contains("key-of-web") && !all.contains("nonsense"), "{all}");
    let (exit, log) = server.stop();
    assert_eq!(exit, Some(0), "{log}");
}
