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
    wiring::start_log(&log)?;
    for warning in &setup.config.warnings {
        tracing::warn!(
            config.file = warning.file,
            config.line = warning.line,
            hint = warning.hint,
            "{}",
            warning.what
        );
    }
    wiring::serve(setup).await?;
    Ok(Page::new("", json!({ "served": true })))
}
