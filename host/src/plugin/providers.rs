//! The configured providers: opened, each in its lane, or not and why.

mod opening;
mod record;
mod status;

pub use self::{
    opening::Workshop,
    record::{Happening, ProviderEvent},
    status::{ProviderState, ProviderStatus},
};
pub(super) use self::{opening::open_lane, record::Record};

use self::opening::weakness;

use super::{
    Isolation, Lane, Libraries, Settings,
    libraries::{FILE_GONE, LibraryInfo},
    services::http::Http,
};
use crate::clock::{Clock, after};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use provider_api::DeliveryError;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How often it is looked whether a provider that is to be closed is still called.
const LOOK: Duration = Duration::from_millis(50);

/// How long calls under way may take once their provider was replaced: as long as at a shutdown.
const DRAIN: Duration = Duration::from_secs(30);

/// How often a provider on a thread may be replaced: each opening leaves behind about half a megabyte, and up to three
/// where the library has a runtime of its own.
const MOST_RELOADS: u32 = 50;

const WORN: &str = "it was replaced 50 times on a thread of the host, which never gets back what a library took: restart \
    the server, or give it `isolation = \"process\"`";

/// The configured providers, by id.
#[derive(Debug, Default)]
pub struct Providers {
    slots: ArcSwap<Slots>,
    /// Of every provider that there ever was: what runs and what is configured changes, and this stays.
    records: Mutex<BTreeMap<String, Arc<Record>>>,
}

type Slots = BTreeMap<String, Arc<Slot>>;

#[derive(Debug)]
struct Slot {
    since: Timestamp,
    record: Arc<Record>,
    settings: Settings,
    info: Option<LibraryInfo>,
    lane: Result<Arc<Lane>, String>,
}

impl Providers {
    /// Opens every enabled provider, all at the same time; one that fails is only that.
    pub async fn open<'a>(
        settings: impl IntoIterator<Item = &'a Settings>,
        libraries: &Libraries,
        workshop: &Workshop,
    ) -> Self {
        let providers = Self::default();
        let opened = open_all(settings, libraries, workshop, |id| providers.record(id)).await;
        for (id, slot) in &opened {
            slot.tell(id, false);
        }
        providers.slots.store(Arc::new(opened));
        providers
    }

    /// Opens what these settings change, beside what runs, then swaps: calls under way end where they began. A provider
    /// that does not open leaves its predecessor as it is. Those that are gone stay until [`Providers::keep_only`].
    pub async fn renew<'a>(
        &self,
        settings: impl IntoIterator<Item = &'a Settings>,
        libraries: &Libraries,
        workshop: &Workshop,
    ) {
        let before = self.slots.load_full();
        let is_changed = |settings: &&Settings| {
            let slot = before.get(&settings.id);
            !slot.is_some_and(|slot| slot.is_as(settings, libraries.by_id(&settings.library)))
        };
        let changed: Vec<&Settings> = settings.into_iter().filter(is_changed).collect();
        let mut next = Slots::clone(&before);
        let (mut retired, mut stay) = (Vec::new(), BTreeMap::new());
        for (id, slot) in open_all(changed, libraries, workshop, |id| self.record(id)).await {
            let runs = before.get(&id).is_some_and(|old| old.lane.is_ok());
            slot.tell(&id, runs);
            if let (true, Err(reason)) = (runs && slot.settings.enabled, &slot.lane) {
                tracing::error!(provider.id = id, "the provider stays as it was");
                stay.insert(id, format!("its successor did not open: {reason}"));
                continue;
            }
            retired.extend(next.insert(id, slot));
        }
        for (id, slot) in &next {
            let kept = libraries.by_id(&slot.settings.library).and_then(|info| info.kept_since.as_deref());
            let why = stay.get(id).map(String::as_str).or(kept);
            if slot.record.set_apart(why)
                && let Some(why) = kept
            {
                let event = if why == FILE_GONE { Happening::FileGone } else { Happening::Refused };
                slot.record.note(workshop.clock.now(), event, Some(why));
                tracing::warn!(provider.id = id, reason = why, "the provider goes on from its private copy");
            }
        }
        self.slots.store(Arc::new(next));
        drop(before);
        retire(retired, &workshop.clock);
    }

    /// What is known of a provider, whether it is there now or not.
    fn record(&self, id: &str) -> Arc<Record> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(records.entry(id.to_owned()).or_default())
    }

    /// The libraries that open providers live from.
    pub fn libraries_in_use(&self) -> BTreeSet<String> {
        let slots = self.slots.load();
        slots.values().filter(|slot| slot.lane.is_ok()).map(|slot| slot.settings.library.clone()).collect()
    }

    /// Lets go of every other provider; each is closed once nobody calls it any more.
    pub fn keep_only(&self, ids: &BTreeSet<String>, clock: &Clock) {
        let (next, gone): (Slots, Slots) =
            Slots::clone(&self.slots.load()).into_iter().partition(|(id, _)| ids.contains(id));
        self.slots.store(Arc::new(next));
        for id in gone.keys() {
            tracing::info!(provider.id = id, "provider removed");
        }
        retire(gone.into_values(), clock);
    }

    /// Opens one more provider beside those that are configured, to be closed by the caller.
    ///
    /// # Errors
    ///
    /// With what stands in the way; its words hold no secret of the settings.
    pub async fn open_beside(
        settings: &Settings,
        libraries: &Libraries,
        workshop: &Workshop,
    ) -> Result<Lane, DeliveryError> {
        let library = libraries
            .by_id(&settings.library)
            .ok_or_else(|| DeliveryError::unavailable(libraries.why_missing(&settings.library)))?;
        open_lane(settings, library, workshop, Http::new(workshop.proxy.clone()), Arc::default()).await
    }

    /// The open provider with this id.
    pub fn lane(&self, id: &str) -> Option<Arc<Lane>> {
        self.slots.load().get(id)?.lane.as_ref().ok().cloned()
    }

    /// Forgets what a provider did, also before the server started: calls go through again. Nothing where there is no such
    /// provider.
    pub fn free(&self, id: &str, workshop: &Workshop) -> Option<ProviderStatus> {
        let slots = self.slots.load();
        let slot = slots.get(id)?;
        if let Ok(lane) = &slot.lane {
            lane.free();
        }
        if let Some(faults) = &workshop.faults {
            faults.forget(id);
        }
        Some(slot.status(id))
    }

    /// Every configured provider, also those that could not be opened, by id.
    pub fn status(&self) -> Vec<ProviderStatus> {
        self.slots.load().iter().map(|(id, slot)| slot.status(id)).collect()
    }

    /// Forgets what calls held that have been over for a minute: until then it is kept out of the log. To be asked now
    /// and then.
    pub fn forget(&self, now: Timestamp) {
        for lane in self.slots.load().values().filter_map(|slot| slot.lane.as_ref().ok()) {
            lane.forget(now);
        }
    }

    /// Tells every provider that no more calls come.
    pub async fn close(&self) {
        let mut closing = tokio::task::JoinSet::new();
        for lane in self.slots.load().values().filter_map(|slot| slot.lane.as_ref().ok().cloned()) {
            closing.spawn(async move { lane.close().await });
        }
        closing.join_all().await;
    }
}

