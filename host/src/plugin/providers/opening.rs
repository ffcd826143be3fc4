//! One provider opened: its file started, its configuration told, its secrets kept out of every word of it.

use super::super::{
    Isolation, Lane, Settings, copies,
    engine::{Blueprint, Engine},
    faults::Faults,
    lane::Memory,
    libraries::LibraryInfo,
    log::Log,
    redact::Redactor,
    sandbox::{self, Cell},
    schema::Forms,
    services::{Services, hosts::Hosts, http::Http},
};
use super::record::Record;
use crate::clock::Clock;
use provider_api::{DeliveryError, FILES, Manifest, OpenAnswer, Secret, abi::frame};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long a provider may take to open.
const OPENING: Duration = Duration::from_secs(20);

/// How long a provider that was opened may take to say whether it could deliver.
const HEALTH: Duration = Duration::from_secs(2);

const UNGUARDED: &str = "its library is not in Rust, and nothing would guard the host on whose thread it runs: write \
    `isolation = \"process\"`";

/// What opening providers needs besides their settings.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// The program that runs libraries in processes of their own: this very program, as a rule.
    pub program: PathBuf,
    /// The time.
    pub clock: Clock,
    /// Through which proxy their HTTP requests go, if through any.
    pub proxy: Option<Secret>,
    /// Where it is kept what providers did, if it is.
    pub faults: Option<Faults>,
    /// Files and folders of the server's own, which no library gets for its configuration's sake.
    pub own: Arc<[PathBuf]>,
}

impl Workshop {
    /// With the program that runs now: this very file, also after another one took its name.
    pub fn new(clock: Clock) -> Self {
        Self::of_program(PathBuf::from("/proc/self/exe"), clock)
    }

    /// With another program that runs libraries the same way.
    pub fn of_program(program: PathBuf, clock: Clock) -> Self {
        Self { program, clock, proxy: None, faults: None, own: Arc::default() }
    }

    /// The same with a proxy, or without one.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Option<Secret>) -> Self {
        self.proxy = proxy;
        self
    }

    /// The same with a place where it is kept what providers did: for a server, not for whoever tries one once.
    #[must_use]
    pub fn keeping(mut self, faults: Faults) -> Self {
        self.faults = Some(faults);
        self
    }

    /// The same with files and folders that are the server's own.
    #[must_use]
    pub fn owning(mut self, own: Vec<PathBuf>) -> Self {
        self.own = own.into();
        self
    }

    /// The program's path.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

pub(in crate::plugin) async fn open_lane(
    settings: &Settings,
    library: &LibraryInfo,
    workshop: &Workshop,
    http: Http,
    record: Arc<Record>,
) -> Result<Lane, DeliveryError> {
    let isolation = isolation(settings, library, workshop, &record);
    if isolation == Isolation::Thread && library.is_unguarded {
        return Err(DeliveryError::misconfigured(UNGUARDED));
    }
    sandbox::check_needs(&library.manifest, isolation, settings.sandbox)?;
    let cell = cell(settings, &library.manifest);
    if let Some(path) = cell.reaches(&workshop.own).filter(|_| isolation == Isolation::Process) {
        let path = path.display();
        let text = format!(
            "its configuration names `{path}`, where files of the server's own are: name another place"
        );
        return Err(DeliveryError::misconfigured(text));
    }
    let redactor = Redactor::default();
    redactor.trust_settings(secrets(&settings.config, &Forms::of(&library.manifest.config_schema)));
    let copy = match isolation {
        Isolation::Process => Ok(library.copy.clone()),
        Isolation::Thread => {
            copies::of_its_own(&library.copy, &library.sha256, &settings.id, record.one_more_thread())
        }
    };
    let mark = match &workshop.faults {
        Some(faults) if isolation == Isolation::Thread => Some(faults.mark(&settings.id, &library.sha256)),
        _ => None,
    };
    let unmarked = |cause| DeliveryError::broken(format!("its thread cannot be marked: {cause}"));
    let log = Log::new(&settings.id, redactor.clone());
    let flood = log.flood();
    let hosts = Hosts::of(settings, &library.manifest, redactor.clone());
    let blueprint = Blueprint {
        provider: settings.id.clone(),
        program: workshop.program.clone(),
        copy: copy.map_err(|cause| DeliveryError::broken(format!("it cannot be copied: {cause}")))?,
        cell,
        mark: mark.transpose().map_err(unmarked)?,
        config: frame::encode(&settings.config, &[]).into(),
        services: Services::new(http, hosts, settings.allow_private_addresses, workshop.clock.clone()),
        log,
        clock: workshop.clock.clone(),
    };
    let opening = workshop.clock.timeout(OPENING, Engine::open(isolation, blueprint)).await;
    let late = || DeliveryError::broken("it did not open within 20 s");
    let (engine, answer) = opening.ok_or_else(late)?.map_err(|error| redactor.clean_error(error))?;
    let (opened, _) = frame::decode::<OpenAnswer>(&answer).map_err(|cause| {
        DeliveryError::broken(format!("its answer to being opened is unreadable: {cause}"))
    })?;
    let memory = Memory { record, faults: workshop.faults.clone(), flood };
    let lane = Lane::new(settings, library, opened, engine, redactor, memory, workshop.clock.clone());
    // It is open all the same: what stands in its way may pass, and only a delivery shows.
    if let Some(Err(error)) = workshop.clock.timeout(HEALTH, lane.health()).await {
        tracing::warn!(provider.id = settings.id, %error, "the provider says that it cannot deliver now");
    }
    Ok(lane)
}

/// Where it is to run: one that ended the server from its thread does not get another one so soon.
fn isolation(settings: &Settings, library: &LibraryInfo, workshop: &Workshop, record: &Record) -> Isolation {
    let kept = workshop.faults.as_ref().and_then(|faults| faults.of(&settings.id, &library.sha256));
    let ended = kept.is_some_and(|kept| kept.ended_the_server(workshop.clock.now()));
    let is_moved = settings.isolation == Isolation::Thread && ended;
    record.set_moved(is_moved);
    if is_moved { Isolation::Process } else { settings.isolation }
}

/// What the sandbox of the provider's process does not hold on this machine.
pub(in crate::plugin) fn weakness(settings: &Settings, manifest: &Manifest) -> Option<String> {
    (settings.isolation == Isolation::Process).then(|| cell(settings, manifest).weakness()).flatten()
}

/// What the provider's process may do. Its files are those that the operator names under its library's keys for paths.
fn cell(settings: &Settings, manifest: &Manifest) -> Cell {
    let named = paths(&settings.config, &Forms::of(&manifest.config_schema));
    let absolute = named.into_iter().filter_map(|path| std::path::absolute(path).ok());
    Cell::new(settings.sandbox, absolute.collect(), manifest.needs.iter().any(|need| need == FILES))
}

/// The values of a configuration that its schema marks as paths.
fn paths(config: &Value, forms: &Forms<'_>) -> Vec<PathBuf> {
    match config {
        Value::String(text) if forms.is_path() && !text.is_empty() => vec![text.into()],
        Value::Object(keys) => {
            keys.iter().flat_map(|(key, value)| paths(value, &forms.property(key))).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| paths(value, &forms.item(index))).collect()
        }
        _ => Vec::new(),
    }
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
