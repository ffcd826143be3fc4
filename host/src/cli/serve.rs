//! `passrelay serve`: serves the API until told to stop.

use super::{page::Page, setup, trouble::Trouble, wiring};
use crate::config::{Draft, Environment};
use serde_json::json;
use std::path::Path;

/// Serves, unless the configuration has a mistake: then nothing starts.
pub(super) async fn run(file: Option<&Path>) -> Result<Page, Trouble> {
    let draft = Draft::load(file, Environment::process());
    let log = draft.log().clone();
    let setup = setup::complete(draft).await?;
    // Held to the end: what was logged until then is written.
    let (filter, _writing) = wiring::start_log(&log)?;
    for warning in &setup.config.warnings {
        tracing::warn!(
            config.file = warning.file,
            config.line = warning.line,
            hint = warning.hint,
            "{}",
            warning.what
        );
    }
    for refusal in setup.libraries.refused() {
        let file = refusal.file.display().to_string();
        // One that a provider needs is told with the provider.
        if !setup.config.warnings.iter().any(|warning| warning.what.contains(&file)) {
            tracing::warn!(library.file = file, hint = refusal.hint, "{}", refusal.reason);
        }
    }
    wiring::serve(file, setup, filter).await?;
    Ok(Page::new("", json!({ "served": true })))
}
