//! Providers of the `chaos` library, opened for one test: the recipient of a message is what they do.

use harness::{Dropped, provider};
use passrelay::{
    clock::{Clock, ManualClock},
    plugin::{Isolation, Lane, Providers, Settings},
};
use provider_api::{
    DeliveryError, Receipt,
    abi::{Reply, frame, ops},
};
use serde_json::json;
use std::{path::Path, sync::Arc, time::Duration};

/// Opened providers and the folder that they live from.
pub(super) struct Stage {
    pub(super) providers: Providers,
    _dropped: Dropped,
}

/// A provider of the `chaos` library.
pub(super) fn chaos(id: &str, isolation: Isolation) -> Settings {
    Settings { id: id.to_owned(), ..provider("chaos", isolation, json!({})) }
}

/// A clock that stands still.
pub(super) fn still() -> ManualClock {
    ManualClock::at("2026-01-02T03:04:05Z".parse().unwrap())
}

impl Stage {
    pub(super) async fn open(settings: &[Settings], clock: &Clock) -> Self {
        let dropped = Dropped::with(&["chaos"]);
        let providers = dropped.open_with(settings, clock).await;
        Self { providers, _dropped: dropped }
    }

    /// One provider that waits by the machine's clock.
    pub(super) async fn one(id: &str, isolation: Isolation) -> Self {
        Self::open(&[chaos(id, isolation)], &Clock::system()).await
    }

    pub(super) fn lane(&self, id: &str) -> Arc<Lane> {
        self.providers.lane(id).ok_or_else(|| self.providers.status()).unwrap()
    }

    pub(super) async fn deliver(&self, id: &str, to: &str) -> Result<Receipt, DeliveryError> {
        self.lane(id).deliver(super::message(to)).await
    }

    /// What a provider tells of its process (`tell` in the library), as it tells it: a lane would cut and clean it.
    pub(super) async fn told(&self, id: &str, what: &str) -> String {
        let message = frame::encode(&super::message(&format!("tell:{what}")), &[]);
        let reply = self.lane(id).raw_call(ops::DELIVER, message.into()).await.unwrap();
        let Reply::Ok(receipt) = reply else { panic!("chaos tells everything, not {reply:?}") };
        frame::decode::<Receipt>(&receipt).unwrap().0.reference.unwrap()
    }
}

/// A name of its own for each isolation.
pub(super) fn named(id: &str, isolation: Isolation) -> String {
    match isolation {
        Isolation::Process => format!("{id}_process"),
        Isolation::Thread => format!("{id}_thread"),
    }
}

/// Waits until no process has this number, not even one that nobody waited for.
pub(super) async fn gone(pid: &str) {
    while Path::new("/proc").join(pid).exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
