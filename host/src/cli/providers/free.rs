//! `passrelay providers free ID`: what a provider did is forgotten, and it gets messages again.

use crate::{
    cli::{
        operator::{Operator, Question},
        page::Page,
        setup,
        trouble::Trouble,
    },
    plugin::Faults,
};
use serde_json::{Value, json};
use std::path::Path;

/// Asks the server that runs; where none does, the next one starts without the record.
pub(super) async fn run(file: Option<&Path>, provider: &str) -> Result<Page, Trouble> {
    if let Some(server) = Operator::running(file).await? {
        let answer = server.ask(Question::post(&["v1", "providers", provider, "free"], &Value::Null)).await?;
        let state = answer.get("state").and_then(Value::as_str).unwrap_or("free");
        return Ok(Page::new(format!("freed; now `{provider}` is {state}"), answer));
    }
    let draft = setup::draft(file);
    if draft.library_of(provider).is_none() {
        return Err(Trouble::new(format!("there is no provider `{provider}`")));
    }
    let was_there = Faults::beside(&draft.libraries().copies).forget(provider);
    let text = if was_there { "freed" } else { "nothing was kept of it" };
    Ok(Page::new(format!("{text}; no server runs"), json!({ "id": provider, "freed": was_there })))
}