/// Stands for a reason where there is none: the operator wants it so.
const DISABLED: &str = "disabled";

/// Opens every enabled provider, all at the same time.
async fn open_all<'a>(
    settings: impl IntoIterator<Item = &'a Settings>,
    libraries: &Libraries,
    workshop: &Workshop,
    record: impl Fn(&str) -> Arc<Record>,
) -> Slots {
    let mut opening = tokio::task::JoinSet::new();
    let http = Http::new(workshop.proxy.clone());
    for settings in settings {
        let (settings, workshop, http) = (settings.clone(), workshop.clone(), http.clone());
        let info = libraries.by_id(&settings.library).cloned();
        let missing = libraries.why_missing(&settings.library);
        let record = record(&settings.id);
        opening.spawn(async move {
            let is_worn = settings.isolation == Isolation::Thread && record.threads() > MOST_RELOADS;
            let lane = match (&info, settings.enabled) {
                (_, false) => Err(DISABLED.to_owned()),
                (None, true) => Err(missing),
                (Some(_), true) if is_worn => Err(WORN.to_owned()),
                (Some(info), true) => open_lane(&settings, info, &workshop, http, Arc::clone(&record))
                    .await
                    .map(Arc::new)
                    .map_err(|cause| cause.to_string()),
            };
            let since = workshop.clock.now();
            (settings.id.clone(), Arc::new(Slot { since, record, settings, info, lane }))
        });
    }
    opening.join_all().await.into_iter().collect()
}

/// Closes providers that nobody finds any more, each once the calls under way have ended or had their time.
fn retire(slots: impl IntoIterator<Item = Arc<Slot>>, clock: &Clock) {
    for slot in slots {
        let (Ok(known), Some(info)) = (slot.lane.clone(), slot.info.clone()) else { continue };
        drop(slot);
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
            tracing::info!(provider.id = known.id(), "provider closed");
            let copies = info.copy.folder();
            drop((known, info));
            copies.tidy();
        });
    }
}

impl Slot {
    /// Whether it was opened with these settings, from this file.
    fn is_as(&self, settings: &Settings, info: Option<&LibraryInfo>) -> bool {
        let sha256 = |info: &LibraryInfo| info.sha256.clone();
        self.settings == *settings
            && self.info.as_ref().map(sha256) == info.map(sha256)
            && self.lane.is_ok() == settings.enabled
    }

    fn tell(&self, id: &str, runs: bool) {
        match &self.lane {
            Ok(lane) => {
                let version = &lane.manifest().version;
                tracing::info!(provider.id = id, library.version = version, "provider opened");
                let hash: String = self.info.iter().flat_map(|info| info.sha256.chars().take(12)).collect();
                let happening = if runs { Happening::Replaced } else { Happening::Opened };
                self.record.note(self.since, happening, Some(&format!("{version} {hash}")));
            }
            Err(reason) if reason == DISABLED => {}
            Err(reason) => {
                tracing::error!(provider.id = id, reason, "provider not opened");
                self.record.note(self.since, Happening::Refused, Some(reason));
            }
        }
    }

    fn status(&self, id: &str) -> ProviderStatus {
        let state = match &self.lane {
            Ok(lane) => lane.resting().map_or(ProviderState::Ready, |(why, until)| {
                ProviderState::Resting(format!("{why}; until {until}"))
            }),
            Err(reason) if reason == DISABLED => ProviderState::Disabled,
            Err(reason) => ProviderState::Failed(reason.clone()),
        };
        let manifest = self.info.as_ref().map(|info| &info.manifest);
        ProviderStatus {
            id: id.to_owned(),
            library: self.settings.library.clone(),
            version: manifest.map(|manifest| manifest.version.clone()),
            sha256: self.info.as_ref().map(|info| info.sha256.clone()),
            signed_by: self.info.as_ref().and_then(|info| info.signer),
            since: Some(self.since),
            channels: manifest.map_or_else(Vec::new, |manifest| manifest.channels.clone()),
            state,
            note: self
                .record
                .apart()
                .or_else(|| weakness(&self.settings, self.lane.as_ref().ok()?.manifest())),
            events: self.record.events(),
        }
    }
}
