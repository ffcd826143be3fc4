//! `passrelay providers inspect FILE`: what a library is and says of itself.

use crate::{
    cli::{
        page::{Page, one_line},
        schema_keys,
        table::words,
        trouble::Trouble,
        wiring,
    },
    config::{Draft, Environment},
};
use provider_api::Manifest;
use serde_json::json;
use std::path::Path;

/// Inspects a file, wherever it is.
pub(super) async fn run(file: Option<&Path>, library: &Path) -> Result<Page, Trouble> {
    let draft = Draft::load(file, Environment::process());
    let library = wiring::inspect(library, draft.libraries()).await?;
    Ok(page(&library.file, &library.sha256, library.bytes, &library.manifest))
}

fn page(file: &Path, sha256: &str, bytes: usize, manifest: &Manifest) -> Page {
    let keys = schema_keys::keys(&manifest.config_schema);
    let facts = [
        ("library", manifest.id.clone()),
        ("title", manifest.title.clone()),
        ("version", manifest.version.clone()),
        ("api", manifest.api.clone()),
        ("needs host", manifest.host.clone()),
        ("channels", words(&manifest.channels)),
        ("capabilities", words(&manifest.capabilities)),
        ("needs", words(&manifest.needs)),
        ("file", file.display().to_string()),
        ("bytes", bytes.to_string()),
        ("sha256", sha256.to_owned()),
    ];
    let mut text: Vec<String> = facts
        .iter()
        .map(|(name, fact)| format!("{name:<12}  {}", one_line(fact)).trim_end().to_owned())
        .collect();
    if !keys.is_empty() {
        text.push(String::new());
        text.push(schema_keys::text(&keys));
    }
    let json = json!({
        "id": manifest.id,
        "title": manifest.title,
        "version": manifest.version,
        "api": manifest.api,
        "host": manifest.host,
        "channels": manifest.channels,
        "capabilities": manifest.capabilities,
        "needs": manifest.needs,
        "file": file,
        "bytes": bytes,
        "sha256": sha256,
        "keys": schema_keys::json(&keys),
    });
    Page::new(text.join("\n"), json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_told_with_its_hash_and_its_keys() {
        let mut manifest = Manifest::default();
        manifest.id = "dry_run".to_owned();
        manifest.title = "Dry\u{1b}run".to_owned();
        manifest.channels = vec!["*".to_owned()];
        manifest.config_schema =
            json!({ "type": "object", "properties": { "outbox": { "type": "string" } } });
        let page = page(Path::new("libdry_run.so"), "00ff", 7, &manifest);
        assert!(
            page.text.starts_with("library       dry_run\ntitle         Dry run\nversion\n"),
            "{}",
            page.text
        );
        assert!(
            page.text.ends_with("sha256        00ff\n\nKEY     TYPE  DEFAULT  HELP\noutbox  text  -"),
            "{}",
            page.text
        );
        assert_eq!(page.json["keys"][0]["name"], "outbox");
    }
}
