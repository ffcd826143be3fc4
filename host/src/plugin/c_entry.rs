//! The entry point of a library in C, which speaks the same messages as one in Rust: after this nobody tells them apart.
//!
//! C has neither layouts that could be compared nor panics that could be caught, so such a library runs in a process of its
//! own and nowhere else. The header is `provider-api/include/passrelay_provider.h`.

mod calls;
mod instance;
mod services;
mod table;

use abi_stable::{sabi_trait::TD_Opaque, std_types::RVec};
use async_ffi::{FfiFuture, FutureExt};
use instance::Instance;
use provider_api::{
    DeliveryError, Manifest,
    abi::{FfiInstance_TO, HostBox, OpenReply, Opened, Reply, frame},
};
use services::Services;
pub(crate) use table::TableError;
use table::{EntryPoint, Table};

/// The name of the entry point.
pub(super) const SYMBOL: &str = "passrelay_provider_v1";

/// The longest manifest.
const LONGEST_MANIFEST: usize = 1 << 20;

/// A loaded library in C.
#[derive(Clone, Copy)]
pub(super) struct Entry(Table);

impl Entry {
    /// The library behind this symbol.
    #[expect(unsafe_code, reason = "the entry point is called")]
    pub(super) fn of(library: &libloading::os::unix::Library) -> Option<Result<Self, TableError>> {
        // SAFETY: the header gives the symbol this type.
        let symbol = unsafe { library.get::<EntryPoint>(SYMBOL) }.ok()?;
        // SAFETY: it is the entry point of a library that is never unloaded.
        Some(unsafe { Table::of(*symbol) }.map(Self))
    }

    /// What the library says of itself, or why that cannot be read.
    pub(super) fn describe(self) -> Result<Manifest, String> {
        let manifest = self.0.describe().map_err(|_| "it is a null pointer".to_owned())?;
        if manifest.len() > LONGEST_MANIFEST {
            return Err(format!("it has {} bytes, more than 1 MiB", manifest.len()));
        }
        frame::decode(&framed(manifest, &[])).map(|(manifest, _)| manifest).map_err(|cause| cause.to_string())
    }

    /// Opens a provider with the frame of its configuration.
    pub(super) fn open(self, host: HostBox, config: RVec<u8>) -> FfiFuture<OpenReply> {
        async move {
            let refuse = |why: &str| OpenReply::Err(frame::encode(&DeliveryError::broken(why), &[]));
            let Ok((config, _)) = frame::split(&config) else {
                return refuse("the configuration is unreadable");
            };
            let (services, host) = Services::table(host);
            let (call, answer) = services.calls.begin();
            let provider = self.0.open(host, call, config);
            match answer.await {
                Ok(Reply::Ok(answer)) => {
                    let instance = Instance { table: self.0, provider, services };
                    OpenReply::Ok(Opened {
                        instance: FfiInstance_TO::from_value(instance, TD_Opaque),
                        answer,
                    })
                }
                Ok(Reply::Err(error) | Reply::Panicked(error)) => OpenReply::Err(error),
                Ok(Reply::UnknownOp) | Err(_) => refuse("the provider does not know how to open"),
            }
        }
        .into_ffi()
    }
}

/// A frame of what C handed over in two parts; an empty head is `null`.
fn framed(head: &[u8], body: &[u8]) -> Vec<u8> {
    let head = if head.is_empty() { b"null" } else { head };
    let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes(), head, body].concat()
}

#[cfg(test)]
mod tests;
