//! A provider's requests go where its library declares and its operator permits, wherever the library runs.

use super::{
    BOTH, message,
    service::answering,
    stage::{Stage, chaos, named},
};
use harness::{Dropped, built, log::capture, provider};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Providers, Settings},
};
use provider_api::{DeliveryError, Failure, hosts::Pattern};
use serde_json::{Value, json};

/// A provider of a library that declares `*.declared.invalid` and the host under `server`.
async fn open(dropped: &Dropped, settings: Settings, permitted: Option<&[&str]>) -> Providers {
    let permitted = permitted.map(|hosts| hosts.iter().map(|host| Pattern::parse(host).unwrap()).collect());
    let settings = Settings { allow_private_addresses: true, allow_hosts: permitted, ..settings };
    dropped.open_with(&[settings], &Clock::system()).await
}

fn hostile(id: &str, isolation: Isolation, config: Value) -> Settings {
    Settings { id: named(id, isolation), ..provider("hostile", isolation, config) }
}

async fn ask(providers: &Providers, url: &str) -> Result<String, DeliveryError> {
    let id = providers.status()[0].id.clone();
    let receipt = providers.lane(&id).unwrap().deliver(message(&format!("http:{url}"))).await?;
    Ok(receipt.reference.unwrap_or_default())
}

/// J53: an undeclared host is refused and reported, once, by its name alone, and deliveries go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_the_library_does_not_declare_is_refused_and_reported() {
    let log = capture();
    let service = answering("202 Accepted", b"{}".to_vec()).await;
    let address = service.trim_start_matches("http://").trim_end_matches("/messages");
    for isolation in BOTH {
        let dropped = Dropped::with(&["hostile"]);
        let settings = hostile("undeclared", isolation, json!({}));
        let id = settings.id.clone();
        let providers = open(&dropped, settings, None).await;
        for url in [
            format!("{service}?to=447700900123"),
            format!("http://a.declared.invalid@{address}/messages"),
            format!("http://{address}\\@a.declared.invalid/"),
            format!("http://{address}#.declared.invalid"),
        ] {
            let error = ask(&providers, &url).await.unwrap_err();
            assert_eq!(error.failure, Failure::Misconfigured, "{isolation:?} {url} {error}");
            let why = format!(
                "the library does not declare the host `{address}` (hint: `hosts` of its `export_provider!` does)"
            );
            assert_eq!(error.text, why, "{isolation:?} {url}");
        }
        ask(&providers, "http://declared.invalid/").await.unwrap_err();
        let told = |host: &str| {
            let refused = |entry: &&harness::log::Entry| {
                entry.fields.get("host").is_some_and(|it| it.to_string() == host)
            };
            log.of_provider(&id).iter().filter(refused).count()
        };
        assert_eq!((told(address), told("declared.invalid")), (1, 1), "{isolation:?}");
        let entries = format!("{:?}", log.of_provider(&id));
        assert!(!entries.contains("/messages") && !entries.contains("447700900123"), "{entries}");
        // Below a declared domain: not refused, and nobody there.
        let error = ask(&providers, "http://a.declared.invalid/").await.unwrap_err();
        assert_eq!(error.failure, Failure::Unavailable, "{isolation:?} {error}");
        let lane = providers.lane(&id).unwrap();
        assert_eq!(lane.deliver(message("ok")).await.unwrap().reference.as_deref(), Some("delivered"));
    }
}

/// A declared key stands for what the operator writes there, host and port.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_reached_that_stands_under_a_declared_key() {
    let (service, other) =
        (answering("202 Accepted", Vec::new()).await, answering("200 OK", Vec::new()).await);
    for isolation in BOTH {
        let dropped = Dropped::with(&["hostile"]);
        let settings = hostile("keyed", isolation, json!({ "server": service }));
        let providers = open(&dropped, settings, None).await;
        assert_eq!(ask(&providers, &service).await.unwrap(), "202", "{isolation:?}");
        let error = ask(&providers, &other).await.unwrap_err();
        assert!(error.text.contains("does not declare the host `127.0.0.1:"), "{isolation:?} {error}");
    }
}

/// A service that many share at one address would take the header's word, and not that of the URL that was judged.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_names_another_host_is_refused() {
    let service = answering("202 Accepted", Vec::new()).await;
    for isolation in BOTH {
        let dropped = Dropped::with(&["hostile"]);
        let settings = hostile("fronting", isolation, json!({ "server": service }));
        let id = settings.id.clone();
        let providers = open(&dropped, settings, None).await;
        let error =
            providers.lane(&id).unwrap().deliver(message(&format!("front:{service}"))).await.unwrap_err();
        assert_eq!(error.failure, Failure::Misconfigured, "{isolation:?} {error}");
        assert!(error.text.contains("no header `host`"), "{isolation:?} {error}");
        assert_eq!(ask(&providers, &service).await.unwrap(), "202", "{isolation:?}");
    }
}

