//! Builds the server from its configuration: the only place that says which parts stand behind the interfaces.

use crate::{
    clock::Clock,
    config::{Config, Saved, Store},
    http::{self, AdminSocket, Face, SocketError},
    metrics::Metrics,
    outbox::{
        Outbox, OutboxParts,
        tester::{Tester, TesterParts},
    },
    phone,
    plugin::{Libraries, Providers, Workshop},
    seal::{Chance, KeyFileError, Keys},
    store::{Ledger, OpenError},
    template,
    verifier::{Verifier, VerifierParts},
};
use axum::Router;
use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch};

/// How long a shutdown waits for deliveries under way.
const DRAIN: Duration = Duration::from_secs(30);

/// A server that is ready to serve.
#[derive(Debug)]
pub struct App {
    listener: TcpListener,
    admin: Option<AdminSocket>,
    face: Arc<Face>,
    providers: Arc<Providers>,
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
    #[error("cannot listen on `{address}`: {cause}\nhint: change `server.listen`, or end what listens there")]
    Listen {
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
        let address = config.server.listen;
        let listening = TcpListener::bind(address).await;
        let listener = listening.map_err(|cause| StartError::Listen { address, cause })?;
        let admin = config.server.admin.as_deref().map(AdminSocket::open).transpose()?;
        phone::warm_up();
        template::warm_up();
        let (ledger, keys) = kept(&config, world)?;
        let workshop = world.workshop.clone().with_proxy(config.server.proxy.clone());
        let providers = Arc::new(Providers::open(config.providers.values(), libraries, &workshop).await);
        let face = face(config, libraries, world, workshop, Arc::clone(&providers), ledger, keys);
        Ok(Self { listener, admin, face, providers })
    }

    /// The operator routes over the store and the keys alone: no provider is opened and nothing listens. For a command
    /// that finds no server running.
    ///
    /// # Errors
    ///
    /// When keys or store cannot be had.
    pub fn at_rest(config: Config, libraries: &Libraries, world: &World) -> Result<Router, StartError> {
        let (ledger, keys) = kept(&config, world)?;
        let face = face(config, libraries, world, world.workshop.clone(), Arc::default(), ledger, keys);
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

    /// The providers it opened.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Serves until `shutdown` is ready; then finishes the requests and the deliveries under way, and closes the
    /// providers.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let outbox = self.face.outbox.clone();
        let watching = tokio::spawn(async move { outbox.watch().await });
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
        let shutdown = async {
            shutdown.await;
            drop(stop);
        };
        tokio::join!(public, admin, shutdown);
        // What is due from now on is done by the next host.
        watching.abort();
        let left = self.face.outbox.drain(DRAIN).await;
        if left > 0 {
            tracing::warn!(deliveries = left, "stopped while deliveries were under way");
        }
        self.providers.close().await;
    }
}

/// What outlives the process: the store and the keys.
fn kept(config: &Config, world: &World) -> Result<(Ledger, Arc<Keys>), StartError> {
    let keys = Arc::new(Keys::open_or_create(&config.keys, &world.chance)?);
    let (own, chance, clock) = (Arc::clone(&keys), world.chance.clone(), world.clock.clone());
    let ledger = match &config.store {
        Store::Memory => Ledger::in_memory(own, chance, clock)?,
        Store::Sqlite(path) => Ledger::open(path, own, chance, clock)?,
    };
    Ok((ledger, keys))
}

/// What the handlers speak for, put together.
fn face(
    config: Config,
    libraries: &Libraries,
    world: &World,
    workshop: Workshop,
    providers: Arc<Providers>,
    ledger: Ledger,
    keys: Arc<Keys>,
) -> Arc<Face> {
    let metrics = Arc::new(Metrics::new(world.clock.now()));
    let libraries = Arc::new(libraries.clone());
    let saved = Saved::new(&config, Arc::clone(&libraries));
    let tester = Tester::new(TesterParts {
        templates: config.templates.clone(),
        providers: Arc::clone(&providers),
        libraries,
        workshop,
    });
    let outbox = Outbox::new(OutboxParts {
        templates: config.templates,
        providers: Arc::clone(&providers),
        ledger: ledger.clone(),
        keys: Arc::clone(&keys),
        clock: world.clock.clone(),
        chance: world.chance.clone(),
        prices: config.prices,
        metrics: Arc::clone(&metrics),
    });
    let verifier = Verifier::new(VerifierParts {
        applications: config.applications,
        routes: config.routes,
        providers,
        ledger,
        keys,
        clock: world.clock.clone(),
        chance: world.chance.clone(),
        limits: config.limits,
    });
    let chance = world.chance.clone();
    Arc::new(Face { verifier, outbox, tester, saved, chance, metrics })
}
