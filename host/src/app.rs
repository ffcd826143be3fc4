//! Builds the server from its configuration: the only place that says which parts stand behind the interfaces.

mod keys;
mod take;

pub use keys::KeysError;
pub use take::Live;

use keys::KeyHold;

use crate::{
    clock::Clock,
    config::{Config, Saved, Store},
    http::{self, AdminSocket, Face, SocketError, Webhooks},
    metrics::Metrics,
    outbox::{
        Outbox, OutboxParts,
        tester::{Tester, TesterParts},
    },
    phone,
    plugin::{Faults, Libraries, Providers, Workshop},
    route::Routes,
    seal::{Chance, KeyFileError, KeyRing, Keys},
    store::{Ledger, LedgerError, LedgerParts, OpenError},
    template,
    verifier::{Directory, Renewed, Verifier, VerifierParts},
};
use arc_swap::ArcSwap;
use axum::Router;
use std::{collections::BTreeMap, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
};

/// How long a shutdown waits for deliveries under way.
const DRAIN: Duration = Duration::from_secs(30);

/// How long is waited before the records of older keys are tried again.
const RENEW: Duration = Duration::from_secs(10);

/// A server that is ready to serve.
#[derive(Debug)]
pub struct App {
    listener: TcpListener,
    admin: Option<AdminSocket>,
    remote: Option<TcpListener>,
    face: Arc<Face>,
    providers: Arc<Providers>,
    workshop: Workshop,
    ledger: Ledger,
    keys: KeyHold,
}

/// What a server takes from the world besides its configuration.
#[derive(Debug, Clone)]
pub struct World {
    /// What tells the time.
    pub clock: Clock,
    /// What ids and keys are made of.
    pub chance: Chance,
    /// What runs libraries.
    pub workshop: Workshop,
}

