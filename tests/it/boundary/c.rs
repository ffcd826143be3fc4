//! Libraries in C: what they are admitted by, what they do, and what they may do wrong.

mod admission;
mod calls;
mod webhook;

use harness::{Dropped, provider};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Lane, Providers, Settings},
};
use provider_api::{DeliveryError, Receipt};
use serde_json::json;
use std::sync::Arc;

/// The provider `unruly`, of `tests/c/unruly.c` compiled with these arguments.
struct Unruly {
    providers: Providers,
    _dropped: Dropped,
}

impl Unruly {
    async fn open(arguments: &[&str], clock: &Clock) -> Self {
        Self::named("unruly", arguments, clock).await
    }

    async fn named(id: &str, arguments: &[&str], clock: &Clock) -> Self {
        let dropped = Dropped::new();
        dropped.put("libunruly.so", &harness::c::unruly(arguments));
        let settings = Settings { id: id.to_owned(), ..provider("unruly", Isolation::Process, json!({})) };
        Self { providers: dropped.open_with(&[settings], clock).await, _dropped: dropped }
    }

    fn lane(&self) -> Arc<Lane> {
        let id = &self.providers.status()[0].id;
        self.providers.lane(id).ok_or_else(|| self.providers.status()).unwrap()
    }

    async fn deliver(&self, to: &str) -> Result<Receipt, DeliveryError> {
        self.lane().deliver(super::message(to)).await
    }

    async fn reference(&self, to: &str) -> String {
        self.deliver(to).await.unwrap_or_else(|error| panic!("{to}: {error}")).reference.unwrap()
    }
}
