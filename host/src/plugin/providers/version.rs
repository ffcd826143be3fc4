//! One file of a provider's library: opened with the provider's settings, or not and why; and how it is let go.

use super::{
    super::{Isolation, Lane, Settings, libraries::LibraryInfo, services::http::Http},
    Workshop, open_lane,
    record::Record,
};
use crate::clock::{Clock, after};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

/// How often it is looked whether a provider that is to be closed is still called.
const LOOK: Duration = Duration::from_millis(50);

/// How long calls under way may take once their provider was replaced: as long as at a shutdown.
const DRAIN: Duration = Duration::from_secs(30);

/// How often a provider on a thread may be replaced: each opening leaves behind about half a megabyte, and up to three
/// where the library has a runtime of its own.
const MOST_RELOADS: u32 = 50;

const WORN: &str = "it was replaced 50 times on a thread of the host, which never gets back what a library took: restart \
    the server, or give it `isolation = \"process\"`";

/// Stands for a reason where there is none: the operator wants it so.
pub(super) const DISABLED: &str = "disabled";

/// One file of a provider's library, opened or not and why.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) since: Timestamp,
    pub(super) record: Arc<Record>,
    /// What it was opened with: its own keys, and no canary.
    pub(super) settings: Settings,
    pub(super) info: Option<LibraryInfo>,
    pub(super) lane: Result<Arc<Lane>, String>,
}

impl Version {
    /// Opens it, if it is enabled, there and not worn.
    pub(super) async fn open(
        settings: Settings,
        info: Result<LibraryInfo, String>,
        workshop: &Workshop,
        http: Http,
        record: Arc<Record>,
    ) -> Self {
        let is_worn = settings.isolation == Isolation::Thread && record.threads() > MOST_RELOADS;
        let lane = match &info {
            _ if !settings.enabled => Err(DISABLED.to_owned()),
            Err(missing) => Err(missing.clone()),
            Ok(_) if is_worn => Err(WORN.to_owned()),
            Ok(info) => open_lane(&settings, info, workshop, http, Arc::clone(&record))
                .await
                .map(Arc::new)
                .map_err(|cause| cause.to_string()),
        };
        Self { since: workshop.clock.now(), record, settings, info: info.ok(), lane }
    }

    /// One that is not opened, for this reason.
    pub(super) fn closed(
        settings: Settings,
        info: LibraryInfo,
        reason: String,
        since: Timestamp,
        record: Arc<Record>,
    ) -> Self {
        Self { since, record, settings, info: Some(info), lane: Err(reason) }
    }

    /// Whether it was opened with these settings, from this file, signed by the same key.
    pub(super) fn is_as(&self, settings: &Settings, info: Option<&LibraryInfo>) -> bool {
        let bytes_and_signer = |info: &LibraryInfo| (info.sha256.clone(), info.signer);
        self.settings == *settings
            && self.info.as_ref().map(bytes_and_signer) == info.map(bytes_and_signer)
            && self.lane.is_ok() == settings.enabled
    }

    /// The hash of its file.
    pub(super) fn sha256(&self) -> Option<&str> {
        self.info.as_ref().map(|info| info.sha256.as_str())
    }

    /// Its version and the beginning of its hash.
    pub(super) fn named(&self) -> String {
        let version = self.info.as_ref().map_or("", |info| info.manifest.version.as_str());
        let hash: String = self.sha256().unwrap_or_default().chars().take(12).collect();
        format!("{version} {hash}")
    }
}

/// Closes what nobody finds any more, each once the calls under way have ended or had their time.
pub(super) fn retire(versions: impl IntoIterator<Item = Arc<Version>>, clock: &Clock) {
    for version in versions {
        let (Ok(known), Some(info)) = (version.lane.clone(), version.info.clone()) else { continue };
        drop(version);
        let clock = clock.clone();
        tokio::spawn(async move {
            let until = after(clock.now(), DRAIN);
            // This task holds one; a call that is under way, and whoever looks at the old list, hold others.
            while Arc::strong_count(&known) > 1 && clock.now() < until {
                clock.sleep(LOOK).await;
            }
            if Arc::strong_count(&known) > 1 {
                tracing::warn!(
                    provider.id = known.id(),
                    "calls of a replaced provider took too long: unknown"
                );
                known.give_up();
            }
            known.close().await;
            let version = &known.manifest().version;
            tracing::info!(provider.id = known.id(), library.version = version, "provider closed");
            let copies = info.copy.folder();
            drop((known, info));
            copies.tidy();
        });
    }
}
