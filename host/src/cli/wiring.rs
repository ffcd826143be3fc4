//! Where subcommands meet the host: each function here is one thing that they ask of it.

use super::{
    methods::{Offer, Offered},
    reload::Reload,
    send::Errand,
    setup::Setup,
    trouble::Trouble,
};
use crate::{
    app::{App, Live, World},
    application::{Application, Policy},
    clock::Clock,
    config::Log,
    delivery::Told,
    member::Person,
    metrics::Metrics,
    outbox::{
        by_hand,
        tester::{
            PASSED_OVER, Test, TestError, Tester, TesterParts,
            fit::{self, Unfit},
        },
    },
    plugin::{
        Isolation, Lane, Libraries, LibraryDoor, LibraryInfo, LibrarySettings, ProviderStatus, Providers,
        Sandbox, Settings, Watch, Workshop,
    },
    route::{Next, after},
    seal::Keys,
    store::{self, Ledger, LedgerParts},
    telemetry::{self, Filter, Writing},
    template::{Locale, Occasion},
    verifier::{Verifier, VerifierParts},
};
use arc_swap::ArcSwap;
use axum::Router;
use provider_api::{
    DeliveryError, Member, Message,
    testing::{
        Sample,
        conformance::{self, Report},
    },
};
use std::{path::Path, sync::Arc};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{Mutex, oneshot},
};

/// Begins to log as the configuration says, to standard error.
pub(super) fn start_log(log: &Log) -> Result<(Filter, Writing), Trouble> {
    telemetry::start(&log.filter, log.format).map_err(|why| Trouble::new(why.to_string()))
}

/// Finds, inspects and tries the libraries in these folders.
pub(super) async fn find_libraries(settings: &LibrarySettings) -> Result<Libraries, Trouble> {
    Ok(Libraries::scan(settings, World::of_this_process().workshop.program()).await)
}

/// The same after an earlier look: what is as it was is not tried again.
pub(super) async fn find_libraries_again(
    settings: &LibrarySettings,
    before: &Libraries,
) -> Result<Libraries, Trouble> {
    Ok(Libraries::scan_again(settings, World::of_this_process().workshop.program(), before).await)
}

/// Inspects and tries one library's file.
pub(super) async fn inspect(file: &Path, settings: &LibrarySettings) -> Result<LibraryInfo, Trouble> {
    let examined = Libraries::examine(file, settings, World::of_this_process().workshop.program()).await;
    examined.map_err(|refusal| Trouble::refused(&refusal))
}

/// Asks a library everything that holds for all of them; also how many of its HTTP requests the sample did not answer.
pub(super) async fn conform(
    library: LibraryInfo,
    isolation: Isolation,
    sandbox: Sandbox,
    sample: Sample,
) -> Result<(Report, usize), Trouble> {
    let workshop = World::of_this_process().workshop;
    let door = LibraryDoor::new(library, isolation, workshop, tokio::runtime::Handle::current());
    let door = door.in_sandbox(sandbox).answering(sample.http.clone());
    let asking = tokio::task::spawn_blocking(move || (conformance::run(&door, &sample), door.unanswered()));
    asking.await.map_err(|why| Trouble::new(format!("the suite itself failed: {why}")))
}

