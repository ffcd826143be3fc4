//! Where subcommands meet the host: each function here is one thing that they ask of it.

use super::{
    methods::Offer,
    send::{Delivered, Errand},
    setup::Setup,
    trouble::Trouble,
};
use crate::{
    application::Application,
    config::Log,
    plugin::{Libraries, LibraryInfo, LibrarySettings, ProviderStatus},
};
use provider_api::Member;
use std::{future::ready, path::Path};

/// Begins to log as the configuration says, to standard error.
pub(super) fn start_log(log: &Log) -> Result<(), Trouble> {
    let _ = log;
    Err(missing("logging"))
}

/// Finds, inspects and tries the libraries in these folders.
pub(super) fn find_libraries(
    settings: &LibrarySettings,
) -> impl Future<Output = Result<Libraries, Trouble>> + Send {
    let _ = settings;
    ready(Err(missing("finding libraries")))
}

/// Inspects and tries one library's file.
pub(super) fn inspect(
    file: &Path,
    settings: &LibrarySettings,
) -> impl Future<Output = Result<LibraryInfo, Trouble>> + Send {
    let _ = (file, settings);
    ready(Err(missing("inspecting a library")))
}

/// Serves until the process is told to stop.
pub(super) fn serve(setup: Setup) -> impl Future<Output = Result<(), Trouble>> + Send {
    drop(setup);
    ready(Err(missing("serving")))
}

/// Opens every enabled provider and tells how it is, then closes them again.
pub(super) fn provider_status(
    setup: Setup,
) -> impl Future<Output = Result<Vec<ProviderStatus>, Trouble>> + Send {
    drop(setup);
    ready(Err(missing("opening providers")))
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

fn missing(part: &str) -> Trouble {
    Trouble::new(format!("this build has no part for {part} yet"))
}
