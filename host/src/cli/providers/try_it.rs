//! `passrelay providers try FILE --config KEYS --to RECIPIENT`: a test message through a library, without a server.

use super::test;
use crate::{
    cli::{arguments::Try, page::Page, setup::Setup, trouble::Trouble, wiring},
    config::{Draft, Environment},
    plugin::{Libraries, LibrarySettings},
};

/// Opens the library with these keys, in a process of its own, and hands it one message that is marked as a test.
pub(super) async fn run(asked: Try) -> Result<Page, Trouble> {
    let here = LibrarySettings {
        directories: Vec::new(),
        copies: "passrelay-copies".into(),
        watch: false,
        pins: Vec::new(),
        canaries: Vec::new(),
        signers: None,
        sandbox_required: false,
    };
    let library = wiring::inspect(&asked.file, &here).await?;
    let id = library.manifest.id.clone();
    let libraries = Libraries::of(library);
    let draft = Box::new(Draft::load_keys(&asked.config, &id, Environment::process()));
    let mut config = draft.clone().finish(&libraries)?;
    if let Some(settings) = config.providers.get_mut(&id) {
        settings.allow_private_addresses = asked.allow_private_addresses;
        settings.sandbox = asked.sandbox;
    }
    let warnings = config.warnings.clone();
    Ok(test::through(Setup { config, libraries, draft }, &id, asked.message).await?.with_warnings(&warnings))
}
