//! A provider that finds a runtime wherever it runs.

use crate::{
    entered::{Entered, Inside},
    runtime,
};
use provider_api::{Address, Availability, Candidate, DeliveryError, Host, Message, Provider, Receipt};
use std::fmt;

/// A provider whose futures, and whose drop, run inside the library's own tokio runtime.
///
/// Export this instead of `P` itself; everything else stays as it is.
pub struct WithTokio<P>(Entered<P>);

impl<P: Provider> WithTokio<P> {
    /// The wrapped provider. It is gone only once this one is being dropped, and then nobody asks.
    fn provider(&self) -> Result<&P, DeliveryError> {
        self.0.value().ok_or_else(|| DeliveryError::broken("the provider is closed"))
    }

    fn inside<F: Future>(&self, future: F) -> Inside<F> {
        Inside::new(self.0.runtime().clone(), future)
    }
}

impl<P: Provider> Provider for WithTokio<P> {
    type Config = P::Config;

    async fn open(config: Self::Config, host: Host) -> Result<Self, DeliveryError> {
        let runtime = runtime::handle()?;
        let provider = Inside::new(runtime.clone(), async { P::open(config, host).await }).await?;
        Ok(Self(Entered::new(runtime, provider)))
    }

    // The calls stand inside async blocks: a method that is no `async fn` may touch the runtime before its first poll.

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        self.inside(async { self.provider()?.deliver(message).await }).await
    }

    fn addresses(&self) -> Vec<Address> {
        let _inside = self.0.runtime().enter();
        self.provider().map_or_else(|_| Vec::new(), P::addresses)
    }

    async fn availability(&self, candidate: Candidate) -> Availability {
        self.inside(async {
            match self.provider() {
                Ok(provider) => provider.availability(candidate).await,
                Err(_) => Availability::unavailable("closed", "the provider is closed"),
            }
        })
        .await
    }

    async fn health(&self) -> Result<(), DeliveryError> {
        self.inside(async { self.provider()?.health().await }).await
    }

    async fn close(&self) {
        self.inside(async {
            if let Ok(provider) = self.provider() {
                provider.close().await;
            }
        })
        .await;
    }
}

impl<P> fmt::Debug for WithTokio<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithTokio")
    }
}
