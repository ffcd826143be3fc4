//! The configured providers: opened, each in its lane, or not and why.

use super::{
    Isolation, Lane, Libraries, Settings, copies,
    engine::{Blueprint, Engine},
    libraries::LibraryInfo,
    log::Log,
    redact::Redactor,
    schema::Forms,
    services::{Services, http::Http},
};
use crate::clock::Clock;
use arc_swap::ArcSwap;
use provider_api::{DeliveryError, OpenAnswer, Secret, abi::frame};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long a provider may take to open.
const OPENING: Duration = Duration::from_secs(20);

/// How long a provider that was opened may take to say whether it could deliver.
const HEALTH: Duration = Duration::from_secs(2);

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

/// A configured provider and how it is.
#[derive(Debug, Clone)]
pub struct ProviderStatus {
    /// The provider's id.
    pub id: String,
    /// The library's id.
    pub library: String,
    /// The library's version, if it was found.
    pub version: Option<String>,
    /// The channels it serves.
    pub channels: Vec<String>,
    /// How it is.
    pub state: ProviderState,
}

/// A configured provider and how it is, as a list of them shows each.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Provider")]
struct Shown<'a> {
    /// The provider's id.
    id: &'a str,
    /// The library's id.
    library: &'a str,
    /// The library's version, if it was found.
    version: Option<&'a str>,
    /// The channels it serves.
    channels: &'a [String],
    /// `ready`, `resting`, `failed` or `disabled`.
    state: &'static str,
    /// Why it is so, where there is a reason.
    reason: Option<&'a str>,
}

impl Serialize for ProviderStatus {
    /// One object: what a list of providers shows of each.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { id, library, version, channels, state } = self;
        let shown = Shown {
            id,
            library,
            version: version.as_deref(),
            channels,
            state: state.as_str(),
            reason: state.reason(),
        };
        shown.serialize(to)
    }
}

impl JsonSchema for ProviderStatus {
    fn schema_name() -> Cow<'static, str> {
        Shown::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Shown::json_schema(generator)
    }
}

/// How a provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderState {
    /// Takes messages.
    Ready,
    /// Left alone until a time, with the reason: its service or the provider itself failed too often, or the service
    /// asked for it.
    Resting(String),
    /// Could not be opened, with the reason and perhaps a hint.
    Failed(String),
    /// The configuration says `enabled = false`.
    Disabled,
}

impl ProviderState {
    /// The word: `ready`, `resting`, `failed` or `disabled`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Resting(_) => "resting",
            Self::Failed(_) => "failed",
            Self::Disabled => "disabled",
        }
    }

    /// Why it is so, where there is a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Resting(reason) | Self::Failed(reason) => Some(reason),
            Self::Ready | Self::Disabled => None,
        }
    }
}

/// What opening providers needs besides their settings.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// The program that runs libraries in processes of their own: this very program, as a rule.
    pub program: PathBuf,
    /// The time.
    pub clock: Clock,
    /// Through which proxy their HTTP requests go, if through any.
    pub proxy: Option<Secret>,
}

impl Workshop {
    /// With the program that runs now: this very file, also after another one took its name.
    pub fn new(clock: Clock) -> Self {
        Self::of_program(PathBuf::from("/proc/self/exe"), clock)
    }

    /// With another program that runs libraries the same way.
    pub fn of_program(program: PathBuf, clock: Clock) -> Self {
        Self { program, clock, proxy: None }
    }

    /// The same with a proxy, or without one.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Option<Secret>) -> Self {
        self.proxy = proxy;
        self
    }

    /// The program's path.
    pub fn program(&self) -> &Path {
        &self.program
    }
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

pub(super) async fn open_lane(
    settings: &Settings,
    library: &LibraryInfo,
    workshop: &Workshop,
    http: Http,
) -> Result<Lane, DeliveryError> {
    let redactor = Redactor::default();
    redactor.trust_settings(secrets(&settings.config, &Forms::of(&library.manifest.config_schema)));
    let copy = match settings.isolation {
        Isolation::Process => Ok(library.copy.clone()),
        Isolation::Thread => copies::of_its_own(&library.copy, &library.sha256, &settings.id),
    };
    let blueprint = Blueprint {
        provider: settings.id.clone(),
        program: workshop.program.clone(),
        copy: copy.map_err(|cause| DeliveryError::broken(format!("it cannot be copied: {cause}")))?,
        config: frame::encode(&settings.config, &[]).into(),
        services: Services::new(http, settings.allow_private_addresses, workshop.clock.clone()),
        log: Log::new(&settings.id, redactor.clone()),
        clock: workshop.clock.clone(),
    };
    let opening = workshop.clock.timeout(OPENING, Engine::open(settings.isolation, blueprint)).await;
    let late = || DeliveryError::broken("it did not open within 20 s");
    let (engine, answer) = opening.ok_or_else(late)?.map_err(|error| redactor.clean_error(error))?;
    let (opened, _) = frame::decode::<OpenAnswer>(&answer).map_err(|cause| {
        DeliveryError::broken(format!("its answer to being opened is unreadable: {cause}"))
    })?;
    let lane = Lane::new(settings, library, opened, engine, redactor, workshop.clock.clone());
    // It is open all the same: what stands in its way may pass, and only a delivery shows.
    if let Some(Err(error)) = workshop.clock.timeout(HEALTH, lane.health()).await {
        tracing::warn!(provider.id = settings.id, %error, "the provider says that it cannot deliver now");
    }
    Ok(lane)
}

/// The values of a configuration that its schema marks as secrets.
fn secrets(config: &Value, forms: &Forms<'_>) -> Vec<String> {
    match config {
        Value::String(text) if forms.is_secret() => vec![text.clone()],
        Value::Object(keys) => {
            keys.iter().flat_map(|(key, value)| secrets(value, &forms.property(key))).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| secrets(value, &forms.item(index))).collect()
        }
        _ => Vec::new(),
    }
}
