//! Applications that are made while the server runs.

use super::{Directory, DirectoryError, Present};
use crate::{
    application::Application,
    route::Routes,
    store::{Changes, Done, Key, Kind, LedgerError, Stop, View},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// An application that was made at run time, and what it means now.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it means.
    pub application: Arc<Application>,
    /// The routes that its methods need, with those of the configuration.
    pub routes: Routes,
    /// What was asked for, and when.
    pub stored: Arc<KeptApplication>,
    /// Whether it may call. One that this version cannot read may not, and is there all the same: to be seen, said anew
    /// or removed.
    pub serves: bool,
}

/// An application as it is kept: what was asked for, so that whatever a later version makes of it is what it means.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptApplication {
    /// The fields of `[applications.ID]`, as JSON; there is no secret among them.
    pub settings: Map<String, Value>,
    /// What it has besides where it is a Twilio Service, which means nothing to our rules: kept and told again.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub service: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Where an application was made.
#[derive(Debug, Clone)]
pub enum Source {
    /// In the configuration file.
    File,
    /// At run time.
    Api(Made),
}

impl Made {
    pub(super) fn shown(&self) -> (Arc<Application>, Source) {
        (Arc::clone(&self.application), Source::Api(self.clone()))
    }
}

impl Directory {
    /// The applications that were made at run time, as they are kept.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn stored(&self) -> Result<Vec<(String, KeptApplication)>, LedgerError> {
        self.ledger.all(Kind::Application).await
    }

    /// Makes an application, or replaces one that was made at run time. `true` if it was not there before.
    ///
    /// # Errors
    ///
    /// When the file has one of this id, when there is one and it may not be replaced, or when the store fails: then
    /// nothing is changed.
    pub async fn put(
        &self,
        application: Application,
        routes: Routes,
        settings: Map<String, Value>,
        may_replace: bool,
    ) -> Result<bool, DirectoryError> {
        self.put_service(application, routes, (settings, None), may_replace).await
    }

    /// The same of one that is a Twilio Service, with what it has besides; without, that stays as it was.
    ///
    /// # Errors
    ///
    /// As [`Directory::put`].
    pub async fn put_service(
        &self,
        application: Application,
        routes: Routes,
        (settings, service): (Map<String, Value>, Option<Map<String, Value>>),
        may_replace: bool,
    ) -> Result<bool, DirectoryError> {
        let _changing = self.changing.lock().await;
        let present = self.present();
        let id = application.id.clone();
        present.free_in_file(&id)?;
        let before = present.made.get(&id);
        if before.is_some() && !may_replace {
            return Err(DirectoryError::Taken(id));
        }
        let now = self.clock.now();
        let created_at = before.map_or(now, |before| before.stored.created_at);
        let sid = application.service_sid();
        if present.services.get(sid.as_str()).is_some_and(|other| other.application.id != id) {
            return Err(DirectoryError::SidTaken(sid));
        }
        let kept_before = || before.map(|before| before.stored.service.clone()).unwrap_or_default();
        let service = service.unwrap_or_else(kept_before);
        let stored = Arc::new(KeptApplication { settings, service, created_at, updated_at: now });
        let key = Key::new(Kind::Application, &*id);
        let kept = Arc::clone(&stored);
        let write = move |_: &View<'_>, _| {
            let mut changes = Changes::none();
            changes.put(key.clone(), &*kept, Timestamp::MAX)?;
            Ok(changes.answer(()))
        };
        self.ledger.insist(Vec::new(), write).await?;
        let is_new = before.is_none();
        let mut next = Present::clone(&present);
        next.made.insert(id, Made { application: Arc::new(application), routes, stored, serves: true });
        self.present.store(Arc::new(next.settled()));
        Ok(is_new)
    }

    /// Removes an application that was made at run time, and with it its API keys, members, entities and factors: nobody
    /// could remove these any more, and who is called like it later must not find them.
    ///
    /// # Errors
    ///
    /// When the file has it, when there is none, or when the store fails: then nothing is changed.
    pub async fn remove(&self, id: &str) -> Result<(), DirectoryError> {
        let _changing = self.changing.lock().await;
        let present = self.present();
        present.free_in_file(id)?;
        if !present.made.contains_key(id) {
            return Err(DirectoryError::NoApplication(id.to_owned()));
        }
        // First, so that it can be asked for again if the store fails halfway.
        self.forget_all(id).await?;
        let mut next = Present::clone(&present);
        next.made.remove(id);
        next.known.retain(|_, known| known.application().as_deref() != Some(id));
        let server_keys = self.keys.now();
        let keys = present.known.iter().filter(|(key, _)| !next.known.contains_key(*key));
        let gone: Vec<Key> = keys.flat_map(|(key, known)| known.places(key, &server_keys)).collect();
        let application = Key::new(Kind::Application, id);
        let write = move |_: &View<'_>, _: Timestamp| -> Result<Done<()>, Stop> {
            let mut changes = Changes::none();
            gone.iter().chain([&application]).for_each(|key| changes.remove(key.clone()));
            Ok(changes.answer(()))
        };
        self.ledger.insist(Vec::new(), write).await?;
        self.present.store(Arc::new(next.settled()));
        // And those that were stored meanwhile.
        Ok(self.forget_all(id).await?)
    }

    /// Whether a key that was made at run time calls as this application, or as all of them.
    pub fn has_made_key(&self, application: &str) -> bool {
        self.present.load().known.values().any(|known| known.application().as_deref() == Some(application))
    }
}

impl Present {
    fn free_in_file(&self, id: &str) -> Result<(), DirectoryError> {
        let taken = self.file.applications.contains_key(id);
        if taken { Err(DirectoryError::OfFile(id.to_owned())) } else { Ok(()) }
    }
}