impl World {
    /// The machine's clock and chance, and this program to run libraries.
    pub fn of_this_process() -> Self {
        let clock = Clock::system();
        Self { workshop: Workshop::new(clock.clone()), chance: Chance::system(), clock }
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on `{address}`: {cause}\nhint: change `{key}`, or end what listens there")]
    Listen {
        /// The key of the configuration that names it.
        key: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The admin socket cannot be made.
    #[error(transparent)]
    Admin(#[from] SocketError),
    /// The keys cannot be had.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// What the store keeps of applications and API keys cannot be read.
    #[error("cannot read what the store keeps of applications and API keys")]
    Read(#[from] LedgerError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
}

impl App {
    /// Opens addresses, keys, store and providers. A provider that cannot be opened stops nothing.
    ///
    /// # Errors
    ///
    /// When an address is taken, or keys or store cannot be had.
    pub async fn start(config: Config, libraries: &Libraries, world: &World) -> Result<Self, StartError> {
        let listener = listen("server.listen", config.server.listen).await?;
        let remote = match config.server.admin_address {
            Some(address) => Some(listen("server.admin", address).await?),
            None => None,
        };
        let admin = config.server.admin.as_deref().map(AdminSocket::open).transpose()?;
        phone::warm_up();
        template::warm_up();
        let kept = kept(&config, world)?;
        let ledger = kept.ledger.clone();
        let (file, ring, taking) = (config.keys.clone(), kept.keys.clone(), Arc::default());
        let keys = KeyHold { file, ring, ledger: ledger.clone(), taking };
        let faults = Faults::beside(&config.libraries.copies);
        faults.learn();
        let workshop = world.workshop.clone().with_proxy(config.server.proxy.clone());
        let workshop = workshop.owning(config.own_files()).keeping(faults);
        let providers = Arc::new(Providers::open(config.providers.values(), libraries, &workshop).await);
        let face = face(&config, libraries, world, workshop.clone(), Arc::clone(&providers), kept).await?;
        Ok(Self { listener, admin, remote, face, providers, workshop, ledger, keys })
    }

    /// The operator routes over the store and the keys alone: no provider is opened and nothing listens. For a command
    /// that finds no server running.
    ///
    /// # Errors
    ///
    /// When keys or store cannot be had.
    pub async fn at_rest(
        config: &Config,
        libraries: &Libraries,
        world: &World,
    ) -> Result<Router, StartError> {
        let kept = kept(config, world)?;
        let face = face(config, libraries, world, world.workshop.clone(), Arc::default(), kept).await?;
        Ok(http::admin_router(face))
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The admin socket, if there is one.
    pub fn admin(&self) -> Option<&Path> {
        self.admin.as_ref().map(AdminSocket::path)
    }

    /// Where operators are answered who present a key, if they are anywhere.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub fn remote(&self) -> io::Result<Option<SocketAddr>> {
        self.remote.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// What another configuration can be given to while it serves.
    pub fn live(&self) -> Live {
        Live {
            face: Arc::clone(&self.face),
            providers: Arc::clone(&self.providers),
            workshop: self.workshop.clone(),
            keys: self.keys.clone(),
        }
    }

    /// Who may call.
    pub fn directory(&self) -> &Directory {
        self.face.verifier.directory()
    }

    /// The providers it opened.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Serves until `shutdown` is ready; then finishes the requests and the deliveries under way, and closes the
    /// providers.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let outbox = self.face.outbox.clone();
        // Before the first request: what is open now, nobody but a host that is gone can have begun.
        let left = outbox.left().await;
        let watching = tokio::spawn(async move { outbox.watch(left).await });
        let telling = tokio::spawn(http::watch_webhooks(Arc::clone(&self.face)));
        let renewing = tokio::spawn(renew(Arc::clone(&self.face)));
        let stop = watch::Sender::new(());
        let stopped = || {
            let mut stop = stop.subscribe();
            async move { while stop.changed().await.is_ok() {} }
        };
        let public = http::serve(self.listener, http::router(Arc::clone(&self.face)), stopped());
        let (admin, end) = (http::admin_router(Arc::clone(&self.face)), stopped());
        let admin = async {
            if let Some(socket) = self.admin {
                http::serve(socket, admin, end).await;
            }
        };
        let (remote, end) = (http::remote_admin_router(Arc::clone(&self.face)), stopped());
        let remote = async {
            if let Some(listener) = self.remote {
                http::serve(listener, remote, end).await;
            }
        };
        let shutdown = async {
            shutdown.await;
            drop(stop);
        };
        tokio::join!(public, admin, remote, shutdown);
        // What is due from now on is done by the next host.
        watching.abort();
        renewing.abort();
        telling.abort();
        let left = self.face.outbox.drain(DRAIN).await;
        if left > 0 {
            tracing::warn!(deliveries = left, "stopped while deliveries were under way");
        }
        self.providers.close().await;
        if let Err(error) = self.ledger.close().await {
            tracing::warn!(%error, "the store's log is not written back; the next start reads it");
        }
    }
}

/// Makes anew what hangs on an older key of the server; begins again where the store does not do it.
async fn renew(face: Arc<Face>) {
    loop {
        match face.verifier.renew().await {
            Ok(Renewed { named: 0, sealed: 0 }) => return,
            Ok(Renewed { named, sealed }) => {
                tracing::info!(
                    records.named = named,
                    records.sealed = sealed,
                    "made anew under the newest key"
                );
                return;
            }
            Err(error) => tracing::warn!(%error, "what hangs on an older key is not made anew yet"),
        }
        tokio::time::sleep(RENEW).await;
    }
}

/// What outlives the process, the store and the keys, and what is counted meanwhile.
struct Kept {
    ledger: Ledger,
    keys: KeyRing,
    metrics: Arc<Metrics>,
}

fn kept(config: &Config, world: &World) -> Result<Kept, StartError> {
    let keys = KeyRing::from(Arc::new(Keys::open_or_create(&config.keys, &world.chance)?));
    let metrics = Arc::new(Metrics::new(world.clock.now()));
    let parts = LedgerParts {
        keys: keys.clone(),
        chance: world.chance.clone(),
        clock: world.clock.clone(),
        metrics: Arc::clone(&metrics),
    };
    let ledger = match &config.store {
        Store::Memory => Ledger::in_memory(parts)?,
        Store::Sqlite(path) => Ledger::open(path, parts)?,
    };
    Ok(Kept { ledger, keys, metrics })
}

async fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|cause| StartError::Listen { key, address, cause })
}

/// What the handlers speak for, put together.
async fn face(
    config: &Config,
    libraries: &Libraries,
    world: &World,
    workshop: Workshop,
    providers: Arc<Providers>,
    kept: Kept,
) -> Result<Arc<Face>, StartError> {
    let Kept { ledger, keys, metrics } = kept;
    let found = Arc::new(libraries.clone());
    let libraries = Arc::new(ArcSwap::new(Arc::clone(&found)));
    let templates = Arc::new(ArcSwap::from_pointee(config.templates.clone()));
    let webhooks = Webhooks::new(workshop.proxy.clone());
    let tester = Tester::new(TesterParts {
        templates: Arc::clone(&templates),
        providers: Arc::clone(&providers),
        libraries: Arc::clone(&libraries),
        workshop,
    });
    let outbox = Outbox::new(OutboxParts {
        templates: Arc::clone(&templates),
        providers: Arc::clone(&providers),
        ledger: ledger.clone(),
        keys: keys.clone(),
        clock: world.clock.clone(),
        chance: world.chance.clone(),
        prices: ArcSwap::default(),
        metrics: Arc::clone(&metrics),
    });
    // Who may call and what messages cost is taken from the configuration below, as whenever the file is read anew.
    let verifier = Verifier::new(VerifierParts {
        applications: BTreeMap::new(),
        routes: Routes::default(),
        providers,
        ledger,
        keys,
        clock: world.clock.clone(),
        chance: world.chance.clone(),
    });
    let saved = ArcSwap::from_pointee(Saved::new(config, Arc::clone(&found)));
    let (chance, changing) = (world.chance.clone(), Mutex::default());
    let face =
        Face { verifier, outbox, tester, saved, templates, libraries, changing, chance, metrics, webhooks };
    let face = Arc::new(face);
    face.verifier.directory().learn_keys().await?;
    take::take(&face, config, found).await?;
    Ok(face)
}
