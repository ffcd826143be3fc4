//! The configuration and the libraries, as every subcommand needs them.

use super::{trouble::Trouble, wiring};
use crate::{
    config::{Config, Draft, Environment},
    plugin::{Libraries, LibraryInfo, Refusal},
};
use provider_api::is_word;
use std::path::Path;

/// A configuration without a mistake, and the libraries that it was held to.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) libraries: Libraries,
    /// What stands in the file, to be held to other libraries later.
    pub(super) draft: Box<Draft>,
}

/// Reads the configuration, finds the libraries and tells every mistake.
pub(super) async fn load(file: Option<&Path>) -> Result<Setup, Trouble> {
    complete(draft(file)).await
}

/// What stands in the configuration, for whoever needs little of it: not every secret and no library.
pub(super) fn draft(file: Option<&Path>) -> Draft {
    Draft::load(file, Environment::process())
}

/// Finds the libraries of a draft and tells every mistake.
pub(super) async fn complete(draft: Draft) -> Result<Setup, Trouble> {
    let draft = Box::new(draft);
    match wiring::find_libraries(draft.libraries()).await {
        Ok(libraries) => Ok(Setup { config: draft.clone().finish(&libraries)?, libraries, draft }),
        // Mistakes in the file go first: the folder itself may be one.
        Err(trouble) => Err(draft.finish(&Libraries::default()).map_or_else(Trouble::from, |_| trouble)),
    }
}

/// Finds one library by its file, its id, or the id of a provider that uses it.
///
/// The configuration may have mistakes: whoever asks is perhaps about to write it.
pub(super) async fn library(file: Option<&Path>, named: &str) -> Result<LibraryInfo, Trouble> {
    let draft = draft(file);
    if !is_word(named) {
        return wiring::inspect(Path::new(named), draft.libraries()).await;
    }
    let libraries = wiring::find_libraries(draft.libraries()).await?;
    let id = draft.library_of(named).unwrap_or(named);
    if let Some(library) = libraries.by_id(id) {
        return Ok(library.clone());
    }
    let of_file = format!("lib{id}");
    let is_it = |refusal: &&Refusal| {
        refusal.id.as_deref() == Some(id) || refusal.file.file_stem().is_some_and(|stem| stem == &*of_file)
    };
    if let Some(refusal) = libraries.refused().iter().find(is_it) {
        return Err(Trouble::refused(refusal));
    }
    let found: Vec<&str> = libraries.found().iter().map(|library| library.manifest.id.as_str()).collect();
    let trouble = Trouble::new(format!("there is no provider and no library `{named}`"));
    Err(match (libraries.refused(), found.as_slice()) {
        ([], []) => {
            trouble.with_hint("no library was found: drop one into a folder of `libraries.directories`")
        }
        ([refusal, ..], []) => {
            let remedy = refusal.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
            trouble.with_hint(format!("`{}`: {}{remedy}", refusal.file.display(), refusal.reason))
        }
        (_, found) => trouble.with_hint(format!("there is `{}`", found.join("`, `"))),
    })
}
