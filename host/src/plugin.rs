//! Provider libraries: found, inspected, tried, loaded, kept apart and asked.

mod admit;
mod breaker;
mod c_entry;
mod confine;
mod copies;
mod crash;
mod door;
mod elf;
mod engine;
mod faults;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod inspection;
mod lane;
mod libraries;
mod library;
mod log;
mod process;
mod providers;
mod redact;
mod sandbox;
pub(crate) mod schema;
mod services;
mod settings;
mod signature;
mod thread;
mod trial;
mod watch;
mod wire;
mod worker;

pub use admit::AdmitError;
pub use copies::Occupied;
pub use door::LibraryDoor;
pub use elf::{Exports, Facts, InspectError, facts, inspect};
pub use faults::Faults;
pub use inspection::{Inspection, Signature};
pub use lane::{Lane, Place, Tally};
pub(crate) use libraries::only_canaries;
pub use libraries::{Libraries, LibraryInfo, NO_COPIES, Refusal};
pub use providers::{
    CanaryState, CanaryStatus, Chosen, Happening, ProviderEvent, ProviderState, ProviderStatus, Providers,
    Workshop,
};
pub use sandbox::Sandbox;
pub(crate) use sandbox::{NoLandlock, landlock_version};
pub(crate) use services::{hosts::declared as declared_hosts, http::Http};
pub use settings::{Canary, Isolation, LibrarySettings, Settings};
pub use signature::{KeyId, Signer};
pub use watch::Watch;

use std::{ffi::OsString, path::Path, process::ExitCode};

/// Does the work of a provider's process, if these arguments ask for it.
///
/// A program that opens providers is also the program that runs them in processes of their own, so its `main` begins
/// with this. `arguments` are those of the program, its own name left out.
pub fn run_as_provider_process(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter();
    let (role, copy) = (arguments.next()?, arguments.next()?);
    let run = match role.to_str()? {
        trial::ARGUMENT => trial::process,
        worker::ARGUMENT => worker::process,
        _ => return None,
    };
    // A process that was not told its sandbox loads nothing.
    let cell = arguments.next().and_then(|cell| sandbox::Cell::of_argument(cell.to_str()?));
    Some(cell.map_or(ExitCode::FAILURE, |cell| run(Path::new(&copy), &cell)))
}
