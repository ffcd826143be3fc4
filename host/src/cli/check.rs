//! `passrelay check`: the configuration and the libraries; every provider is opened once, and nothing is sent.

use super::{
    Exit,
    page::{Page, one_line},
    setup::{self, Setup},
    table::{table, words},
    trouble::Trouble,
    wiring,
};
use crate::{
    config::{FILE, Mistake},
    plugin::{Libraries, LibraryInfo, ProviderState, ProviderStatus, Refusal},
};
use serde_json::{Value, json};
use std::path::Path;

/// Checks everything that can be known before anything is sent. Some of it only a provider itself knows: it is opened.
pub(super) async fn run(file: Option<&Path>) -> Result<Page, Trouble> {
    let mut setup = setup::load(file).await?;
    let named = setup.config.file.as_ref().map_or_else(|| FILE.to_owned(), |file| file.display().to_string());
    let status = wiring::provider_status(&setup).await?;
    setup.config.notes.extend(status.iter().filter_map(|status| canary_note(status, &named)));
    let unopened = status.into_iter().filter_map(|status| {
        let ProviderState::Failed(reason) = status.state else { return None };
        // A library that is missing or refused was told already.
        setup.libraries.by_id(&status.library)?;
        Some(Mistake {
            file: named.clone(),
            line: None,
            column: None,
            field: Some(format!("providers.{}", status.id)),
            what: format!("provider `{}` does not open: {}", status.id, one_line(&reason)),
            hint: None,
        })
    });
    let unopened: Vec<Mistake> = unopened.collect();
    setup.config.warnings.extend(unopened);
    Ok(page(&setup))
}

/// A canary that has no share is no mistake: its provider delivers.
fn canary_note(status: &ProviderStatus, file: &str) -> Option<Mistake> {
    let reason = status.canary.as_ref()?.why_idle()?;
    let (reason, hint) =
        reason.split_once("\nhint: ").map_or((reason, None), |(why, hint)| (why, Some(hint)));
    Some(Mistake {
        file: file.to_owned(),
        line: None,
        column: None,
        field: Some(format!("providers.{}.canary", status.id)),
        what: format!("the canary of provider `{}` has no share: {}", status.id, one_line(reason)),
        hint: hint.map(one_line),
    })
}

fn page(setup: &Setup) -> Page {
    let (config, libraries) = (&setup.config, &setup.libraries);
    let mut text = Vec::new();
    if !libraries.found().is_empty() {
        text.push(found(libraries));
    }
    text.extend(libraries.refused().iter().map(refused));
    if config.file.is_none() {
        text.push(format!("there is no `{FILE}` here: these are the built-in defaults"));
    }
    text.push(format!(
        "configuration: {}, {}, {}",
        counted(config.providers.len(), "provider"),
        counted(config.applications.len(), "application"),
        counted(config.routes.iter().count(), "route"),
    ));
    text.extend(config.notes.iter().map(|note| format!("note: {note}")));
    text.push(match config.warnings.len() {
        0 => "ok".to_owned(),
        count => format!("not ok: {}", counted(count, "warning")),
    });
    let routes = config.routes.iter().map(|(channel, route)| (channel.to_string(), json!(route)));
    let json = json!({
        "file": config.file,
        "ok": config.warnings.is_empty(),
        "warnings": config.warnings,
        "notes": config.notes,
        "providers": config.providers.keys().collect::<Vec<_>>(),
        "applications": config.applications.keys().collect::<Vec<_>>(),
        "routes": routes.collect::<serde_json::Map<_, _>>(),
        "libraries": libraries.found().iter().map(library_json).collect::<Vec<_>>(),
        "canaries": libraries.canaries().iter().map(library_json).collect::<Vec<_>>(),
        "refused": libraries.refused().iter().map(refused_json).collect::<Vec<_>>(),
    });
    let exit = if config.warnings.is_empty() { Exit::Done } else { Exit::Failed };
    Page::new(text.join("\n"), json).with_warnings(&config.warnings).with_exit(exit)
}

fn found(libraries: &Libraries) -> String {
    let row = |library: &LibraryInfo, what: &str| {
        let manifest = &library.manifest;
        let file = library.file.display().to_string();
        [format!("{}{what}", manifest.id), manifest.version.clone(), words(&manifest.channels), file]
    };
    let own = libraries.found().iter().map(|library| row(library, ""));
    let canaries = libraries.canaries().iter().map(|library| row(library, " (canary)"));
    table(["LIBRARY", "VERSION", "CHANNELS", "FILE"], &own.chain(canaries).collect::<Vec<_>>())
}

fn refused(refusal: &Refusal) -> String {
    Trouble::refused(refusal).to_string()
}

fn library_json(library: &LibraryInfo) -> Value {
    let manifest = &library.manifest;
    json!({
        "id": manifest.id,
        "version": manifest.version,
        "channels": manifest.channels,
        "file": library.file,
        "sha256": library.sha256,
    })
}

fn refused_json(refusal: &Refusal) -> Value {
    json!({ "file": refusal.file, "reason": refusal.reason, "hint": refusal.hint })
}

fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Draft, Environment};

    fn setup(text: &str) -> Setup {
        let libraries = Libraries::default();
        let environment = Environment::of([("KEY", "K".repeat(30))]);
        let draft = Box::new(Draft::parse(text, Path::new("p.toml"), environment));
        Setup { config: draft.clone().finish(&libraries).unwrap(), libraries, draft }
    }

    #[test]
    fn a_configuration_without_a_mistake_is_ok() {
        let page = page(&setup(""));
        assert_eq!(page.text, "configuration: 0 providers, 0 applications, 0 routes\nok");
        assert_eq!(page.json["ok"], true);
        assert_eq!(page.exit, Exit::Done);
    }

    /// X26: a note is neither a mistake nor a warning.
    #[test]
    fn texts_that_cost_two_sms_or_are_never_sent_are_noted_and_all_is_ok() {
        let text = format!(
            "[providers.off]\nenabled = false\n[applications.web]\napi_keys = [{{ env = \"KEY\" }}]\n\
             methods = [\"off:code\"]\ntemplates.sms.generic = \"{{code}} – {}\"\n",
            "x".repeat(70)
        );
        let page = page(&setup(&text));
        assert_eq!(
            page.text,
            "configuration: 1 provider, 1 application, 0 routes\n\
             note: p.toml:6:11: `applications.web.templates.sms` is never sent: no provider delivers on `sms`\n\
             note: p.toml:6:33: `applications.web.templates.sms.generic` takes 2 SMS: 79 units of UCS-2, and one holds 70; \
             `–` (U+2013) is outside of GSM-7\nhint: without such characters one SMS holds 160\nok"
        );
        assert_eq!((&page.json["ok"], page.exit), (&json!(true), Exit::Done));
        assert_eq!(page.json["notes"][1]["column"], 33);
    }

    #[test]
    fn a_missing_library_fails_the_check_and_no_secret_is_shown() {
        let page = page(&setup(
            "[providers.sms]\n[applications.web]\napi_keys = [{ env = \"KEY\" }]\nmethods = [\"sms:code\"]\n",
        ));
        assert_eq!(page.text, "configuration: 1 provider, 1 application, 0 routes\nnot ok: 1 warning");
        assert_eq!(page.exit, Exit::Failed);
        assert_eq!(page.json["warnings"][0]["line"], 1);
        assert!(!format!("{page:?}").contains("KKKK"));
    }
}
