//! What the configuration file means, with every mistake in it told at once.

mod applications;
mod draft;
mod environment;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod hosts;
mod libraries;
mod limits;
mod log;
mod made;
mod mistake;
mod policy;
mod prices;
mod provider_keys;
mod providers;
mod quoted;
mod report;
mod routes;
mod secret;
mod section;
mod server;
mod shelf;
mod site;
mod smscx;
mod suggestion;
mod templates;
mod test_recipients;
mod tree;
mod twilio;
mod unsaved;
mod violation;
mod webhooks;

#[cfg(test)]
mod bad_files;
#[cfg(test)]
mod example;

pub use draft::{Draft, FILE, Whereabouts};
pub use environment::Environment;
pub use log::Log;
pub use made::{MadeApplication, Reread, written};
pub use mistake::{Mistake, Mistakes};
pub use server::{GUARDED, OVERHEARD, Server, Store};
pub use smscx::SmsCx;
pub use twilio::Twilio;
pub use unsaved::{Saved, Unready};
pub use webhooks::Webhooks;

use crate::{
    application::{Application, Policy},
    delivery::Prices,
    limit::Rules,
    plugin::{LibrarySettings, Settings},
    route::Routes,
    template::Templates,
};
use std::{collections::BTreeMap, path::PathBuf};

/// The documented file, which is also what a host without a file uses.
pub const EXAMPLE: &str = include_str!("../../examples/passrelay.toml");

/// A configuration without a mistake. Paths that were relative begin at the folder of the file; `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from; none if there was none, and it is what a host without a file uses.
    pub file: Option<PathBuf>,
    /// Where the host is reached.
    pub server: Server,
    /// What messages say, and whom they speak for.
    pub templates: Templates,
    /// Where verifications are kept.
    pub store: Store,
    /// The key file.
    pub keys: PathBuf,
    /// Where libraries are looked for.
    pub libraries: LibrarySettings,
    /// What is logged and how it looks.
    pub log: Log,
    /// Where `{ env = "NAME" }` is looked up.
    pub environment: Environment,
    /// Every configured provider, by id, also those that are disabled or whose library is missing. The `config` of
    /// these is an empty table.
    pub providers: BTreeMap<String, Settings>,
    /// What messages cost where their service does not say.
    pub prices: Prices,
    /// The route of every channel: as it stands in the file, else the only enabled provider that serves it.
    pub routes: Routes,
    /// Every application, by id.
    pub applications: BTreeMap<String, Application>,
    /// The account that the Twilio Verify face answers as, if there is to be such a face.
    pub twilio: Option<Twilio>,
    /// The face that callers of SMS.CX know, if there is to be one.
    pub smscx: Option<SmsCx>,
    /// How events reach applications.
    pub webhooks: Webhooks,
    /// How codes are made for an application that says nothing of its own (S26).
    pub code: Policy,
    /// The limits of an application that says nothing of its own.
    pub limits: Rules,
    /// What is wrong but stops nothing: libraries that are missing or refused.
    pub warnings: Vec<Mistake>,
    /// What is not wrong but worth knowing: texts that cost more than one SMS.
    pub notes: Vec<Mistake>,
}

impl Config {
    /// The files and folders that are the server's own.
    pub fn own_files(&self) -> Vec<PathBuf> {
        let beside = |database: &PathBuf, end: &str| {
            let mut name = database.clone().into_os_string();
            name.push(end);
            PathBuf::from(name)
        };
        let mut own = vec![self.keys.clone(), self.libraries.copies.clone()];
        own.extend(self.libraries.directories.iter().cloned());
        own.extend(self.file.iter().chain(&self.server.admin).cloned());
        if let Store::Sqlite(database) = &self.store {
            own.extend(["", "-wal", "-shm"].map(|end| beside(database, end)));
        }
        own
    }
}
