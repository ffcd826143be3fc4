//! `passrelay keys rotate`: a fresh key for what the server makes from its next SIGHUP or start on.

use crate::{
    cli::{page::Page, setup, trouble::Trouble},
    clock::Clock,
    seal::{Chance, KeyFileError, Keys, Rotated},
};
use serde_json::json;
use std::path::Path;

/// Adds a key to the file that the configuration names.
pub(super) fn run(file: Option<&Path>) -> Result<Page, Trouble> {
    let path = setup::draft(file).whereabouts()?.keys;
    let rotated = Keys::rotate(&path, &Chance::system(), Clock::system().now());
    let Rotated { newest, older } = rotated.map_err(|error| match error {
        // Root would leave a file that the server cannot read.
        KeyFileError::Foreign { .. } => {
            Trouble::told(&error).with_hint("do it as the user whom the server runs as")
        }
        error => Trouble::told(&error),
    })?;
    let shown = path.display();
    let count = older.len() + 1;
    let text = format!(
        "added key `{newest}` to `{shown}`, which now holds {count}\n\
         send the server a SIGHUP, or restart it: it takes the key then, and a copy of the file is worth keeping before that\n\
         leave the older lines until `passrelay doctor` says that nothing hangs on them"
    );
    Ok(Page::new(text, json!({ "file": shown.to_string(), "newest": newest, "older": older })))
}
