//! Takes what changed while the server runs: the file anew on SIGHUP, the libraries whenever their folders change.

use super::{setup::Setup, trouble::Trouble, wiring};
use crate::{
    app::Live,
    config::{Config, Draft, Environment, Mistake, Mistakes, Server},
    plugin::{Libraries, LibrarySettings, NO_COPIES, Occupied},
    telemetry::Filter,
};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use tokio::{runtime::Handle, sync::oneshot, time::timeout};

/// How long a file, and what it names, may take to be read: whoever asks for the next reload waits for this one.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is needed to read the file again, and to know what has changed.
pub(super) struct Reload {
    file: Option<PathBuf>,
    /// The file as it was read last, and the libraries that were there.
    draft: Box<Draft>,
    libraries: Libraries,
    /// What the server runs with, where it cannot change.
    began: Config,
    filter: Filter,
    /// The folders of copies in use, held as long as it serves.
    occupied: BTreeMap<PathBuf, Occupied>,
}

impl Reload {
    /// Begins with what the server starts with.
    pub(super) fn of(file: Option<&Path>, setup: &Setup, filter: Filter) -> Result<Self, Trouble> {
        let Setup { config, libraries, draft } = setup;
        let (file, draft, libraries) = (file.map(Path::to_owned), draft.clone(), libraries.clone());
        let (began, occupied) = (config.clone(), BTreeMap::new());
        let mut reload = Self { file, draft, libraries, began, filter, occupied };
        reload.occupy(&setup.config, &setup.libraries).map_err(|cause| {
            let copies = setup.config.libraries.copies.display();
            Trouble::new(format!("cannot use `{copies}`: {cause}")).with_hint(NO_COPIES)
        })?;
        Ok(reload)
    }

    /// Keeps other servers from removing the copies that this one loads from.
    fn occupy(&mut self, config: &Config, libraries: &Libraries) -> io::Result<()> {
        if let Entry::Vacant(vacant) = self.occupied.entry(config.libraries.copies.clone()) {
            vacant.insert(libraries.occupy(&config.libraries)?);
        }
        Ok(())
    }

    /// Reads the file again and takes what it says; with a mistake in it nothing changes.
    pub(super) async fn now(&mut self, live: &Live) {
        let (file, before, in_use) = (self.file.clone(), self.libraries.clone(), live.libraries_in_use());
        let reading = async move {
            let draft = Box::new(Draft::load(file.as_deref(), Environment::process()));
            let libraries = look(&draft, &before, &in_use).await?;
            Ok(Setup { config: draft.clone().finish(&libraries)?, libraries, draft })
        };
        let setup = match aside(reading, PATIENCE).await {
            Ok(setup) => setup,
            Err(Trouble::Misconfigured(mistakes)) => {
                for Mistake { file, line, column, what, hint, .. } in &mistakes {
                    tracing::error!(
                        config.file = file,
                        config.line = line,
                        config.column = column,
                        hint,
                        "{what}"
                    );
                }
                tracing::error!("the configuration has mistakes: everything stays as it was");
                return;
            }
            Err(trouble) => {
                tracing::error!(error = %trouble, "the configuration is not read: everything stays as it was");
                return;
            }
        };
        for warning in &setup.config.warnings {
            let Mistake { file, line, what, hint, .. } = warning;
            tracing::warn!(config.file = file, config.line = line, hint, "{what}");
        }
        for key in unchangeable(&self.began, &setup.config) {
            tracing::warn!(config.key = key, "`{key}` changes at the next start only");
        }
        let (applications, providers) = (setup.config.applications.len(), setup.config.providers.len());
        let filter = setup.config.log.filter.clone();
        if !self.take(setup, live).await {
            return;
        }
        take_keys(live.clone());
        if let Err(error) = self.filter.change(&filter) {
            tracing::error!(%error, "the log stays as it was");
        }
        tracing::info!(applications, providers, "configuration taken");
    }

