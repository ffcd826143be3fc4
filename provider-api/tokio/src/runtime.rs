//! The library's one runtime.

use provider_api::DeliveryError;
use std::{io, sync::OnceLock};
use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime, begun with the first call. It is never stopped: it would have to be from inside a future.
///
/// # Errors
///
/// When its thread cannot be started; then nothing of the provider can run.
pub(crate) fn handle() -> Result<Handle, DeliveryError> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    match RUNTIME.get_or_init(start) {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(cause) => {
            Err(DeliveryError::misconfigured(format!("the provider cannot start its own runtime: {cause}")))
        }
    }
}

fn start() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).thread_name("prov-rt").enable_all().build()
}
