//! `passrelay providers schema ID_OR_FILE`: the JSON Schema of a library's configuration.

use crate::cli::{page::Page, setup, trouble::Trouble};
use serde_json::Value;
use std::path::Path;

/// Prints a library's schema, in both forms the schema itself.
pub(super) async fn run(file: Option<&Path>, library: &str) -> Result<Page, Trouble> {
    Ok(page(setup::library(file, library).await?.manifest.config_schema))
}

fn page(schema: Value) -> Page {
    Page::new(format!("{schema:#}"), schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_printed_as_it_is() {
        let schema = serde_json::json!({ "type": "object" });
        let page = page(schema.clone());
        assert_eq!(page.text, "{\n  \"type\": \"object\"\n}");
        assert_eq!(page.json, schema);
    }
}
