//! The configured providers: opened, each in its lane, or not and why.

mod opening;
mod status;

pub(super) use self::opening::open_lane;
pub use self::{
    opening::Workshop,
    status::{ProviderState, ProviderStatus},
};

use super::{Isolation, Lane, Libraries, Settings, libraries::LibraryInfo, services::http::Http};
use crate::clock::Clock;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use provider_api::DeliveryError;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// How often it is looked whether a provider that is to be closed is still called.
const LOOK: Duration = Duration::from_millis(50);

/// The configured providers, by id.
#[derive(Debug, Default)]
pub struct Providers {
    slots: ArcSwap<Slots>,
}

type Slots = BTreeMap<String, Arc<Slot>>;

#[derive(Debug)]
struct Slot {
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
        let opened = open_all(settings, libraries, workshop).await;
        for (id, slot) in &opened {
            slot.tell(id);
        }
        Self { slots: ArcSwap::from_pointee(opened) }
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
        // The same file on a thread again would share its statics with the one that runs.
        let (stuck, changed): (Vec<&Settings>, Vec<&Settings>) = changed
            .into_iter()
            .partition(|settings| before.get(&settings.id).is_some_and(|slot| slot.is_stuck(settings)));
        for settings in stuck {
            let hint = "restart the server, or give it `isolation = \"process\"`";
            tracing::warn!(provider.id = settings.id, hint, "a provider on a thread stays as it is");
        }
        let mut next = Slots::clone(&before);
        let mut retired = Vec::new();
        for (id, slot) in open_all(changed, libraries, workshop).await {
            slot.tell(&id);
            let runs = before.get(&id).is_some_and(|old| old.lane.is_ok());
            if runs && slot.lane.is_err() && slot.settings.enabled {
                tracing::error!(provider.id = id, "the provider stays as it was");
                continue;
            }
            retired.extend(next.insert(id, slot));
        }
        self.slots.store(Arc::new(next));
        retire(retired, &workshop.clock);
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
        open_lane(settings, library, workshop, Http::new(workshop.proxy.clone())).await
    }

    /// The open provider with this id.
    pub fn lane(&self, id: &str) -> Option<Arc<Lane>> {
        self.slots.load().get(id)?.lane.as_ref().ok().cloned()
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
) -> Slots {
    let mut opening = tokio::task::JoinSet::new();
    let http = Http::new(workshop.proxy.clone());
    for settings in settings {
        let (settings, workshop, http) = (settings.clone(), workshop.clone(), http.clone());
        let info = libraries.by_id(&settings.library).cloned();
        let missing = libraries.why_missing(&settings.library);
        opening.spawn(async move {
            let lane = match (&info, settings.enabled) {
                (_, false) => Err(DISABLED.to_owned()),
                (None, true) => Err(missing),
                (Some(info), true) => open_lane(&settings, info, &workshop, http)
                    .await
                    .map(Arc::new)
                    .map_err(|cause| cause.to_string()),
            };
            (settings.id.clone(), Arc::new(Slot { settings, info, lane }))
        });
    }
    opening.join_all().await.into_iter().collect()
}

/// Closes providers that nobody finds any more, each once the calls under way have ended.
fn retire(slots: impl IntoIterator<Item = Arc<Slot>>, clock: &Clock) {
    for known in slots.into_iter().filter_map(|slot| slot.lane.as_ref().ok().cloned()) {
        let clock = clock.clone();
        tokio::spawn(async move {
            // This task holds one; a call that is under way, and whoever looks at the old list, hold others.
            while Arc::strong_count(&known) > 1 {
                clock.sleep(LOOK).await;
            }
            known.close().await;
            tracing::info!(provider.id = known.id(), "provider closed");
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

    /// Whether it runs on a thread, and would again from the same file.
    fn is_stuck(&self, settings: &Settings) -> bool {
        let on_thread = |settings: &Settings| settings.isolation == Isolation::Thread;
        self.lane.is_ok() && settings.enabled && on_thread(&self.settings) && on_thread(settings)
    }

    fn tell(&self, id: &str) {
        match &self.lane {
            Ok(lane) => {
                let version = &lane.manifest().version;
                tracing::info!(provider.id = id, library.version = version, "provider opened");
            }
            Err(reason) if reason == DISABLED => {}
            Err(reason) => tracing::error!(provider.id = id, reason, "provider not opened"),
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
            channels: manifest.map_or_else(Vec::new, |manifest| manifest.channels.clone()),
            state,
        }
    }
}
