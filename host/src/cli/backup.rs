//! `passrelay backup FILE`: copies the store, whole and as of one moment, also while a server works on it.

use super::{page::Page, setup, trouble::Trouble, wiring};
use crate::config::Store;
use serde_json::json;
use std::path::Path;

/// Copies the configured store into a new file.
pub(super) async fn run(file: Option<&Path>, copy: &Path) -> Result<Page, Trouble> {
    let Store::Sqlite(store) = setup::draft(file).whereabouts()?.store else {
        let hint = "a store that lasts is `[store] url = \"sqlite:passrelay.db\"`";
        return Err(Trouble::new("a store in memory has nothing that could be copied").with_hint(hint));
    };
    let bytes = wiring::back_up(&store, copy).await?;
    let shown = copy.display();
    let text = format!(
        "{shown}: {bytes} bytes\nit opens only with the key file, which is not in it: keep both, apart"
    );
    Ok(Page::new(text, json!({ "file": copy.display().to_string(), "bytes": bytes })))
}
