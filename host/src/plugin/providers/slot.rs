//! A configured provider: the file that it runs, the canary beside it, and what is told of both.

use super::{
    super::{Lane, Libraries, Settings, libraries::LibraryInfo, services::http::Http},
    Happening, ProviderState, ProviderStatus, Workshop,
    canary::{Beside, Wanted},
    opening::weakness,
    record::Record,
    version::{DISABLED, Version},
};
use std::sync::Arc;

/// A configured provider.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// As it is configured; what it runs may have been opened with others, if these did not open.
    pub(super) settings: Settings,
    /// What it runs.
    pub(super) stable: Arc<Version>,
    /// What has a share of its deliveries, where that is configured.
    pub(super) canary: Option<Beside>,
}

/// What a slot is made of: what the folders have for it.
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) stable: Result<LibraryInfo, String>,
    pub(super) canary: Option<Wanted>,
    pub(super) record: Arc<Record>,
    pub(super) canary_record: Arc<Record>,
    /// What there was before: of it stays what would be opened the same way.
    pub(super) before: Option<Arc<Slot>>,
}

impl Slot {
    /// Opens what is new of it, both files at the same time.
    pub(super) async fn open(plan: Plan, workshop: &Workshop, http: &Http) -> Self {
        let Plan { settings, stable, canary, record, canary_record, before } = plan;
        let before = before.as_deref();
        let stable = async {
            let alone = settings.alone();
            match before.map(|slot| &slot.stable) {
                Some(old) if old.is_as(&alone, stable.as_ref().ok()) => Arc::clone(old),
                _ => Arc::new(Version::open(alone, stable, workshop, http.clone(), record).await),
            }
        };
        let beside = async {
            let keys = settings.canary.as_ref().filter(|_| settings.enabled).map(|canary| &canary.config);
            let (wanted, keys) = (canary?, keys?);
            let info = match wanted {
                Wanted::Absent(absence) => return Some(Beside::Absent(absence)),
                Wanted::File(info) => *info,
            };
            let keys = match keys {
                Ok(keys) => settings.of_canary(keys.clone()),
                Err(reason) => {
                    let (settings, since) = (settings.alone(), workshop.clock.now());
                    let closed = Version::closed(settings, info, reason.clone(), since, canary_record);
                    return Some(Beside::Version(Arc::new(closed)));
                }
            };
            let old = before.and_then(|slot| slot.canary.as_ref()).and_then(Beside::version);
            Some(Beside::Version(match old {
                Some(old) if old.is_as(&keys, Some(&info)) => Arc::clone(old),
                _ => Arc::new(Version::open(keys, Ok(info), workshop, http.clone(), canary_record).await),
            }))
        };
        let (stable, canary) = tokio::join!(stable, beside);
        Self { settings, stable, canary }
    }

    /// Whether it was opened with these settings, from what is in the folders.
    pub(super) fn is_as(&self, settings: &Settings, libraries: &Libraries) -> bool {
        let is_same = match (&self.canary, &settings.canary) {
            (None, None) => true,
            (Some(beside), Some(canary)) => {
                match (beside, Wanted::of(canary, &settings.library, libraries)) {
                    (Beside::Absent(absence), Wanted::Absent(wanted)) => *absence == wanted,
                    (Beside::Version(version), Wanted::File(info)) => {
                        let keys = canary.config.clone().map(|keys| settings.of_canary(keys));
                        keys.is_ok_and(|keys| version.is_as(&keys, Some(&info)))
                    }
                    _ => false,
                }
            }
            // One that is not opened has no canary either.
            (None, Some(_)) => !settings.enabled,
            (Some(_), None) => false,
        };
        let stable = libraries.by_id(&settings.library);
        is_same && self.settings == *settings && self.stable.is_as(&settings.alone(), stable)
    }

