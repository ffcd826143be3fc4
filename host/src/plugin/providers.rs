//! The configured providers: opened, each in its lane, or not and why.

mod canary;
mod opening;
mod record;
mod slot;
mod status;
mod version;

pub use self::{
    canary::{CanaryState, CanaryStatus},
    opening::Workshop,
    record::{Happening, ProviderEvent},
    status::{ProviderState, ProviderStatus},
};
pub(super) use self::{opening::open_lane, record::Record};

use self::{
    canary::Wanted,
    slot::{Plan, Slot},
    version::retire,
};
use super::{Lane, Libraries, Settings, libraries::FILE_GONE, services::http::Http};
use crate::{
    clock::Clock,
    delivery::{Delivery, falls_to_canary},
};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use provider_api::DeliveryError;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// The configured providers, by id.
#[derive(Debug, Default)]
pub struct Providers {
    slots: ArcSwap<Slots>,
    /// Of every provider that there ever was: what runs and what is configured changes, and this stays.
    records: Mutex<BTreeMap<String, Records>>,
}

type Slots = BTreeMap<String, Arc<Slot>>;

/// What is known of a provider and its canary, whether they are there now or not.
#[derive(Debug, Default)]
struct Records {
    own: Arc<Record>,
    /// Of the canary with this hash.
    canary: Option<(String, Arc<Record>)>,
}

/// Who is to have a delivery.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The provider, or its canary.
    pub lane: Arc<Lane>,
    /// Whether it is the canary.
    pub is_canary: bool,
    /// Whether the provider has a canary that is open.
    pub shares: bool,
}

