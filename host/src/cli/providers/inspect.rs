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
    plugin::LibraryInfo,
};
use serde_json::json;
use std::path::Path;

/// Inspects a file, wherever it is.
pub(super) async fn run(file: Option<&Path>, library: &Path) -> Result<Page, Trouble> {
    let draft = Draft::load(file, Environment::process());
    Ok(page(&wiring::inspect(library, draft.libraries()).await?))
}

fn page(library: &LibraryInfo) -> Page {
    let manifest = &library.manifest;
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
        ("file", library.file.display().to_string()),
        ("sha256", library.sha256.clone()),
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
        "file": library.file,
        "sha256": library.sha256,
        "keys": schema_keys::json(&keys),
    });
    Page::new(text.join("\n"), json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_api::Manifest;

    #[test]
    fn a_library_is_told_with_its_hash_and_its_keys() {
        let mut manifest = Manifest::default();
        manifest.id = "dry_run".to_owned();
        manifest.title = "Dry\u{1b}run".to_owned();
        manifest.channels = vec!["*".to_owned()];
        manifest.config_schema =
            json!({ "type": "object", "properties": { "outbox": { "type": "string" } } });
        let library = LibraryInfo { file: "libdry_run.so".into(), sha256: "00ff".to_owned(), manifest };
        let page = page(&library);
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
