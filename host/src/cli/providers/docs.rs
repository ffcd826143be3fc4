//! `passrelay providers docs ID_OR_FILE`: a library's documentation and its keys.

use crate::cli::{
    page::{Page, one_line, printable},
    schema_keys, setup,
    trouble::Trouble,
};
use provider_api::Manifest;
use serde_json::json;
use std::path::Path;

/// Prints what a library's author wrote, and the keys of its configuration.
pub(super) async fn run(file: Option<&Path>, library: &str) -> Result<Page, Trouble> {
    Ok(page(&setup::library(file, library).await?.manifest))
}

fn page(manifest: &Manifest) -> Page {
    let keys = schema_keys::keys(&manifest.config_schema);
    let mut text = vec![format!("{} {} ({})", manifest.id, manifest.version, one_line(&manifest.title))];
    if !manifest.readme.trim().is_empty() {
        text.push(printable(manifest.readme.trim()));
    }
    text.push(if keys.is_empty() { "It has no keys.".to_owned() } else { schema_keys::text(&keys) });
    let json = json!({
        "id": manifest.id,
        "title": manifest.title,
        "version": manifest.version,
        "readme": manifest.readme,
        "keys": schema_keys::json(&keys),
    });
    Page::new(text.join("\n\n"), json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_ends_with_the_keys() {
        let mut manifest = Manifest::default();
        manifest.id = "dry_run".to_owned();
        manifest.version = "1.0.0".to_owned();
        manifest.title = "Dry run".to_owned();
        manifest.readme = "# Dry run\n\nWrites.\n".to_owned();
        assert_eq!(
            page(&manifest).text,
            "dry_run 1.0.0 (Dry run)\n\n# Dry run\n\nWrites.\n\nIt has no keys."
        );
    }
}
