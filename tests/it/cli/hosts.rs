//! Which hosts a library reaches, told before it is trusted, and restricted where it is configured.

use harness::Console;
use serde_json::json;

const CONFIGURATION: &str = "[libraries]\ndirectories = [\"providers\"]\n[providers.hostile]\nallow_hosts = [\"HERE\"]\n\
    [providers.hostile.config]\nserver = \"http://127.0.0.1:7/\"\n[providers.chaos]\n";

fn console(permitted: &str) -> Console {
    let console = Console::with(&["hostile", "chaos"]);
    console.write("passrelay.toml", &CONFIGURATION.replace("HERE", permitted));
    console
}

#[test]
fn what_a_library_reaches_is_told_before_it_runs_and_loudly_where_it_is_everything() {
    let console = console("a.declared.invalid");
    let inspect = |library: &str| console.run(&format!("providers inspect providers/lib{library}.so"));
    assert!(
        inspect("hostile").out.contains("\nhosts         *.declared.invalid {server}\n"),
        "{:?}",
        inspect("hostile")
    );
    assert!(inspect("chaos").out.contains("\nhosts         ANY HOST (*)\n"));
    let json = console.run("providers inspect providers/libhostile.so --json").json();
    assert_eq!(json["hosts"], json!(["*.declared.invalid", "{server}"]));
    let told = console.run("providers list");
    let end = "\n\nchaos reaches ANY HOST (*)\n\
               hostile reaches *.declared.invalid {server}; `allow_hosts` permits a.declared.invalid\n";
    assert!(told.code == 0 && told.out.ends_with(end), "{told:?}");
}

#[test]
fn a_permitted_host_that_the_library_does_not_declare_is_a_mistake_in_its_place() {
    for (permitted, hint) in [
        ("declared.invalid", "did you mean `*.declared.invalid`?"),
        ("sms.example.com", "`hostile` declares `*.declared.invalid`, `{server}`"),
        ("127.0.0.1:8", "`hostile` declares `*.declared.invalid`, `{server}`"),
    ] {
        let told = console(permitted).run("check");
        let mistake = "passrelay.toml:4:16: `providers.hostile.allow_hosts` permits a host that its library does not declare";
        assert!(told.code == 3 && told.err.contains(&format!("{mistake}\nhint: {hint}\n")), "{told:?}");
    }
    for permitted in ["127.0.0.1:7", "a.declared.invalid", "*"] {
        assert_eq!(console(permitted).run("check").code, 0, "{permitted}");
    }
}

/// An author who forgot to declare a host learns of it before any operator does.
#[test]
fn trying_and_examining_a_library_send_no_request_to_an_undeclared_host() {
    let console = Console::with(&["hostile"]);
    console.write("keys.toml", "");
    let to = "http:http://sms.example.invalid/";
    let why = "the library does not declare the host `sms.example.invalid`";
    let told = console.run(&format!(
        "providers try providers/libhostile.so --config keys.toml --channel sms --allow-private-addresses --to {to}"
    ));
    assert!(told.code == 1 && told.out.contains(why), "{told:?}");
    let sample = |to: &str| {
        let message = json!({
            "id": "m1", "channel": "sms", "recipient": to, "text": "493817 is your code.",
            "payload": { "kind": "code", "value": "493817" },
        });
        let sample = json!({ "config": {}, "message": message, "http": { "status": 200, "body": "" } });
        console.write("sample.json", &sample.to_string());
        console.run("providers conform providers/libhostile.so")
    };
    let told = sample(to);
    assert!(
        told.out.contains(&format!("note: the sample's message is not taken: misconfigured: {why}")),
        "{told:?}"
    );
    let told = sample("http:http://a.declared.invalid/");
    assert!(!told.out.contains("not taken"), "{told:?}");
}