impl Providers {
    /// Opens every enabled provider, all at the same time; one that fails is only that.
    pub async fn open<'a>(
        settings: impl IntoIterator<Item = &'a Settings>,
        libraries: &Libraries,
        workshop: &Workshop,
    ) -> Self {
        let providers = Self::default();
        let opened = providers.open_all(settings, libraries, workshop).await;
        for (id, slot) in &opened {
            slot.tell(id, None);
        }
        providers.slots.store(Arc::new(opened.into_iter().map(|(id, slot)| (id, Arc::new(slot))).collect()));
        providers
    }

    /// Opens what these settings change, beside what runs, then swaps: calls under way end where they began. A provider
    /// that does not open leaves its predecessor as it is; a canary that does not leaves its provider alone. Those that are
    /// gone stay until [`Providers::keep_only`].
    pub async fn renew<'a>(
        &self,
        settings: impl IntoIterator<Item = &'a Settings>,
        libraries: &Libraries,
        workshop: &Workshop,
    ) {
        let before = self.slots.load_full();
        let is_changed = |settings: &&Settings| {
            !before.get(&settings.id).is_some_and(|slot| slot.is_as(settings, libraries))
        };
        let changed: Vec<&Settings> = settings.into_iter().filter(is_changed).collect();
        let mut next = Slots::clone(&before);
        let (mut retired, mut stay) = (Vec::new(), BTreeMap::new());
        for (id, mut slot) in self.open_all(changed, libraries, workshop).await {
            let old = before.get(&id).map(|old| &**old);
            slot.tell(&id, old);
            if let (Some(old), Err(reason)) = (old.filter(|old| old.stable.lane.is_ok()), &slot.stable.lane)
                && slot.settings.enabled
            {
                tracing::error!(provider.id = id, "the provider stays as it was");
                stay.insert(id.clone(), format!("its successor did not open: {reason}"));
                slot.stable = Arc::clone(&old.stable);
            }
            for old in old.iter().flat_map(|old| old.versions()) {
                if !slot.versions().any(|version| Arc::ptr_eq(version, old)) {
                    retired.push(Arc::clone(old));
                }
            }
            next.insert(id, Arc::new(slot));
        }
        for (id, slot) in &next {
            let kept =
                libraries.by_id(&slot.stable.settings.library).and_then(|info| info.kept_since.as_deref());
            let why = stay.get(id).map(String::as_str).or(kept);
            let record = &slot.stable.record;
            if record.set_apart(why)
                && let Some(why) = kept
            {
                let event = if why == FILE_GONE { Happening::FileGone } else { Happening::Refused };
                record.note(workshop.clock.now(), event, Some(why));
                tracing::warn!(provider.id = id, reason = why, "the provider goes on from its private copy");
            }
        }
        self.slots.store(Arc::new(next));
        drop(before);
        retire(retired, &workshop.clock);
    }

    /// Opens what is new of these, all at the same time.
    async fn open_all<'a>(
        &self,
        settings: impl IntoIterator<Item = &'a Settings>,
        libraries: &Libraries,
        workshop: &Workshop,
    ) -> BTreeMap<String, Slot> {
        let mut opening = tokio::task::JoinSet::new();
        let http = Http::new(workshop.proxy.clone());
        let before = self.slots.load_full();
        for settings in settings {
            let library = &settings.library;
            let found = libraries.by_id(library).cloned();
            let canary = settings.canary.as_ref();
            let (record, canary_record) =
                self.records(&settings.id, canary.map(|canary| canary.sha256.as_str()));
            let plan = Plan {
                settings: settings.clone(),
                stable: found.ok_or_else(|| libraries.why_missing(library)),
                canary: canary.map(|canary| Wanted::of(canary, library, libraries)),
                record,
                canary_record,
                before: before.get(&settings.id).cloned(),
            };
            let (workshop, http) = (workshop.clone(), http.clone());
            opening
                .spawn(async move { (plan.settings.id.clone(), Slot::open(plan, &workshop, &http).await) });
        }
        opening.join_all().await.into_iter().collect()
    }

    /// What is known of a provider, and of its canary with this hash; another canary begins anew.
    fn records(&self, id: &str, canary: Option<&str>) -> (Arc<Record>, Arc<Record>) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let Records { own, canary: known } = records.entry(id.to_owned()).or_default();
        let canary = canary.unwrap_or_default();
        let of_canary = match known {
            Some((hash, record)) if hash == canary => Arc::clone(record),
            _ => Arc::new(own.of_canary()),
        };
        *known = Some((canary.to_owned(), Arc::clone(&of_canary)));
        (Arc::clone(own), of_canary)
    }

    /// The libraries that open providers live from.
    pub fn libraries_in_use(&self) -> BTreeSet<String> {
        let slots = self.slots.load();
        slots
            .values()
            .filter(|slot| slot.stable.lane.is_ok())
            .map(|slot| slot.stable.settings.library.clone())
            .collect()
    }

    /// Lets go of every other provider; each is closed once nobody calls it any more.
    pub fn keep_only(&self, ids: &BTreeSet<String>, clock: &Clock) {
        let (next, gone): (Slots, Slots) =
            Slots::clone(&self.slots.load()).into_iter().partition(|(id, _)| ids.contains(id));
        self.slots.store(Arc::new(next));
        for id in gone.keys() {
            tracing::info!(provider.id = id, "provider removed");
        }
        let versions = |slot: Arc<Slot>| slot.versions().cloned().collect::<Vec<_>>();
        retire(gone.into_values().flat_map(versions), clock);
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

    /// The open provider with this id, never its canary.
    pub fn lane(&self, id: &str) -> Option<Arc<Lane>> {
        self.slots.load().get(id)?.stable.lane.as_ref().ok().cloned()
    }

    /// Who is to have this delivery: its provider, if that is open; or the provider's canary, if the delivery falls to it,
    /// it delivers on this channel, and is neither left alone nor full.
    pub fn choose(&self, delivery: &Delivery) -> Option<Chosen> {
        let slots = self.slots.load();
        let slot = slots.get(&delivery.provider)?;
        let stable = slot.stable.lane.as_ref().ok()?;
        let sharing = slot.sharing();
        let falls = |(canary, weight): &(&Arc<Lane>, u8)| {
            delivery.may_go_to_canary()
                && falls_to_canary(&delivery.id, *weight)
                && canary.takes(&delivery.channel)
        };
        let canary = sharing.filter(falls).map(|(canary, _)| canary);
        let lane = Arc::clone(canary.unwrap_or(stable));
        Some(Chosen { lane, is_canary: canary.is_some(), shares: sharing.is_some() })
    }

    /// Forgets what a provider did, and its canary, also before the server started: calls go through again. Nothing where there is no such
    /// provider.
    pub fn free(&self, id: &str, workshop: &Workshop) -> Option<ProviderStatus> {
        let slots = self.slots.load();
        let slot = slots.get(id)?;
        slot.lanes().for_each(|lane| lane.free());
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
        self.slots.load().values().flat_map(|slot| slot.lanes()).for_each(|lane| lane.forget(now));
    }

    /// Tells every provider that no more calls come.
    pub async fn close(&self) {
        let mut closing = tokio::task::JoinSet::new();
        for lane in self.slots.load().values().flat_map(|slot| slot.lanes().cloned()) {
            closing.spawn(async move { lane.close().await });
        }
        closing.join_all().await;
    }
}