    /// Takes what is in the folders now, under the configuration as it was read last. A library that is no good, or
    /// that the configuration does not fit, leaves everything else as it is.
    pub(super) async fn look(&mut self, live: &Live) {
        let (draft, before, in_use) = (self.draft.clone(), self.libraries.clone(), live.libraries_in_use());
        let looking = async move {
            let found = look(&draft, &before, &in_use).await?;
            let is_news = !found.is_as(&before);
            let (config, libraries) = fitting(&draft, found, &before)?;
            Ok((is_news, Setup { config, libraries, draft }))
        };
        let setup = match aside(looking, PATIENCE).await {
            Ok((true, setup)) => setup,
            Ok((false, _)) => return,
            Err(trouble) => {
                tracing::error!(error = %trouble, "the libraries are not looked at: everything stays as it was");
                return;
            }
        };
        for refusal in setup.libraries.refused() {
            if !self.libraries.refused().contains(refusal) {
                let (file, reason) = (refusal.file.display().to_string(), &refusal.reason);
                tracing::warn!(library.file = file, hint = refusal.hint, "a library is not taken: {reason}");
            }
        }
        let (found, refused) = (setup.libraries.found().len(), setup.libraries.refused().len());
        if self.take(setup, live).await {
            tracing::info!(found, refused, "libraries taken");
        }
    }

    /// Which folders are to be watched, if any.
    pub(super) fn watched(&self) -> Option<&LibrarySettings> {
        Some(self.draft.libraries()).filter(|libraries| libraries.watch)
    }

    /// Gives the server what was read; whether it is taken.
    async fn take(&mut self, setup: Setup, live: &Live) -> bool {
        let Setup { mut config, libraries, draft } = setup;
        let allow_test_recipients = config.server.allow_test_recipients;
        config.server = Server { allow_test_recipients, ..self.began.server.clone() };
        if let Err(error) = self.occupy(&config, &libraries) {
            tracing::error!(%error, "the copies of the libraries cannot be used: everything stays as it was");
            return false;
        }
        let taken = live.take(&config, &libraries).await;
        // The providers are renewed in either case.
        (self.draft, self.libraries) = (draft, libraries);
        self.libraries.tidy(self.draft.libraries());
        if let Err(error) = &taken {
            tracing::error!(%error, "the store cannot be read: applications and texts stay as they were");
        }
        taken.is_ok()
    }
}

/// The libraries that are in the folders, and those that are not any more and run all the same.
async fn look(draft: &Draft, before: &Libraries, in_use: &BTreeSet<String>) -> Result<Libraries, Trouble> {
    let found = wiring::find_libraries_again(draft.libraries(), before).await?;
    Ok(found.keeping(before, in_use, &draft.libraries().pins))
}

/// What the configuration means with these libraries; those that it does not fit are left out, one by one.
fn fitting(draft: &Draft, found: Libraries, before: &Libraries) -> Result<(Config, Libraries), Trouble> {
    let whole = match draft.clone().finish(&found) {
        Ok(config) => return Ok((config, found)),
        Err(mistakes) => Trouble::from(mistakes),
    };
    let changed = found.changed_since(before);
    let without = |libraries: Libraries, id: &str, why: &Mistakes| {
        let told = why.iter().next();
        let reason = told.map_or_else(String::new, |mistake| {
            let Mistake { file, line, what, .. } = mistake;
            format!("the configuration does not fit it: {file}:{}: {what}", line.unwrap_or_default())
        });
        libraries.without(id, before, &reason, told.and_then(|mistake| mistake.hint.as_deref()))
    };
    let mut fitting = found;
    for id in &changed {
        let others = changed.iter().filter(|other| *other != id);
        let alone = others.fold(fitting.clone(), |alone, other| alone.without(other, before, "", None));
        if let Err(mistakes) = draft.clone().finish(&alone) {
            fitting = without(fitting, id, &mistakes);
        }
    }
    draft.clone().finish(&fitting).map(|config| (config, fitting)).map_err(|_| whole)
}

