//! A configuration in two steps: what stands in the file, then, once its libraries are known, what it means.

use super::{
    Config, EXAMPLE,
    applications::{self, Ground},
    environment::Environment,
    libraries, limits,
    log::{self, Log},
    mistake::{Mistake, Mistakes},
    policy::policy,
    provider_keys, providers,
    report::Report,
    routes,
    section::Section,
    server::{self, Server, Store},
    shelf::Shelf,
    site,
    smscx::{self, SmsCx},
    templates,
    tree::Node,
    twilio::{self, Twilio},
    webhooks::{self, Webhooks},
};
use crate::{
    application::{Bounds, Policy},
    delivery::Prices,
    limit::Rules,
    plugin::{Isolation, Libraries, LibrarySettings, Settings},
    template::Site,
};
use provider_api::Manifest;
use serde_json::Value;
use std::{
    fmt,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// The file that is read where none is named.
pub const FILE: &str = "passrelay.toml";

/// What stands in the file. Two steps are needed since a provider's own keys are held to the schema of its library,
/// and the file says where the libraries are.
#[derive(Clone)]
pub struct Draft {
    file: Option<PathBuf>,
    report: Report,
    environment: Environment,
    server: Server,
    site: Site,
    store: Store,
    keys: PathBuf,
    libraries: LibrarySettings,
    log: Log,
    providers: Vec<providers::Typed>,
    routes: routes::Typed,
    applications: Vec<applications::Typed>,
    code: Policy,
    limits: Rules,
    twilio: Option<Twilio>,
    smscx: Option<SmsCx>,
    webhooks: Webhooks,
    /// What keeps the file from saying where the store and the keys are.
    astray: Vec<Mistake>,
}

/// Where a server keeps what outlives it, and where it answers operators.
#[derive(Debug, Clone)]
pub struct Whereabouts {
    /// Where it listens for operators, and for everybody.
    pub server: Server,
    /// Where its verifications are.
    pub store: Store,
    /// Where its key file is.
    pub keys: PathBuf,
}

impl Draft {
    /// Reads a file; without a name [`FILE`] if it is there, else what a host without a file uses.
    pub fn load(named: Option<&Path>, environment: Environment) -> Self {
        let path = named.unwrap_or(Path::new(FILE));
        match std::fs::read(path) {
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
                Self { file: None, ..Self::parse(EXAMPLE, path, environment) }
            }
            read => Self::of_bytes(read, |text| Self::parse(text, path, environment)),
        }
    }

    /// Reads a file that holds nothing but a provider's own keys, at its top level. The provider is named like its
    /// library and all else is as it is by default.
    pub fn load_keys(file: &Path, library: &str, environment: Environment) -> Self {
        Self::of_bytes(std::fs::read(file), |text| Self::parse_keys(text, file, library, environment))
    }

    fn of_bytes(read: std::io::Result<Vec<u8>>, parse: impl FnOnce(&str) -> Self) -> Self {
        match read.map(String::from_utf8) {
            Ok(Ok(text)) => parse(&text),
            Ok(Err(error)) => {
                let mut draft = parse(&String::from_utf8_lossy(error.as_bytes()));
                draft.report.syntax(error.utf8_error().valid_up_to(), "this is no UTF-8", None);
                draft.astray = draft.report.since(0);
                draft
            }
            Err(error) => {
                let mut draft = parse("");
                let hint = "name another file with `--config FILE`";
                draft.report.unreadable(format!("cannot be read: {error}"), Some(hint.to_owned()));
                // Nothing that it lacks is worth a word.
                draft.providers.clear();
                draft.astray = draft.report.since(0);
                draft
            }
        }
    }

    fn parse_keys(text: &str, file: &Path, library: &str, environment: Environment) -> Self {
        let mut report = Report::new(file, text);
        let (keys, errors) = Node::parse(text);
        for error in errors {
            report.syntax(error.at, error.what, None);
        }
        let providers = vec![providers::of_keys(library, keys)];
        Self { report, providers, ..Self::parse("", file, environment) }
    }

    /// Reads the text of a file; `path` says its name and the folder at which relative paths begin.
    pub fn parse(text: &str, path: &Path, environment: Environment) -> Self {
        let mut report = Report::new(path, text);
        let (tree, errors) = Node::parse(text);
        for error in errors {
            report.syntax(error.at, error.what, None);
        }
        let mut root = Section::root(&tree);
        let report_to = &mut report;
        let store = server::store(root.table("store", report_to), report_to);
        let keys = server::keys(root.table("keys", report_to), report_to);
        let mut astray = report_to.since(0);
        let server = server::server(root.table("server", report_to), &environment, report_to);
        let site = site::read(root.table("site", report_to), report_to);
        let libraries = libraries::read(root.table("libraries", report_to), report_to);
        let log = log::read(root.table("log", report_to), report_to);
        let providers = providers::read(&root.table("providers", report_to), &site, report_to);
        let pins = providers
            .iter()
            .filter(|typed| typed.settings.enabled)
            .filter_map(|typed| Some((typed.settings.library.clone(), typed.settings.sha256.clone()?)));
        let canaries = providers.iter().map(|typed| &typed.settings).filter(|settings| settings.enabled);
        let canaries = canaries.filter_map(|settings| {
            Some((settings.library.clone(), settings.canary.as_ref()?.sha256.clone()))
        });
        let (pins, canaries) = (pins.collect(), canaries.collect());
        let libraries = LibrarySettings { pins, canaries, ..libraries };
        let routes = routes::read(&root.table("routes", report_to), report_to);
        let code = policy(root.table("code", report_to), &Bounds::default(), &Policy::default(), report_to);
        let limits = limits::read(root.table("limits", report_to), &Rules::default(), report_to);
        let tables = root.table("applications", report_to);
        let ground =
            Ground { site: &site, code: &code, limits: &limits, may_test: server.allow_test_recipients };
        let applications = applications::read(&tables, &environment, &ground, report_to);
        let twilio = twilio::read(&mut root, &environment, report_to);
        let smscx = smscx::read(&mut root, report_to);
        let webhooks = webhooks::read(root.table("webhooks", report_to), report_to);
        let known = report_to.count();
        root.close(report_to);
        // A name that nobody knows may be that of the store, misspelt.
        astray.extend(report_to.since(known));
        Self {
            file: Some(path.to_owned()),
            report,
            environment,
            server,
            site,
            store,
            keys,
            libraries,
            log,
            providers,
            routes,
            applications,
            code,
            limits,
            twilio,
            smscx,
            webhooks,
            astray,
        }
    }

    /// Where libraries are looked for.
    pub fn libraries(&self) -> &LibrarySettings {
        &self.libraries
    }

    /// What is logged and how it looks.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Where the server and what it keeps are, whatever else may be wrong in the file or missing in the environment.
    ///
    /// # Errors
    ///
    /// When the file does not say so for certain: with what is wrong there.
    pub fn whereabouts(&self) -> Result<Whereabouts, Mistakes> {
        let (server, store, keys) = (self.server.clone(), self.store.clone(), self.keys.clone());
        Mistakes::of(self.astray.clone()).map_or(Ok(Whereabouts { server, store, keys }), Err)
    }

    /// The library that a configured provider uses.
    pub fn library_of(&self, provider: &str) -> Option<&str> {
        let settings = self.providers.iter().map(|provider| &provider.settings);
        settings.filter(|settings| settings.id == provider).map(|settings| settings.library.as_str()).next()
    }

    /// Says what the file means, now that the libraries are known.
    ///
    /// # Errors
    ///
    /// When anything is wrong in the file: all of it. A library that is missing or refused is none of that: it
    /// disables its provider only and is told by [`Config::warnings`].
    pub fn finish(self, libraries: &Libraries) -> Result<Config, Mistakes> {
        let directories = self.libraries.directories.clone();
        self.finish_with(&Shelf::of(libraries, &directories))
    }

    /// The same with libraries that need not be files.
    pub(super) fn finish_with(self, shelf: &Shelf<'_>) -> Result<Config, Mistakes> {
        let mut report = self.report;
        let mut providers = self.providers;
        for provider in &mut providers {
            settle(provider, shelf, &self.environment, &mut report);
        }
        let routes = routes::settle(self.routes, &providers, &self.applications, shelf, &mut report);
        templates::note_lengths(&self.site, &providers, &self.applications, &routes, shelf, &mut report);
        templates::note_unsent(&providers, &self.applications, &routes, shelf, &mut report);
        let templates = templates::settle(self.site, &providers, &self.applications);
        let tables = providers.iter().filter_map(|provider| {
            provider.prices.clone().map(|table| (provider.settings.id.clone(), table))
        });
        let prices = Prices(tables.collect());
        let settings = providers.into_iter().map(|provider| provider.settings);
        let applications = self.applications.into_iter().map(|typed| typed.application);
        Ok(Config {
            file: self.file,
            notes: report.notes(),
            warnings: report.close()?,
            server: self.server,
            templates,
            store: self.store,
            keys: self.keys,
            libraries: self.libraries,
            log: self.log,
            environment: self.environment,
            providers: settings.map(|settings| (settings.id.clone(), settings)).collect(),
            prices,
            routes,
            applications: applications.map(|application| (application.id.clone(), application)).collect(),
            twilio: self.twilio,
            smscx: self.smscx,
            webhooks: self.webhooks,
            code: self.code,
            limits: self.limits,
        })
    }
}

