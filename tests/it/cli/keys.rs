//! `passrelay keys`: with a server and without one.

use super::CONFIGURATION;
use harness::{Console, Server, Told};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn status(server: &Server, key: &str) -> StatusCode {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("http://{}/v1/verifications/ver_0", server.address()));
    request.bearer_auth(key).send().await.unwrap().status()
}

/// The key that was made: it stands alone on the first line.
fn key(told: &Told) -> String {
    assert_eq!(told.code, 0, "{told:?}");
    told.out.lines().next().unwrap().to_owned()
}

fn id(key: &str) -> &str {
    key.split('_').nth(1).unwrap()
}

/// The same commands, asked of a server that runs and of the store that it left.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_revoked_whether_a_server_runs_or_not() {
    let console = Console::configured(CONFIGURATION);
    let before = key(&console.run("keys new --application web --name before"));
    assert!(before.starts_with("prk_"), "{before}");
    let server = console.serve();
    let during = key(&console.run("keys new --application web"));
    for key in [&before, &during] {
        // There is no such verification: the key itself is good.
        assert_eq!(status(&server, key).await, StatusCode::NOT_FOUND);
    }
    let told = console.run("--json keys list");
    let kept: Value = told.json();
    assert_eq!(kept["keys"].as_array().unwrap().len(), 2, "{kept}");
    assert!(!told.out.contains(before.rsplit('_').next().unwrap()), "{kept}");
    let revoked = console.run(&format!("keys revoke {}", id(&during)));
    assert_eq!((revoked.code, revoked.out.as_str()), (0, &*format!("revoked {}\n", id(&during))));
    assert_eq!(status(&server, &during).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&server, &before).await, StatusCode::NOT_FOUND);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    for key in [&before, &during] {
        assert!(!log.contains(key.rsplit('_').next().unwrap()), "{log}");
    }
    let database = std::fs::read(console.file("passrelay.db")).unwrap();
    let secret = before.rsplit('_').next().unwrap().as_bytes();
    assert!(!database.windows(secret.len()).any(|window| window == secret), "no key stands in the database");

    // Whoever pastes the whole key means the key.
    assert_eq!(console.run(&format!("keys revoke {before}")).out, format!("revoked {}\n", id(&before)));
    let none = console.run("keys list");
    assert!(none.out.starts_with("no API key was made at run time"), "{none:?}");
    let server = console.serve();
    assert_eq!(status(&server, &before).await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.stop().0, Some(0));
}

/// Whoever looks in the wrong folder, or as another user, leaves nothing there that a server would stumble over.
#[test]
fn who_only_looks_makes_neither_a_store_nor_a_key_file() {
    let console = Console::configured(CONFIGURATION);
    for command in [
        "keys list",
        "keys revoke 00",
        "deliveries",
        "limits show --application web",
        "limits free --application web",
    ] {
        console.run(command).is_trouble(
            1,
            "nothing was kept here",
            "name the configuration with `--config FILE`",
        );
        assert!(
            !console.file("passrelay.db").exists() && !console.file("passrelay.key").exists(),
            "{command}"
        );
    }
    key(&console.run("keys new --application web"));
    assert_eq!(console.run("keys list").code, 0);
}

#[test]
fn what_is_wrong_is_told_in_words() {
    let console = Console::configured(CONFIGURATION);
    for (arguments, told) in [
        ("keys new", "error: `application`: is missing: the id of the application that calls with the key\n"),
        ("keys new --application nobody", "error: `application`: there is no application of this id\n"),
        ("keys new --scope admin", "error: `scope`: expected `application`, `account` or `operator`\n"),
        ("keys revoke 00", "error: there is no such API key\n"),
        ("keys revoke ../applications/web", "error: there is no such API key\n"),
    ] {
        let said = console.run(arguments);
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (1, "", told), "{arguments}");
    }
    let said = console.run("--json keys new --scope admin --expires-at never").json();
    let both = "`scope`: expected `application`, `account` or `operator`; `expires_at`: expected a time such as \
        `2027-01-31T00:00:00Z`";
    assert_eq!(said, json!({ "error": both, "hint": null }));
}

#[test]
fn without_a_server_a_store_in_memory_has_no_keys_to_ask_for() {
    let console = Console::configured(&format!("{CONFIGURATION}[store]\nurl = \"memory:\"\n"));
    console.run("keys list").is_trouble(
        1,
        "no server runs on `passrelay-admin.sock`, and `store.url` keeps nothing without one",
        "start it: `passrelay serve`",
    );
    let server = console.serve();
    let made = console.run("keys new --scope operator");
    assert!(made.out.ends_with("it ends with the server.\n"), "{made:?}");
    assert_eq!(server.stop().0, Some(0));
}

/// A store is one server's alone, also where that server has no socket to be asked on.
#[test]
fn the_store_of_a_server_without_a_socket_is_not_touched() {
    let off = CONFIGURATION.replace("[server]", "[server]\nadmin = \"off\"");
    let console = Console::configured(&off);
    let server = console.serve();
    let told = console.run("keys new --application web");
    assert_eq!((told.code, told.out.as_str()), (1, ""), "{told:?}");
    assert!(told.err.contains("passrelay.db"), "{told:?}");
    assert_eq!(server.stop().0, Some(0));
    key(&console.run("keys new --application web"));
}
