//! Gives a server what a configuration says: at its start, and again whenever the file is read anew.

use crate::{
    config::{Config, MadeApplication, Mistake, Saved},
    http::Face,
    plugin::Libraries,
    store::LedgerError,
    verifier::Made,
};
use std::sync::Arc;

/// Applications, routes and texts, each swapped whole: a request sees all of the old ones or all of the new.
///
/// Applications that were made at run time stay, and are read again as they are under this configuration.
pub(super) async fn take(face: &Face, config: &Config, libraries: Arc<Libraries>) -> Result<(), LedgerError> {
    let _changing = face.changing.lock().await;
    let directory = face.verifier.directory();
    let saved = Saved::new(config, libraries);
    let mut templates = config.templates.clone();
    let mut made = Vec::new();
    for (id, stored) in directory.stored().await? {
        let (read, told) = match saved.made_before(&id, &stored.settings) {
            Ok(read) => read,
            Err(mistakes) => {
                for mistake in &mistakes {
                    tell(&id, "an application made at run time is left out", mistake);
                }
                continue;
            }
        };
        for mistake in &told {
            tell(&id, "an application made at run time lacks something", mistake);
        }
        let MadeApplication { application, templates: own, routes } = read;
        if config.applications.contains_key(&id) {
            let hint = "remove it with `DELETE /v1/applications/ID` once the file has it no more";
            tracing::warn!(application.id = id, hint, "the file's application hides one made at run time");
        } else {
            templates.applications.insert(id, own);
        }
        made.push(Made { application: Arc::new(application), routes, stored });
    }
    let providers = config.providers.keys().cloned().collect();
    directory.take(config.applications.clone(), config.routes.clone(), providers, made).await;
    face.templates.store(Arc::new(templates));
    face.saved.store(Arc::new(saved));
    Ok(())
}

fn tell(application: &str, what: &str, mistake: &Mistake) {
    tracing::error!(application.id = application, why = mistake.what, hint = mistake.hint, "{what}");
}
