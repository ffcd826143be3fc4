//! Who may call: the applications of the file, those made at run time, and the API keys of both.

mod api_keys;
mod applications;
mod forget;
mod named_key;

pub use api_keys::{ApiKey, NewApiKey, Scope};
pub use applications::{KeptApplication, Made, Source};

use crate::{
    application::{Application, ServiceSid},
    clock::Clock,
    route::Routes,
    seal::{ApiKeys, Chance, KeyRing},
    store::{Ledger, LedgerError},
};
use api_keys::Known;
use arc_swap::ArcSwap;
use provider_api::{Channel, Secret};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use tokio::sync::Mutex;

/// Who may call. What is asked of it is answered from memory; what is changed is durable before it is seen.
#[derive(Debug)]
pub struct Directory {
    present: ArcSwap<Present>,
    /// Held by whoever changes something, from reading to swapping.
    changing: Mutex<()>,
    ledger: Ledger,
    keys: KeyRing,
    clock: Clock,
    chance: Chance,
}

/// The directory at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Present {
    file: Arc<OfFile>,
    made: BTreeMap<String, Made>,
    known: BTreeMap<String, Arc<Known>>,
    routes: Routes,
    /// Every application that may call, by its SID.
    services: HashMap<String, Service>,
}

/// What the configuration says.
#[derive(Debug, Default)]
struct OfFile {
    applications: BTreeMap<String, Arc<Application>>,
    api_keys: ApiKeys<String>,
    routes: Routes,
    /// What a method's first word may mean before it may mean a channel.
    providers: BTreeSet<String>,
}

/// An application as a Twilio Service.
#[derive(Debug, Clone)]
pub struct Service {
    /// The application.
    pub application: Arc<Application>,
    /// What is kept of it, if it was made at run time.
    pub stored: Option<Arc<KeptApplication>>,
}

/// Who calls, by the key that was presented.
#[derive(Debug, Clone)]
pub enum Caller {
    /// An application.
    Application(Arc<Application>),
    /// Somebody who may call as every application, and says as which.
    Account,
    /// An operator.
    Operator,
}

/// Why the directory was not changed, sorted by what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The configuration file says what this application is.
    #[error("application `{0}` stands in the configuration file, and is changed there")]
    OfFile(String),
    /// There is an application of this id.
    #[error("there is an application `{0}` already")]
    Taken(String),
    /// Another application is this Twilio Service.
    #[error("another application has the `service_sid` `{0}`")]
    SidTaken(ServiceSid),
    /// There is no application of this id.
    #[error("there is no application `{0}`")]
    NoApplication(String),
    /// There is no API key of this id.
    #[error("there is no such API key")]
    NoKey,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl Directory {
    pub(super) fn new(
        applications: BTreeMap<String, Application>,
        routes: Routes,
        providers: BTreeSet<String>,
        ledger: Ledger,
        (keys, clock, chance): (KeyRing, Clock, Chance),
    ) -> Self {
        let present = Present::default().with_file(OfFile::new(applications, routes, providers));
        let (present, changing) = (ArcSwap::from_pointee(present), Mutex::default());
        Self { present, changing, ledger, keys, clock, chance }
    }

    /// Takes what a configuration says now, and the applications that were made at run time as they are under it.
    pub async fn take(
        &self,
        applications: BTreeMap<String, Application>,
        routes: Routes,
        providers: BTreeSet<String>,
        made: Vec<Made>,
    ) {
        let _changing = self.changing.lock().await;
        let mut present = Present::clone(&self.present.load());
        present.made = made.into_iter().map(|made| (made.application.id.clone(), made)).collect();
        self.present.store(Arc::new(present.with_file(OfFile::new(applications, routes, providers))));
    }

    /// The application of this id, if it may call; the file's goes first.
    pub fn application(&self, id: &str) -> Option<Arc<Application>> {
        self.present.load().application(id)
    }

    /// The application that is this Twilio Service, if it may call.
    pub fn service(&self, sid: &str) -> Option<Service> {
        self.present.load().services.get(sid).cloned()
    }

    /// Every application that may call, by id, as a Twilio Service.
    pub fn services(&self) -> Vec<Service> {
        let mut all: Vec<Service> = self.present.load().services.values().cloned().collect();
        all.sort_by(|one, other| one.application.id.cmp(&other.application.id));
        all
    }

    /// Every channel that some method may use.
    pub fn channels(&self) -> Vec<Channel> {
        self.present.load().routes.iter().map(|(channel, _)| channel.clone()).collect()
    }

    /// Every application by id, with where it was made; also those that may not call.
    pub fn applications(&self) -> Vec<(Arc<Application>, Source)> {
        let present = self.present.load();
        let of_file = present.file.applications.values().map(|found| (Arc::clone(found), Source::File));
        let hidden = |id: &String| present.file.applications.contains_key(id);
        let made = present.made.iter().filter(|(id, _)| !hidden(id)).map(|(_, made)| made.shown());
        let mut all: Vec<_> = of_file.chain(made).collect();
        all.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        all
    }

    /// Who presents this key; nobody if it is unknown, revoked or expired, or if its application is gone.
    pub fn caller(&self, presented: &str) -> Option<Caller> {
        let present = self.present.load();
        let of_file = present.file.api_keys.owner(presented).and_then(|id| present.application(id));
        match of_file {
            Some(application) => Some(Caller::Application(application)),
            None => self.known(&present, presented),
        }
    }

    pub(super) fn present(&self) -> Arc<Present> {
        self.present.load_full()
    }
}