/// Serves until the process is told to stop; on SIGHUP it takes what the file says now.
pub(super) async fn serve(file: Option<&Path>, setup: Setup, filter: Filter) -> Result<(), Trouble> {
    let again = Reload::of(file, &setup, filter)?;
    let Setup { config, libraries, .. } = setup;
    let failed = |cause: std::io::Error| Trouble::new(format!("cannot wait for signals: {cause}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    let app =
        App::start(config, &libraries, &World::of_this_process()).await.map_err(|why| Trouble::told(&why))?;
    // Or the first copy of each would stay as long as the server runs.
    drop(libraries);
    if let Some(socket) = app.admin() {
        tracing::info!(socket = %socket.display(), "operators are answered");
    }
    if let Ok(Some(address)) = app.remote() {
        tracing::info!(%address, "operators with a key are answered");
    }
    let applications = app.directory().applications();
    if applications.is_empty() {
        let hint =
            "configure one as `[applications.ID]`, or make one: `POST /v1/applications` on the admin socket";
        tracing::warn!(hint, "there is no application: nobody can call");
    }
    for (application, _) in applications {
        if application.keys.is_empty() && !app.directory().has_made_key(&application.id) {
            let hint = format!("`passrelay keys new --application {}` makes one", application.id);
            tracing::warn!(application.id = application.id, hint, "an application has no API key of its own");
        }
    }
    if let Ok(address) = app.address() {
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
    }
    let mut told = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let hurried = async {
        told().await;
        tracing::info!("stopping; a second signal ends it at once");
        drop(stop);
        told().await;
    };
    let live = app.live();
    // In tasks of its own: whoever accepts connections neither waits for a reload nor ends with one that panics.
    let again = Arc::new(Mutex::new(again));
    tokio::spawn(async move {
        loop {
            let watched = again.lock().await.watched().cloned();
            let watch = watched.as_ref().map(|watched| Watch::begin(watched, Clock::system()));
            take_changes(&mut hangup, watch, &again, &live).await;
        }
    });
    tokio::select! {
        () = app.serve(async { drop(stopped.await) }) => Ok(()),
        () = hurried => Err(Trouble::new("a second signal ended the server before everything was finished")),
    }
}

/// Takes whatever changes, until the file was read anew: then other folders may be watched.
async fn take_changes(
    hangup: &mut Signal,
    mut watch: Option<Watch>,
    again: &Arc<Mutex<Reload>>,
    live: &Live,
) {
    loop {
        let changed = async {
            match &mut watch {
                Some(watch) => watch.changed().await,
                None => std::future::pending().await,
            }
        };
        let is_file = tokio::select! {
            Some(()) = hangup.recv() => true,
            () = changed => false,
        };
        let (again, live) = (Arc::clone(again), live.clone());
        let taking = async move {
            let mut again = again.lock().await;
            if is_file { again.now(&live).await } else { again.look(&live).await }
        };
        if tokio::spawn(taking).await.is_err() {
            tracing::error!("taking what changed panicked: the server goes on with what was taken before");
        }
        if is_file {
            return;
        }
    }
}

/// The operator routes over the store that a server left.
pub(super) async fn at_rest(setup: &Setup) -> Result<Router, Trouble> {
    let resting = App::at_rest(&setup.config, &setup.libraries, &World::of_this_process()).await;
    resting.map_err(|why| Trouble::told(&why))
}

/// Opens every enabled provider and tells how it is, then closes them again.
pub(super) async fn provider_status(setup: &Setup) -> Result<Vec<ProviderStatus>, Trouble> {
    let providers = open(setup).await;
    let status = providers.status();
    providers.close().await;
    Ok(status)
}

/// Copies a store; says how many bytes the copy has.
pub(super) async fn back_up(store: &Path, copy: &Path) -> Result<u64, Trouble> {
    let (from, to) = (store.to_owned(), copy.to_owned());
    let copied = tokio::task::spawn_blocking(move || store::backup(&from, &to)).await;
    copied.map_err(|why| Trouble::told(&why))?.map_err(|why| Trouble::told(&why))?;
    Ok(std::fs::metadata(copy).map(|copy| copy.len()).unwrap_or_default())
}

/// Opens a provider and sends a test message through it.
pub(super) async fn test(setup: Setup, settings: &Settings, test: &Test) -> Result<Told, Trouble> {
    let workshop = workshop(&setup);
    let tester = Tester::new(TesterParts {
        templates: Arc::new(ArcSwap::from_pointee(setup.config.templates)),
        providers: Arc::default(),
        libraries: Arc::new(ArcSwap::from_pointee(setup.libraries)),
        workshop,
    });
    tester.beside(settings, test).await.map_err(Trouble::from)
}

/// Opens what is needed and hands one message over: to the provider that is named, else along the channel's route.
pub(super) async fn deliver(mut setup: Setup, errand: Errand) -> Result<Told, Trouble> {
    let route = match &errand.provider {
        Some(provider) => vec![provider.clone()],
        None => setup.config.routes.of(&errand.channel).to_vec(),
    };
    setup.config.providers.retain(|id, _| route.contains(id));
    let messages = route.iter().map(|provider| message(&setup, &errand, provider));
    let messages = messages.collect::<Result<Vec<Message>, Trouble>>()?;
    let providers = open(&setup).await;
    let mut lanes = route.iter().filter_map(|provider| providers.lane(provider));
    if let Some(trouble) = lanes.find_map(|lane| unfit(&lane, &errand)) {
        providers.close().await;
        return Err(trouble);
    }
    let mut delivered = None;
    for (provider, message) in route.into_iter().zip(messages) {
        let outcome = match providers.lane(&provider) {
            Some(lane) => lane.deliver(message.clone()).await,
            None => Err(DeliveryError::unavailable(why_closed(&providers, &provider))),
        };
        let stop = outcome.as_ref().map_or_else(|error| after(&error.failure) == Next::Stop, |_| true);
        delivered = Some(Told::new(&provider, &message, &outcome));
        if stop {
            break;
        }
    }
    providers.close().await;
    delivered.ok_or_else(|| Trouble::new(format!("channel `{}` has no route", errand.channel)))
}

/// Opens the providers and asks which methods this member would be offered.
pub(super) async fn methods(
    setup: Setup,
    application: &Application,
    member: Member,
) -> Result<Offer, Trouble> {
    let world = World::of_this_process();
    let providers = Arc::new(open(&setup).await);
    let closed = || Trouble::new("the system gives no randomness");
    // Nothing is started, so no code is ever made under them.
    let keys = Arc::new(Keys::ephemeral(&world.chance).ok_or_else(closed)?);
    let parts = LedgerParts {
        keys: Arc::clone(&keys).into(),
        chance: world.chance.clone(),
        clock: world.clock.clone(),
        metrics: Arc::new(Metrics::new(world.clock.now())),
    };
    let verifier = Verifier::new(VerifierParts {
        applications: setup.config.applications,
        routes: setup.config.routes,
        providers: Arc::clone(&providers),
        ledger: Ledger::in_memory(parts).map_err(|why| Trouble::told(&why))?,
        keys: keys.into(),
        clock: world.clock,
        chance: world.chance,
    });
    let methods = verifier.methods(application, &Person::Member(member)).await;
    providers.close().await;
    let offered = methods.offers.into_iter().map(|offer| Offered {
        id: offer.method.to_string(),
        channel: offer.channel.to_string(),
        recipient: offer.recipient.masked(),
        region: offer.region(),
        payload: offer.method.payload,
        preferred: offer.preferred,
    });
    Ok(Offer { methods: offered.collect(), unavailable: methods.refusals })
}

async fn open(setup: &Setup) -> Providers {
    Providers::open(setup.config.providers.values(), &setup.libraries, &workshop(setup)).await
}

fn workshop(setup: &Setup) -> Workshop {
    let workshop = World::of_this_process().workshop.with_proxy(setup.config.server.proxy.clone());
    workshop.owning(setup.config.own_files())
}

fn message(setup: &Setup, errand: &Errand, provider: &str) -> Result<Message, Trouble> {
    let world = World::of_this_process();
    let templates = &setup.config.templates;
    let occasion = Occasion {
        application: None,
        provider,
        channel: &errand.channel,
        recipient: &errand.recipient,
        purpose: &errand.purpose,
        locale: errand.locale.as_ref().map(Locale::as_str),
        member_name: None,
        payment: None,
        wording: None,
        code: errand.code.expose(),
        // Nobody checks it: as long as codes usually work.
        expires_in: Policy::default().lifetime,
    };
    let said = match &errand.text {
        None => templates.say(&occasion),
        Some(text) => {
            templates.say_with(text, &occasion).map_err(|why| Trouble::new(format!("`--text` {why}")))?
        }
    };
    Ok(by_hand(&occasion, said, world.clock.now()))
}

/// Why a provider cannot be asked to deliver this at all: not on this channel, or not to such an address.
fn unfit(lane: &Lane, errand: &Errand) -> Option<Trouble> {
    fit::recipient(lane, &errand.channel, errand.recipient.as_str()).err().map(Trouble::from)
}

impl From<TestError> for Trouble {
    fn from(error: TestError) -> Self {
        match error {
            TestError::Unfit(unfit) => unfit.into(),
            TestError::Text { .. } => Self::new(error.to_string()).with_hint(PASSED_OVER),
            TestError::Busy | TestError::Unknown(_) | TestError::Closed { .. } => {
                Self::new(error.to_string())
            }
        }
    }
}

impl From<Unfit> for Trouble {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Ambiguous { .. } => {
                Self::new(unfit.to_string()).with_hint("say which with `--channel CHANNEL`")
            }
            Unfit::Channel { provider, channel, served } => {
                let trouble = Self::new(format!("provider `{provider}` does not deliver on `{channel}`"));
                trouble.with_hint(format!("it delivers on `{}`", served.join("`, `")))
            }
            Unfit::Recipient { example, .. } => {
                let trouble = Self::new(format!("`--to` {unfit}"));
                match example {
                    Some(example) => trouble.with_hint(format!("for example `--to {example}`")),
                    None => trouble,
                }
            }
        }
    }
}

fn why_closed(providers: &Providers, id: &str) -> String {
    use crate::plugin::ProviderState;
    let state = providers.status().into_iter().find(|status| status.id == id).map(|status| status.state);
    match state {
        Some(ProviderState::Failed(reason)) => format!("the provider is not open: {reason}"),
        _ => "the provider is not open".to_owned(),
    }
}
