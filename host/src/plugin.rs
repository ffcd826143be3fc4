//! Provider libraries: found, inspected, tried, loaded, kept apart and asked.

mod lane;
mod library_store;
mod providers;

pub use lane::Lane;
pub use library_store::{Libraries, LibraryInfo, Refusal};
pub use providers::{ProviderState, ProviderStatus, Providers};