/// Reads on a thread of its own: what a file names may keep a reader waiting for ever, such as a pipe that nobody
/// writes to, and no thread that serves may wait with it. Nor does the next reload: a reader that is not done in time is
/// left behind, and what it comes to is not taken.
async fn aside<T: Send + 'static>(
    reading: impl Future<Output = Result<T, Trouble>> + Send + 'static,
    patience: Duration,
) -> Result<T, Trouble> {
    let (tell, told) = oneshot::channel();
    let runtime = Handle::current();
    let reading = move || drop(tell.send(runtime.block_on(reading)));
    let begun = thread::Builder::new().name("reload".to_owned()).spawn(reading);
    begun.map_err(|why| Trouble::new(format!("no thread could be begun: {why}")))?;
    match timeout(patience, told).await {
        Ok(told) => told.unwrap_or_else(|_| Err(Trouble::new("reading it panicked"))),
        Err(_) => Err(Trouble::new(format!(
            "reading it and the files that it names took longer than {} s: is one of them a pipe that nobody writes to?",
            patience.as_secs()
        ))),
    }
}

/// Takes a line that was added to the key file: in a task of its own, for it waits for requests that are under way.
fn take_keys(live: Live) {
    drop(tokio::spawn(async move {
        match live.take_keys().await {
            Ok(None) => {}
            Ok(Some(newest)) => tracing::info!(key = newest, "a new key of the key file is taken"),
            Err(error) => tracing::error!(error = %Trouble::told(&error), "the keys stay as they were"),
        }
    }));
}

/// The keys that say something else than at the start, and can only be taken at the next one.
fn unchangeable(began: &Config, now: &Config) -> Vec<&'static str> {
    let (one, other) = (&began.server, &now.server);
    let admin = (&one.admin, one.admin_address) == (&other.admin, other.admin_address);
    [
        (one.listen == other.listen, "server.listen"),
        (admin, "server.admin"),
        (one.proxy == other.proxy, "server.proxy"),
        (began.store == now.store, "store.url"),
        (began.keys == now.keys, "keys.file"),
        (began.log.format == now.log.format, "log.format"),
    ]
    .into_iter()
    .filter_map(|(same, key)| (!same).then_some(key))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::setup;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    fn config(text: &str) -> Config {
        let draft = Draft::parse(text, Path::new("p.toml"), Environment::of([("", "")]));
        draft.finish(&Libraries::default()).unwrap()
    }

    #[tokio::test]
    async fn a_reader_that_waits_for_ever_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (file, pipe) = (folder.path().join("p.toml"), folder.path().join("pipe"));
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        std::fs::write(&file, "[applications.web]\napi_keys = [{ file = \"pipe\" }]\n").unwrap();
        let read = |file: PathBuf, patience| aside(async move { setup::load(Some(&file)).await }, patience);
        let stuck = read(file.clone(), Duration::from_millis(50)).await;
        let told = stuck.err().map(|trouble| trouble.to_string()).unwrap();
        assert!(told.contains("took longer than"), "{told}");
        // The next one says what is wrong with it now.
        std::fs::write(&file, "[colours]\n").unwrap();
        assert!(matches!(read(file, PATIENCE).await, Err(Trouble::Misconfigured(_))));
        // Lets the reader go, so that the runtime can end.
        std::fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap();
    }

    #[test]
    fn what_cannot_change_is_told_by_its_key() {
        let began = config("");
        assert_eq!(unchangeable(&began, &config("[log]\nfilter = \"debug\"\n[site]\nname = \"x\"")), [""; 0]);
        let all = "[server]\nlisten = \"127.0.0.1:1\"\nadmin = \"off\"\nproxy = \"http://p:1\"\n[store]\nurl = \"memory:\"\n\
            [keys]\nfile = \"k\"\n[log]\nformat = \"json\"";
        let expected =
            ["server.listen", "server.admin", "server.proxy", "store.url", "keys.file", "log.format"];
        assert_eq!(unchangeable(&began, &config(all)), expected);
    }
}