    /// What is opened, or was to be.
    pub(super) fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        [Some(&self.stable), self.canary.as_ref().and_then(Beside::version)].into_iter().flatten()
    }

    /// What is open.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.versions().filter_map(|version| version.lane.as_ref().ok())
    }

    /// The canary's lane and its weight, where the provider shares.
    pub(super) fn sharing(&self) -> Option<(&Arc<Lane>, u8)> {
        let canary = self.canary.as_ref()?.version()?;
        // Where a provider of another library did not open, its predecessor runs on.
        let is_of_it = canary.settings.library == self.stable.settings.library;
        let lane = canary.lane.as_ref().ok().filter(|_| is_of_it)?;
        Some((lane, self.settings.canary.as_ref()?.weight))
    }

    /// Tells what is new of it.
    pub(super) fn tell(&self, id: &str, before: Option<&Self>) {
        if before.is_none_or(|before| !Arc::ptr_eq(&before.stable, &self.stable)) {
            self.tell_stable(id, before);
        }
        self.tell_canary(id, before);
    }

    fn tell_stable(&self, id: &str, before: Option<&Self>) {
        let Version { since, record, info, lane, .. } = &*self.stable;
        match lane {
            Ok(lane) => {
                let version = &lane.manifest().version;
                tracing::info!(provider.id = id, library.version = version, "provider opened");
                let was_canary =
                    before.and_then(|before| before.canary.as_ref()?.version()).is_some_and(|old| {
                        old.lane.is_ok() && old.sha256() == info.as_ref().map(|info| info.sha256.as_str())
                    });
                let happening = match before {
                    Some(_) if was_canary => Happening::Promoted,
                    Some(before) if before.stable.lane.is_ok() => Happening::Replaced,
                    _ => Happening::Opened,
                };
                record.note(*since, happening, Some(&self.stable.named()));
            }
            Err(reason) if reason == DISABLED => {}
            Err(reason) => {
                tracing::error!(provider.id = id, reason, "provider not opened");
                record.note(*since, Happening::Refused, Some(reason));
            }
        }
    }

    fn tell_canary(&self, id: &str, before: Option<&Self>) {
        let old = before.and_then(|before| before.canary.as_ref());
        let (was, is) = (old.and_then(Beside::version), self.canary.as_ref().and_then(Beside::version));
        let is_new = is.is_some_and(|is| was.is_none_or(|was| !Arc::ptr_eq(was, is)));
        let is_gone = was.filter(|was| is.is_none_or(|is| !Arc::ptr_eq(was, is)));
        let record = &self.stable.record;
        if let Some(gone) = is_gone.filter(|gone| gone.lane.is_ok()) {
            let now = is.map_or(self.stable.since, |is| is.since);
            record.note(now.max(gone.since), Happening::CanaryClosed, Some(&gone.named()));
        }
        match (&self.canary, is) {
            (_, Some(version)) if is_new => match &version.lane {
                Ok(lane) => {
                    let (named, library) = (version.named(), &lane.manifest().version);
                    tracing::info!(provider.id = id, library.version = library, "canary opened");
                    record.note(version.since, Happening::CanaryOpened, Some(&named));
                    version.record.note(version.since, Happening::Opened, Some(&named));
                }
                Err(reason) => {
                    let library = version.info.as_ref().map(|info| info.manifest.version.as_str());
                    let what = "canary not opened: its provider has all deliveries";
                    tracing::error!(provider.id = id, library.version = library, reason, "{what}");
                    version.record.note(version.since, Happening::Refused, Some(reason));
                }
            },
            (Some(Beside::Absent(absence)), _) if !matches!(old, Some(Beside::Absent(old)) if old == absence) =>
            {
                let reason = &absence.reason;
                tracing::warn!(provider.id = id, reason, "no canary: its provider has all deliveries");
            }
            _ => {}
        }
    }

    pub(super) fn status(&self, id: &str) -> ProviderStatus {
        let Version { since, record, info, lane, .. } = &*self.stable;
        let state = match lane {
            Ok(lane) => lane.resting().map_or(ProviderState::Ready, |(why, until)| {
                ProviderState::Resting(format!("{why}; until {until}"))
            }),
            Err(reason) if reason == DISABLED => ProviderState::Disabled,
            Err(reason) => ProviderState::Failed(reason.clone()),
        };
        let manifest = info.as_ref().map(|info| &info.manifest);
        let canary = self.canary.as_ref().zip(self.settings.canary.as_ref());
        ProviderStatus {
            id: id.to_owned(),
            library: self.stable.settings.library.clone(),
            version: manifest.map(|manifest| manifest.version.clone()),
            sha256: info.as_ref().map(|info| info.sha256.clone()),
            signed_by: info.as_ref().and_then(|info| info.signer),
            since: Some(*since),
            channels: manifest.map_or_else(Vec::new, |manifest| manifest.channels.clone()),
            hosts: manifest.map_or_else(Vec::new, |manifest| manifest.hosts.clone()),
            allow_hosts: self.settings.permitted(),
            state,
            note: record.apart().or_else(|| weakness(&self.stable.settings, lane.as_ref().ok()?.manifest())),
            deliveries: lane.as_ref().ok().map(|lane| lane.tally()),
            canary: canary.map(|(beside, canary)| beside.status(canary)),
            events: record.events(),
        }
    }
}
