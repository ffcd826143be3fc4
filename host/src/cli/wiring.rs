//! Where subcommands meet the host: each function here is one thing that they ask of it.

use super::{
    methods::Offer,
    send::{Delivered, Errand},
    setup::Setup,
    trouble::Trouble,
};
use crate::{
    application::Application,
    clock::Clock,
    config::Log,
    plugin::{Libraries, LibraryInfo, LibrarySettings, ProviderStatus, Providers, Workshop},
    telemetry,
};
use provider_api::Member;
use std::{future::ready, path::Path};

/// Begins to log as the configuration says, to standard error.
pub(super) fn start_log(log: &Log) -> Result<(), Trouble> {
    telemetry::start(&log.filter, log.format).map_err(|why| Trouble::new(why.to_string()))
}

/// Finds, inspects and tries the libraries in these folders.
pub(super) async fn find_libraries(settings: &LibrarySettings) -> Result<Libraries, Trouble> {
    Ok(Libraries::scan(settings, workshop()?.program()).await)
}

/// Inspects and tries one library's file.
pub(super) async fn inspect(file: &Path, settings: &LibrarySettings) -> Result<LibraryInfo, Trouble> {
    let library = Libraries::examine(file, &settings.copies, workshop()?.program()).await;
    library.map_err(|refusal| Trouble::refused(&refusal))
}

/// Serves until the process is told to stop.
pub(super) fn serve(setup: Setup) -> impl Future<Output = Result<(), Trouble>> + Send {
    drop(setup);
    ready(Err(missing("serving")))
}

/// Opens every enabled provider and tells how it is, then closes them again.
pub(super) async fn provider_status(setup: Setup) -> Result<Vec<ProviderStatus>, Trouble> {
    let Setup { config, libraries } = setup;
    let providers = Providers::open(config.providers.values(), &libraries, &workshop()?).await;
    let status = providers.status();
    providers.close().await;
    Ok(status)
}

/// Opens what is needed and hands one message over.
pub(super) fn deliver(
    setup: Setup,
    errand: Errand,
) -> impl Future<Output = Result<Delivered, Trouble>> + Send {
    let Errand { provider, recipient, channel, code, text, purpose, test } = errand;
    drop((setup, provider, recipient, channel, code, text, purpose, test));
    ready(Err(missing("delivering")))
}

/// Opens the providers and asks which methods this member would be offered.
pub(super) fn methods(
    setup: Setup,
    application: &Application,
    member: Member,
) -> impl Future<Output = Result<Offer, Trouble>> + Send {
    let _ = application;
    drop((setup, member));
    ready(Err(missing("listing methods")))
}

fn workshop() -> Result<Workshop, Trouble> {
    Workshop::new(Clock::system())
        .map_err(|why| Trouble::new(format!("cannot find this program's own file: {why}")))
}

fn missing(part: &str) -> Trouble {
    Trouble::new(format!("this build has no part for {part} yet"))
}
