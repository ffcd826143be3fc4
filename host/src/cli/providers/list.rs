//! `passrelay providers list`: the configured providers and how they are.

use crate::{
    cli::{
        page::Page,
        setup,
        table::{table, words},
        trouble::Trouble,
        wiring,
    },
    plugin::{ProviderState, ProviderStatus, Settings},
};
use serde_json::{Value, json};
use std::path::Path;

/// Opens every enabled provider and tells how it is.
pub(super) async fn run(file: Option<&Path>) -> Result<Page, Trouble> {
    let setup = setup::load(file).await?;
    let warnings = setup.config.warnings.clone();
    let settings: Vec<Settings> = setup.config.providers.values().cloned().collect();
    let status = wiring::provider_status(&setup).await?;
    Ok(page(&settings, &status).with_warnings(&warnings))
}

fn page(settings: &[Settings], status: &[ProviderStatus]) -> Page {
    let known: Vec<(&Settings, Option<&ProviderStatus>)> = settings
        .iter()
        .map(|settings| (settings, status.iter().find(|status| status.id == settings.id && settings.enabled)))
        .collect();
    let text = if known.is_empty() {
        "no provider is configured".to_owned()
    } else {
        let rows: Vec<_> = known.iter().map(|(settings, status)| row(settings, *status)).collect();
        table(["ID", "LIBRARY", "VERSION", "CHANNELS", "STATE"], &rows)
    };
    let json: Vec<Value> = known.iter().map(|(settings, status)| object(settings, *status)).collect();
    Page::new(text, json!({ "providers": json }))
}

fn row(settings: &Settings, status: Option<&ProviderStatus>) -> [String; 5] {
    let version = status.and_then(|status| status.version.clone()).unwrap_or_else(|| "-".to_owned());
    let state = status.map_or(&ProviderState::Disabled, |status| &status.state);
    let word = state.as_str();
    let state = state.reason().map_or_else(|| word.to_owned(), |reason| format!("{word}: {reason}"));
    let channels = words(status.map_or(&[], |status| &status.channels));
    [settings.id.clone(), settings.library.clone(), version, channels, state]
}

fn object(settings: &Settings, status: Option<&ProviderStatus>) -> Value {
    let disabled = || ProviderStatus {
        id: settings.id.clone(),
        library: settings.library.clone(),
        version: None,
        channels: Vec::new(),
        state: ProviderState::Disabled,
    };
    json!(status.cloned().unwrap_or_else(disabled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Isolation, Sandbox};
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
            config: json!({ "token": "hunter2" }),
        }
    }

    fn status(id: &str, state: ProviderState) -> ProviderStatus {
        ProviderStatus {
            id: id.to_owned(),
            library: "dry_run".to_owned(),
            version: Some("1.2.3".to_owned()),
            channels: vec!["sms".to_owned(), "call".to_owned()],
            state,
        }
    }

    #[test]
    fn every_provider_is_listed_with_its_state_and_without_its_secrets() {
        let settings = [settings("a", true), settings("broken", true), settings("off", false)];
        let status = [
            status("a", ProviderState::Ready),
            status("broken", ProviderState::Failed("no\ntoken".to_owned())),
        ];
        let page = page(&settings, &status);
        assert_eq!(
            page.text,
            "ID      LIBRARY  VERSION  CHANNELS  STATE\n\
             a       dry_run  1.2.3    sms call  ready\n\
             broken  dry_run  1.2.3    sms call  failed: no token\n\
             off     dry_run  -        -         disabled"
        );
        assert_eq!(page.json["providers"][1]["state"], "failed");
        assert_eq!(page.json["providers"][1]["reason"], "no\ntoken");
        assert!(!format!("{page:?}").contains("hunter2"));
    }
}
