//! An opened provider, as the host calls it.

use super::{
    Facts,
    guard::{Contained, Guard},
};
use crate::{
    AVAILABILITY, Candidate, DeliveryError, Message, Provider,
    abi::{FfiInstance, Reply, frame, ops},
    trace,
};
use abi_stable::std_types::RVec;
use async_ffi::{FfiFuture, FutureExt};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// Owns the author's provider; its clones live as long as the calls they serve.
pub(super) struct Instance<P> {
    provider: Contained<Arc<Contained<P>>>,
    facts: Facts,
}

impl<P: Provider> Instance<P> {
    pub(super) fn new(provider: P, facts: Facts) -> Self {
        Self { provider: Contained::new(Arc::new(Contained::new(provider))), facts }
    }
}

impl<P: Provider> FfiInstance for Instance<P> {
    fn call(&self, op: u32, request: RVec<u8>) -> FfiFuture<Reply> {
        // Nothing of the author's runs before the first poll, so nothing here can panic.
        let provider = Arc::clone(&self.provider);
        match op {
            ops::DELIVER => answer(async move { provider.deliver(read::<Message>(&request)?).await }),
            ops::AVAILABILITY if self.facts.capabilities.contains(&AVAILABILITY) => {
                answer(async move { Ok(provider.availability(read::<Candidate>(&request)?).await) })
            }
            ops::HEALTH => answer(async move { provider.health().await }),
            ops::CLOSE => answer(async move {
                provider.close().await;
                Ok(())
            }),
            ops::SET_MAX_LEVEL => answer(async move {
                trace::set_max_level(read(&request)?);
                Ok(())
            }),
            _ => std::future::ready(Reply::UnknownOp).into_ffi(),
        }
    }
}

fn answer<T: Serialize + Send + 'static>(
    work: impl Future<Output = Result<T, DeliveryError>> + Send + 'static,
) -> FfiFuture<Reply> {
    let work = Guard::new(work);
    async move {
        match work.await {
            Ok(Ok(value)) => Reply::Ok(frame::encode(&value, &[])),
            Ok(Err(error)) => Reply::Err(frame::encode(&error, &[])),
            Err(panic) => Reply::Panicked(frame::encode(&DeliveryError::broken(panic), &[])),
        }
    }
    .into_ffi()
}

fn read<T: DeserializeOwned>(request: &[u8]) -> Result<T, DeliveryError> {
    let (value, _) = frame::decode(request)
        .map_err(|cause| DeliveryError::broken(format!("the host's request is unreadable: {cause}")))?;
    Ok(value)
}
