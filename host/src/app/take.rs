//! Gives a server what a configuration says: at its start, and again whenever the file is read anew.

use super::keys::KeyHold;
use crate::{
    config::{Config, MadeApplication, Mistake, Reread, Saved},
    http::Face,
    plugin::{Libraries, Providers, Workshop},
    store::LedgerError,
    verifier::Made,
};
use std::{collections::BTreeSet, sync::Arc};

/// A server that runs, to be given another configuration.
#[derive(Debug, Clone)]
pub struct Live {
    pub(super) face: Arc<Face>,
    pub(super) providers: Arc<Providers>,
    pub(super) workshop: Workshop,
    pub(super) keys: KeyHold,
}

impl Live {
    /// The libraries that open providers live from, whatever became of their files.
    pub fn libraries_in_use(&self) -> BTreeSet<String> {
        self.providers.libraries_in_use()
    }

    /// Takes applications, routes, prices, texts and providers as this configuration says. Requests and deliveries under way end
    /// with what they began with; a provider that does not open leaves its predecessor as it is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read: then applications, routes, prices and texts stay as they are.
    pub async fn take(&self, config: &Config, libraries: &Libraries) -> Result<(), LedgerError> {
        // First what is new, then who uses it, then away with what nobody uses any more.
        self.providers.renew(config.providers.values(), libraries, &self.workshop).await;
        take(&self.face, config, Arc::new(libraries.clone())).await?;
        self.providers.keep_only(&config.providers.keys().cloned().collect(), &self.workshop.clock);
        Ok(())
    }
}

/// Applications, routes, prices and texts, each swapped whole: a request sees all of the old ones or all of the new.
///
/// Applications that were made at run time stay, and are read again as they are under this configuration: what it takes
/// away from them they lack from now on.
pub(super) async fn take(face: &Face, config: &Config, libraries: Arc<Libraries>) -> Result<(), LedgerError> {
    let _changing = face.changing.lock().await;
    let directory = face.verifier.directory();
    let saved = Saved::new(config, Arc::clone(&libraries));
    let mut templates = config.templates.clone();
    let mut made = Vec::new();
    for (id, stored) in directory.stored().await? {
        let Reread { made: read, told, is_whole: serves } = saved.made_before(&id, &stored.settings);
        let what = if serves {
            "an application made at run time lacks something"
        } else {
            "an application made at run time is left out"
        };
        for Mistake { what: reason, hint, .. } in &told {
            tracing::error!(application.id = id, reason, hint, "{what}");
        }
        let MadeApplication { application, templates: own, routes } = read;
        if config.applications.contains_key(&id) {
            let hint = "remove it with `DELETE /v1/applications/ID` once the file has it no more";
            tracing::warn!(application.id = id, hint, "the file's application hides one made at run time");
        } else {
            templates.applications.insert(id, own);
        }
        made.push(Made { application: Arc::new(application), routes, stored: Arc::new(stored), serves });
    }
    let providers = config.providers.keys().cloned().collect();
    directory.take(config.applications.clone(), config.routes.clone(), providers, made).await;
    for key in directory.api_keys() {
        if let Some(id) = key.application.filter(|id| directory.application(id).is_none()) {
            let hint = "`passrelay keys revoke ID`, unless that application is to come back";
            tracing::warn!(
                api_key.id = key.id,
                application.id = id,
                hint,
                "an API key waits for an application that is gone"
            );
        }
    }
    face.outbox.take_prices(config.prices.clone());
    face.templates.store(Arc::new(templates));
    face.saved.store(Arc::new(saved));
    face.libraries.store(libraries);
    Ok(())
}