impl Present {
    fn with_file(mut self, file: OfFile) -> Self {
        self.file = Arc::new(file);
        self.settled()
    }

    /// With the routes that the applications need together.
    fn settled(mut self) -> Self {
        let made = self.serving().map(|(_, made)| &made.routes);
        let all = made.chain([&self.file.routes]).flat_map(Routes::iter);
        self.routes = Routes::new(all.map(|(channel, route)| (channel.clone(), route.to_vec())).collect());
        let sid = |service: Service| (service.application.service_sid().to_string(), service);
        let made = self.serving().filter(|(id, _)| !self.file.applications.contains_key(*id));
        let made = made.map(|(_, made)| Service {
            application: Arc::clone(&made.application),
            stored: Some(Arc::clone(&made.stored)),
        });
        let of_file = self.file.applications.values();
        let of_file = of_file.map(|found| Service { application: Arc::clone(found), stored: None });
        // The file's go first.
        self.services = made.chain(of_file).map(sid).collect();
        self
    }

    fn application(&self, id: &str) -> Option<Arc<Application>> {
        let of_file = self.file.applications.get(id);
        let made = || self.made.get(id).filter(|made| made.serves).map(|made| &made.application);
        of_file.or_else(made).cloned()
    }

    fn serving(&self) -> impl Iterator<Item = (&String, &Made)> {
        self.made.iter().filter(|(_, made)| made.serves)
    }

    /// Every application that may call.
    pub(super) fn applications(&self) -> impl Iterator<Item = &Arc<Application>> {
        let hidden = |id: &String| self.file.applications.contains_key(id);
        let made = self.serving().filter(move |(id, _)| !hidden(id)).map(|(_, made)| &made.application);
        self.file.applications.values().chain(made)
    }

    /// The providers of each channel.
    pub(super) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Whether a method's first word means a provider.
    pub(super) fn is_provider(&self, word: &str) -> bool {
        self.file.providers.contains(word)
    }
}

impl OfFile {
    fn new(
        applications: BTreeMap<String, Application>,
        routes: Routes,
        mut providers: BTreeSet<String>,
    ) -> Self {
        providers.extend(routes.iter().flat_map(|(_, route)| route.iter().cloned()));
        let owned = |application: &Application| {
            let owned = |key: &Secret| (key.clone(), application.id.clone());
            application.keys.iter().map(owned).collect::<Vec<_>>()
        };
        let owned: Vec<(Secret, String)> = applications.values().flat_map(owned).collect();
        let api_keys = ApiKeys::new(owned.iter().map(|(key, owner)| (key.expose(), owner.clone())));
        let applications = applications.into_iter().map(|(id, found)| (id, Arc::new(found))).collect();
        Self { applications, api_keys, routes, providers }
    }
}

#[cfg(test)]
mod tests;
