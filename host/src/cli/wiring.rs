//! Where subcommands meet the host: each function here is one thing that they ask of it.

use super::{
    methods::{Offer, Offered, Unavailable},
    send::{Delivered, Errand},
    setup::Setup,
    trouble::Trouble,
};
use crate::{
    app::{App, World},
    application::{Application, Policy},
    config::Log,
    member::Person,
    outbox::by_hand,
    plugin::{
        Isolation, Lane, Libraries, LibraryDoor, LibraryInfo, LibrarySettings, ProviderStatus, Providers,
    },
    route::{Next, after},
    seal::Keys,
    store::Ledger,
    telemetry,
    template::{Locale, Occasion},
    verifier::{Verifier, VerifierParts},
};
use provider_api::{
    Address, AddressKind, DeliveryError, Member, Message,
    testing::{
        Sample,
        conformance::{self, Report},
    },
};
use std::{path::Path, sync::Arc};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// Begins to log as the configuration says, to standard error.
pub(super) fn start_log(log: &Log) -> Result<(), Trouble> {
    telemetry::start(&log.filter, log.format).map_err(|why| Trouble::new(why.to_string()))
}

/// Finds, inspects and tries the libraries in these folders.
pub(super) async fn find_libraries(settings: &LibrarySettings) -> Result<Libraries, Trouble> {
    Ok(Libraries::scan(settings, World::of_this_process().workshop.program()).await)
}

/// Inspects and tries one library's file.
pub(super) async fn inspect(file: &Path, settings: &LibrarySettings) -> Result<LibraryInfo, Trouble> {
    let examined =
        Libraries::examine(file, &settings.copies, World::of_this_process().workshop.program()).await;
    examined.map_err(|refusal| Trouble::refused(&refusal))
}

/// Asks a library everything that holds for all of them; also how many of its HTTP requests the sample did not answer.
pub(super) async fn conform(
    library: LibraryInfo,
    isolation: Isolation,
    sample: Sample,
) -> Result<(Report, usize), Trouble> {
    let workshop = World::of_this_process().workshop;
    let door = LibraryDoor::new(library, isolation, workshop, tokio::runtime::Handle::current());
    let door = door.answering(sample.http.clone());
    let asking = tokio::task::spawn_blocking(move || (conformance::run(&door, &sample), door.unanswered()));
    asking.await.map_err(|why| Trouble::new(format!("the suite itself failed: {why}")))
}

/// Serves until the process is told to stop.
pub(super) async fn serve(setup: Setup) -> Result<(), Trouble> {
    let Setup { config, libraries } = setup;
    // Held as long as it serves.
    let _occupied = libraries.occupy(&config.libraries).map_err(|cause| {
        Trouble::new(format!("cannot use `{}`: {cause}", config.libraries.copies.display()))
    })?;
    let failed = |cause: std::io::Error| Trouble::new(format!("cannot wait for signals: {cause}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let app =
        App::start(config, &libraries, &World::of_this_process()).await.map_err(|why| Trouble::told(&why))?;
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
    tokio::select! {
        () = app.serve(async { drop(stopped.await) }) => Ok(()),
        () = hurried => Err(Trouble::new("a second signal ended the server before everything was finished")),
    }
}

/// Opens every enabled provider and tells how it is, then closes them again.
pub(super) async fn provider_status(setup: Setup) -> Result<Vec<ProviderStatus>, Trouble> {
    let providers = open(&setup).await?;
    let status = providers.status();
    providers.close().await;
    Ok(status)
}

/// Opens what is needed and hands one message over: to the provider that is named, else along the channel's route.
pub(super) async fn deliver(mut setup: Setup, errand: Errand) -> Result<Delivered, Trouble> {
    let route = match &errand.provider {
        Some(provider) => vec![provider.clone()],
        None => setup.config.routes.of(&errand.channel).to_vec(),
    };
    setup.config.providers.retain(|id, _| route.contains(id));
    let providers = open(&setup).await?;
    let mut lanes = route.iter().filter_map(|provider| providers.lane(provider));
    if let Some(trouble) = lanes.find_map(|lane| unfit(&lane, &errand)) {
        providers.close().await;
        return Err(trouble);
    }
    let mut delivered = None;
    for provider in route {
        let outcome = match providers.lane(&provider) {
            Some(lane) => lane.deliver(message(&setup, &errand, &provider)?).await,
            None => Err(DeliveryError::unavailable(why_closed(&providers, &provider))),
        };
        let stop = outcome.as_ref().map_or_else(|error| after(&error.failure) == Next::Stop, |_| true);
        delivered = Some(Delivered { provider, outcome });
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
    let providers = Arc::new(open(&setup).await?);
    let closed = || Trouble::new("the system gives no randomness");
    let verifier = Verifier::new(VerifierParts {
        applications: setup.config.applications,
        routes: setup.config.routes,
        providers: Arc::clone(&providers),
        ledger: Ledger::in_memory(world.clock.clone()).map_err(|why| Trouble::told(&why))?,
        // Nothing is started, so no code is ever made under them.
        keys: Arc::new(Keys::ephemeral(&world.chance).ok_or_else(closed)?),
        clock: world.clock,
        chance: world.chance,
    });
    let methods = verifier.methods(application, &Person::Member(member)).await;
    providers.close().await;
    let offered = methods.offers.into_iter().map(|offer| Offered {
        id: offer.method.to_string(),
        channel: offer.channel.to_string(),
        payload: offer.method.payload,
        recipient: offer.recipient.masked(),
        region: offer.region,
        preferred: offer.preferred,
    });
    let unavailable = methods.refusals.into_iter().map(|refusal| Unavailable {
        id: refusal.id.to_string(),
        reason: refusal.reason,
        detail: refusal.detail,
    });
    Ok(Offer { methods: offered.collect(), unavailable: unavailable.collect() })
}

async fn open(setup: &Setup) -> Result<Providers, Trouble> {
    let workshop = World::of_this_process().workshop.with_proxy(setup.config.server.proxy.clone());
    Ok(Providers::open(setup.config.providers.values(), &setup.libraries, &workshop).await)
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
    let mut message = by_hand(&occasion, said, world.clock.now());
    message.test = errand.test;
    Ok(message)
}

/// Why a provider cannot be asked to deliver this at all: not on this channel, or not to such an address.
fn unfit(lane: &Lane, errand: &Errand) -> Option<Trouble> {
    let (id, channel) = (lane.id(), &errand.channel);
    if !lane.serves(channel) {
        let channels = lane.manifest().channels.join("`, `");
        let trouble = Trouble::new(format!("provider `{id}` does not deliver on `{channel}`"));
        return Some(trouble.with_hint(format!("it delivers on `{channels}`")));
    }
    let address = Address::for_channel(lane.addresses(), channel)?;
    let why = address.kind.read(errand.recipient.as_str()).err()?;
    let example = match address.kind {
        AddressKind::Email => "ada@example.com",
        AddressKind::Phone => "+447700900123",
        _ => return Some(Trouble::new(format!("`--to` is no recipient on `{channel}`: {why}"))),
    };
    let trouble = Trouble::new(format!("`--to` is no recipient on `{channel}`: {why}"));
    Some(trouble.with_hint(format!("for example `--to {example}`")))
}

fn why_closed(providers: &Providers, id: &str) -> String {
    use crate::plugin::ProviderState;
    let state = providers.status().into_iter().find(|status| status.id == id).map(|status| status.state);
    match state {
        Some(ProviderState::Failed(reason)) => format!("the provider is not open: {reason}"),
        _ => "the provider is not open".to_owned(),
    }
}