/// What the operator leaves out is refused in the operator's own words, whatever the library declares.
#[tokio::test(flavor = "multi_thread")]
async fn the_operators_list_restricts_what_the_library_declares() {
    let log = capture();
    let service = answering("202 Accepted", Vec::new()).await;
    let address = service.trim_start_matches("http://").trim_end_matches("/messages").to_owned();
    for isolation in BOTH {
        let dropped = Dropped::with(&["hostile"]);
        let config = json!({ "server": service });
        let settings = hostile("restricted", isolation, config.clone());
        let id = settings.id.clone();
        let providers = open(&dropped, settings, Some(&["b.declared.invalid"])).await;
        let error = ask(&providers, &service).await.unwrap_err();
        assert_eq!(error.failure, Failure::Misconfigured, "{isolation:?} {error}");
        assert_eq!(
            error.text,
            format!("`allow_hosts` of provider `{id}` does not permit the host `{address}`")
        );
        let why = "`allow_hosts` does not permit it";
        log.wait_for(&id, |entry| entry.fields.get("why").is_some_and(|it| it.to_string() == why)).await;
        assert_eq!(providers.status()[0].allow_hosts, Some(vec!["b.declared.invalid".to_owned()]));

        let permitted = open(&dropped, hostile("permitted", isolation, config), Some(&[&address])).await;
        assert_eq!(ask(&permitted, &service).await.unwrap(), "202", "{isolation:?}");
        assert_eq!(permitted.status()[0].hosts, ["*.declared.invalid", "{server}"]);
    }
}

/// Declared as reachable is not declared as public: the host's own network has a key of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_declared_host_with_a_private_address_is_still_refused() {
    let service = answering("202 Accepted", Vec::new()).await;
    for isolation in BOTH {
        let stage = Stage::open(&[chaos("web", isolation)], &Clock::system()).await;
        let error = stage.deliver("web", &format!("http:{service}")).await.unwrap_err();
        assert!(error.text.contains("allow_private_addresses"), "{isolation:?} {error}");
    }
}

/// However many names a library thinks up, the log stays short and holds none of what it was trusted with.
#[tokio::test(flavor = "multi_thread")]
async fn refused_hosts_fill_no_log_and_carry_nothing_out() {
    let log = capture();
    let dropped = Dropped::with(&["hostile"]);
    let settings = hostile("many", Isolation::Process, json!({}));
    let id = settings.id.clone();
    let providers = open(&dropped, settings, None).await;
    let mut letter = message("http:http://code-493817.evil.invalid/");
    letter.payload = provider_api::Payload::code("493817");
    let error = providers.lane(&id).unwrap().deliver(letter).await.unwrap_err();
    assert!(error.text.contains("does not declare") && !error.text.contains("493817"), "{error}");
    for number in 0..50 {
        ask(&providers, &format!("http://x{number}.evil.invalid/")).await.unwrap_err();
    }
    let told = log.of_provider(&id).iter().filter(|entry| entry.fields.contains_key("host")).count();
    assert_eq!(told, 32);
    assert!(!format!("{:?}", log.of_provider(&id)).contains("493817"));
}

/// What a file says before it runs is what it says when it runs, and can be read by the rule.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_with_a_bad_host_or_with_two_stories_is_refused() {
    let library = std::fs::read(built("hostile")).unwrap();
    let noted = br#""hosts":["*.declared.invalid""#;
    let at = memchr::memmem::find(&library, noted).unwrap();
    for (host, reason) in [
        (
            r#""http://a.invalid ""#,
            "its Passrelay note is unreadable: in its hosts, `http://a.invalid ` is no host such as `api.example.com`",
        ),
        (r#""b.declared.invalid""#, "its note and the library itself do not declare the same hosts"),
    ] {
        let mut changed = library.clone();
        let text = format!(r#""hosts":[{host}"#);
        changed[at..at + noted.len()]
            .copy_from_slice(format!("{text:<width$}", width = noted.len()).as_bytes());
        let dropped = Dropped::new();
        dropped.put("libhostile.so", &changed);
        let libraries = dropped.scan().await;
        let refusal = libraries.refused()[0].to_string();
        assert!(refusal.contains(reason) && refusal.lines().count() == 1, "{refusal}");
        assert!(libraries.found().is_empty());
    }
}
