//! Provider libraries: found, inspected, tried, loaded, kept apart and asked.

mod lane;
mod library_store;
mod providers;
mod settings;

pub use lane::Lane;
pub use library_store::{Libraries, LibraryInfo, Refusal};
pub use providers::{ProviderState, ProviderStatus, Providers};
pub use settings::{Isolation, LibrarySettings, Settings};
