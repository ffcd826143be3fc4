//! `passrelay providers list`: the configured providers and how they are.

use crate::{
    cli::{
        operator::{Operator, Question},
        page::{Page, one_line},
        providers::hosts,
        setup,
        table::{table, words},
        trouble::Trouble,
        wiring,
    },
    plugin::{ProviderState, ProviderStatus, Settings},
};
use serde_json::{Value, json};
use std::{fmt::Write as _, path::Path};

/// Asks the server that runs; where none does, opens every enabled provider and tells how it is.
pub(super) async fn run(file: Option<&Path>) -> Result<Page, Trouble> {
    if let Some(server) = Operator::running(file).await? {
        let answer = server.ask(Question::get(&["v1", "providers"])).await?;
        let providers = answer.get("providers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let text = format!("{}{}{}", list(providers), reach(providers), history(providers));
        return Ok(Page::new(text, answer));
    }
    let setup = setup::load(file).await?;
    let warnings = setup.config.warnings.clone();
    let settings: Vec<Settings> = setup.config.providers.values().cloned().collect();
    let status = wiring::provider_status(&setup).await?;
    Ok(page(&settings, &status).with_warnings(&warnings))
}

fn page(settings: &[Settings], status: &[ProviderStatus]) -> Page {
    let known = |settings: &Settings| {
        let status = status.iter().find(|status| status.id == settings.id && settings.enabled);
        json!(status.cloned().unwrap_or_else(|| disabled(settings)))
    };
    let providers: Vec<Value> = settings.iter().map(known).collect();
    let text = format!("{}{}", list(&providers), reach(&providers));
    Page::new(text, json!({ "providers": providers }))
}

fn disabled(settings: &Settings) -> ProviderStatus {
    ProviderStatus {
        id: settings.id.clone(),
        library: settings.library.clone(),
        version: None,
        sha256: None,
        signed_by: None,
        since: None,
        channels: Vec::new(),
        hosts: Vec::new(),
        allow_hosts: settings.permitted(),
        state: ProviderState::Disabled,
        note: None,
        deliveries: None,
        canary: None,
        events: Vec::new(),
    }
}

fn list(providers: &[Value]) -> String {
    if providers.is_empty() {
        return "no provider is configured".to_owned();
    }
    let rows: Vec<_> =
        providers.iter().flat_map(|provider| [Some(row(provider)), canary_row(provider)]).flatten().collect();
    table(["ID", "LIBRARY", "VERSION", "SIGNED BY", "CHANNELS", "STATE"], &rows)
}

fn row(provider: &Value) -> [String; 6] {
    let text = |field: &str| provider[field].as_str().unwrap_or("-").to_owned();
    let reason = provider["reason"].as_str().map_or_else(String::new, |reason| format!(": {reason}"));
    let channels = provider["channels"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let channels = words(&channels.map(str::to_owned).collect::<Vec<_>>());
    let state = format!("{}{reason}", text("state"));
    [text("id"), text("library"), text("version"), text("signed_by"), channels, state]
}

/// Which hosts their requests go to, provider by provider.
fn reach(providers: &[Value]) -> String {
    let mut told = String::new();
    for provider in providers {
        let written = |field: &str| {
            let hosts = provider[field].as_array()?.iter().filter_map(Value::as_str);
            Some(hosts.map(str::to_owned).collect::<Vec<_>>())
        };
        let (Some(id), Some(declared)) = (provider["id"].as_str(), written("hosts")) else { continue };
        if declared.is_empty() {
            continue;
        }
        let permitted = match written("allow_hosts") {
            Some(permitted) if permitted.is_empty() => "; `allow_hosts` permits none".to_owned(),
            Some(permitted) => format!("; `allow_hosts` permits {}", hosts::shown(&permitted)),
            None => String::new(),
        };
        // Writing into a text cannot fail.
        let _ = write!(told, "\n{id} reaches {}{permitted}", hosts::shown(&declared));
    }
    if told.is_empty() { told } else { format!("\n{told}") }
}

/// Its canary, right below it.
fn canary_row(provider: &Value) -> Option<[String; 6]> {
    let canary = provider.get("canary").filter(|canary| canary.is_object())?;
    let [id, library, _, _, channels, _] = row(provider);
    let [_, _, version, signed_by, _, state] = row(canary);
    let weight = &canary["weight"];
    Some([format!("{id} (canary, {weight} %)"), library, version, signed_by, channels, state])
}

/// What runs and what happened to it, provider by provider.
fn history(providers: &[Value]) -> String {
    let mut told = String::new();
    for provider in providers {
        let text = |field: &str| provider[field].as_str();
        let (Some(id), Some(sha256), Some(since)) = (text("id"), text("sha256"), text("since")) else {
            continue;
        };
        // Writing into a text cannot fail.
        let _ = write!(told, "\n\n{id}: {sha256} since {since}");
        if let Some(note) = text("note") {
            let _ = write!(told, "\n  note: {}", one_line(note));
        }
        let canary = &provider["canary"];
        if canary.is_object() {
            told.push_str(&tally(provider));
        }
        told.push_str(&events(provider));
        if let (Some(sha256), Some(since)) = (canary["sha256"].as_str(), canary["since"].as_str()) {
            let (tally, events) = (tally(canary), events(canary));
            let _ = write!(told, "\n\n{id}, its canary: {sha256} since {since}{tally}{events}");
        }
    }
    told
}

/// What became of the deliveries of one that is open.
fn tally(one: &Value) -> String {
    let tally = &one["deliveries"];
    let [sent, failed, unknown] =
        ["sent", "failed", "unknown"].map(|word| tally[word].as_u64().unwrap_or_default());
    if tally.is_null() {
        return String::new();
    }
    format!("\n  deliveries: {sent} sent, {failed} failed, {unknown} unknown")
}

fn events(one: &Value) -> String {
    let event = |event: &Value| {
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        let times = event["times"].as_u64().filter(|times| *times > 1);
        let times = times.map_or_else(String::new, |times| format!(" ({times} times)"));
        let detail = one_line(text("detail"));
        format!("\n  {}  {:<11}  {detail}{times}", text("at"), text("event"))
    };
    one["events"].as_array().into_iter().flatten().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Isolation, Sandbox, Signer};
    use std::time::Duration;

    fn settings(id: &str, enabled: bool) -> Settings {
        Settings {
            id: id.to_owned(),
            enabled,
            library: "dry_run".to_owned(),
            isolation: Isolation::Process,
            sandbox: Sandbox::Strict,
            timeout: Duration::from_secs(10),
            queue: 1,
            sha256: None,
            allow_private_addresses: false,
            allow_hosts: None,
            config: json!({ "token": "hunter2" }),
            canary: None,
        }
    }

    fn status(id: &str, state: ProviderState) -> ProviderStatus {
        ProviderStatus {
            id: id.to_owned(),
            library: "dry_run".to_owned(),
            version: Some("1.2.3".to_owned()),
            sha256: None,
            signed_by: None,
            since: None,
            channels: vec!["sms".to_owned(), "call".to_owned()],
            hosts: vec!["api.example.com".to_owned(), "{base_url}".to_owned()],
            allow_hosts: None,
            state,
            note: None,
            deliveries: None,
            canary: None,
            events: Vec::new(),
        }
    }

    #[test]
    fn every_provider_is_listed_with_its_state_and_without_its_secrets() {
        let settings = [settings("a", true), settings("broken", true), settings("off", false)];
        let signer = Signer::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").unwrap();
        let signed_by = Some(signer.id());
        let status = [
            ProviderStatus { signed_by, ..status("a", ProviderState::Ready) },
            status("broken", ProviderState::Failed("no\ntoken".to_owned())),
        ];
        let page = page(&settings, &status);
        assert_eq!(
            page.text,
            "ID      LIBRARY  VERSION  SIGNED BY         CHANNELS  STATE\n\
             a       dry_run  1.2.3    E7620F1842B4E81F  sms call  ready\n\
             broken  dry_run  1.2.3    -                 sms call  failed: no token\n\
             off     dry_run  -        -                 -         disabled\n\
             \n\
             a reaches api.example.com {base_url}\n\
             broken reaches api.example.com {base_url}"
        );
        assert_eq!(page.json["providers"][1]["state"], "failed");
        assert_eq!(page.json["providers"][1]["reason"], "no\ntoken");
        assert!(!format!("{page:?}").contains("hunter2"));
    }

    #[test]
    fn what_providers_reach_is_told_and_loudly_where_it_is_everything() {
        let provider =
            |hosts: Value, permitted: Value| json!({ "id": "a", "hosts": hosts, "allow_hosts": permitted });
        for (provider, told) in [
            (provider(json!([]), json!(null)), ""),
            (provider(json!(["*"]), json!(null)), "\n\na reaches ANY HOST (*)"),
            (
                provider(json!(["*"]), json!(["x.example"])),
                "\n\na reaches ANY HOST (*); `allow_hosts` permits x.example",
            ),
            (
                provider(json!(["y.example"]), json!([])),
                "\n\na reaches y.example; `allow_hosts` permits none",
            ),
        ] {
            assert_eq!(reach(&[provider]), told);
        }
    }

    #[test]
    fn what_happened_to_a_provider_is_told_below_the_list() {
        let event = |event: &str, detail: &str, times: u32| json!({ "at": "2026-01-02T03:04:05Z", "event": event, "detail": detail, "times": times });
        let provider = json!({
            "id": "a", "sha256": "12ab", "since": "2026-01-02T03:04:05Z", "note": "its file is gone",
            "events": [event("opened", "1.2.3 12ab", 1), event("died", "signal\n11", 3)],
        });
        assert_eq!(
            history(&[provider, json!({ "id": "off", "sha256": null })]),
            "\n\na: 12ab since 2026-01-02T03:04:05Z\n  note: its file is gone\n  \
             2026-01-02T03:04:05Z  opened       1.2.3 12ab\n  2026-01-02T03:04:05Z  died         signal 11 (3 times)"
        );
    }
    /// An operator compares the two: what each was handed, and what became of it.
    #[test]
    fn a_canary_is_listed_below_its_provider_with_its_share_and_what_became_of_it() {
        let event =
            json!({ "at": "2026-01-02T03:04:05Z", "event": "opened", "detail": "1.3.0 34cd", "times": 1 });
        let (since, channels) = ("2026-01-02T03:04:05Z", ["sms"]);
        let provider = json!({
            "id": "a", "library": "dry_run", "version": "1.2.3", "sha256": "12ab", "since": since, "channels": channels,
            "state": "ready", "deliveries": { "sent": 89, "failed": 1, "unknown": 0 }, "events": [],
            "canary": {
                "sha256": "34cd", "weight": 10, "version": "1.3.0", "since": since, "state": "resting", "reason": "why",
                "deliveries": { "sent": 7, "failed": 2, "unknown": 1 }, "events": [event],
            },
        });
        let waiting = json!({
            "id": "b", "library": "dry_run", "version": "1.2.3", "channels": channels, "state": "ready",
            "canary": { "sha256": "56ef", "weight": 1, "state": "waiting", "reason": "no file" },
        });
        let providers = [provider, waiting];
        assert_eq!(
            list(&providers),
            "ID                LIBRARY  VERSION  SIGNED BY  CHANNELS  STATE\n\
             a                 dry_run  1.2.3    -          sms       ready\n\
             a (canary, 10 %)  dry_run  1.3.0    -          sms       resting: why\n\
             b                 dry_run  1.2.3    -          sms       ready\n\
             b (canary, 1 %)   dry_run  -        -          sms       waiting: no file"
        );
        assert_eq!(
            history(&providers),
            "\n\na: 12ab since 2026-01-02T03:04:05Z\n  deliveries: 89 sent, 1 failed, 0 unknown\n\n\
             a, its canary: 34cd since 2026-01-02T03:04:05Z\n  deliveries: 7 sent, 2 failed, 1 unknown\n  \
             2026-01-02T03:04:05Z  opened       1.3.0 34cd"
        );
    }
}