/// Holds a provider's own keys to the schema of its library.
///
/// A provider that is not enabled is not held to anything, so that it may wait for its library or its secrets.
fn settle(
    provider: &mut providers::Typed,
    shelf: &Shelf<'_>,
    environment: &Environment,
    report: &mut Report,
) {
    let Settings { id, enabled, library, isolation, canary, .. } = &mut provider.settings;
    if let (Some(canary), Some(keys)) = (canary, &provider.config)
        && let Some(manifest) = shelf.canary(library, &canary.sha256)
    {
        canary.config = keys_of_canary(&provider.path, keys, manifest, environment, report);
    }
    if !*enabled {
        return;
    }
    let Some(manifest) = shelf.manifest(library) else {
        let (why, hint) = shelf.absence(library);
        report.warning(provider.at, format!("provider `{id}` is left out: {why}"), hint);
        return;
    };
    if let Some(at) = provider.isolation_at
        && *isolation == Isolation::Thread
        && shelf.is_in_c(library)
    {
        let what = format!("`providers.{id}.isolation` must be `process`: `{library}` is not in Rust");
        report.mistake(at, what, Some("leave it out: nothing would guard the server from it".to_owned()));
    }
    let Some(keys) = &provider.config else { return };
    let mistakes = report.count();
    match provider_keys::read(&provider.path, keys, manifest, environment, report) {
        Ok(config) => {
            // A key that is wrong names no host.
            if let Some(hosts) = provider.hosts.as_ref().filter(|_| report.count() == mistakes) {
                hosts.hold(manifest, &config, report);
            }
            provider.settings.config = config;
        }
        Err(why) => {
            let hint = "that is a fault of the library: ask its author".to_owned();
            report.warning(provider.at, format!("provider `{id}` is left out: {why}"), Some(hint));
            provider.settings.enabled = false;
        }
    }
}

/// The same keys, held to the schema of the provider's canary. What is wrong there is no mistake of the file, which is
/// right for what the provider runs: its canary does not open.
fn keys_of_canary(
    path: &str,
    keys: &Node,
    manifest: &Manifest,
    environment: &Environment,
    report: &Report,
) -> Result<Value, String> {
    let mut apart = report.apart();
    let read =
        provider_keys::read(path, keys, manifest, environment, &mut apart).map_err(|why| why.to_string())?;
    let Err(mistakes) = apart.close() else { return Ok(read) };
    let told = mistakes.iter().next().map(|Mistake { file, line, what, hint, .. }| {
        let hint = hint.as_ref().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        format!("{file}:{}: {what}{hint}", line.unwrap_or_default())
    });
    Err(format!("the configuration does not fit it: {}", told.unwrap_or_default()))
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("libraries", &self.libraries)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
