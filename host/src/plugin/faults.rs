//! What providers did, in a file beside the private copies: a restart of the server does not make them innocent.
//!
//! It says which faults there were, when, and how long a provider is left alone for them; nothing of a message, a
//! recipient or a configuration. A record belongs to one provider and the very bytes that it ran: a new file starts clean, and
//! a provider's canary is judged apart from it.

mod ended;

use super::{
    breaker::{Breaker, Kept, Outcome},
    crash::Mark,
};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The file's name.
const NAME: &str = "faults.json";

/// The name of the file that threads write to which end the server.
const ENDED: &str = "ended";

/// The most bytes that are read of it.
const LONGEST: u64 = 4 << 20;

/// The records of all providers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Faults {
    file: PathBuf,
    /// One reads and writes at a time.
    turn: Arc<Mutex<()>>,
}

/// How many files of one provider are remembered: those that did something last.
const MOST_FILES: usize = 4;

type Entries = BTreeMap<String, Files>;

/// What a provider did with each of the files that it ran, the newest word last.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written")]
struct Files(Vec<Entry>);

/// As it may stand in the file: a server of before there were canaries kept one file of each provider.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Files(Vec<Entry>),
    File(Entry),
}

impl From<Written> for Files {
    fn from(written: Written) -> Self {
        match written {
            Written::Files(files) => Self(files),
            Written::File(file) => Self(vec![file]),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// The SHA-256 of the library.
    library: String,
    #[serde(flatten)]
    kept: Kept,
}

impl Faults {
    /// Those that are kept in this folder, that of the private copies.
    pub fn beside(copies: &Path) -> Self {
        Self { file: copies.join(NAME), turn: Arc::default() }
    }

    /// What this provider did with these bytes.
    pub(super) fn of(&self, provider: &str, sha256: &str) -> Option<Kept> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Files(files) = self.read().remove(provider)?;
        files.into_iter().find(|entry| entry.library == sha256).map(|entry| entry.kept)
    }

    /// Keeps what it did. Where that fails the server goes on: then it is forgotten at the next start.
    pub(super) fn keep(&self, provider: &str, sha256: &str, kept: Kept) {
        let entry = Entry { library: sha256.to_owned(), kept };
        self.change(|entries| {
            let Files(files) = entries.entry(provider.to_owned()).or_default();
            files.retain(|other| other.library != sha256);
            files.push(entry);
            files.drain(..files.len().saturating_sub(MOST_FILES));
        });
    }

    /// What marks a thread of the host's that this provider gets, with these bytes.
    pub(super) fn mark(&self, provider: &str, sha256: &str) -> io::Result<Mark> {
        Mark::of(provider, sha256, &self.file.with_file_name(ENDED))
    }

    /// Counts what ended the servers before this one, and says so.
    pub fn learn(&self) {
        if let Err(error) = self.read_ended() {
            tracing::warn!(%error, "whether a provider ended the last server is not known");
        }
    }

    fn read_ended(&self) -> io::Result<()> {
        let Some((ended, at, file)) = ended::read(&self.file.with_file_name(ENDED))? else { return Ok(()) };
        for ended in ended {
            let before = self.of(&ended.provider, &ended.library).unwrap_or_default();
            let mut breaker = Breaker::of(before, at);
            let era = breaker.era();
            breaker.record(Outcome::EndedServer, era, at);
            self.keep(&ended.provider, &ended.library, breaker.kept());
            tracing::error!(
                provider.id = ended.provider,
                reason = ended.how,
                hint = "run it in a process of its own: `isolation = \"process\"`",
                "the provider ended the last server from its thread"
            );
        }
        // Only now: whoever is cut off before counts it twice rather than never.
        file.set_len(0)
    }

    /// Forgets what it did; whether there was anything.
    pub fn forget(&self, provider: &str) -> bool {
        let mut was_there = false;
        self.change(|entries| was_there = entries.remove(provider).is_some());
        was_there
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Another server may live from the same folder: its turn is over first, and what it wrote is read.
        let _others = self.others();
        let mut entries = self.read();
        let before = entries.len();
        change(&mut entries);
        if entries.is_empty() && before == 0 {
            return;
        }
        if let Err(error) = self.write(&entries) {
            let file = self.file.display().to_string();
            tracing::warn!(file, %error, "what providers did is not kept over a restart");
        }
    }

    /// Keeps other servers waiting as long as it lives. Where there is no folder there is nothing to wait for.
    fn others(&self) -> Option<File> {
        let folder = File::open(self.file.parent()?).ok()?;
        flock(&folder, FlockOperation::LockExclusive).ok()?;
        Some(folder)
    }

    fn read(&self) -> Entries {
        let mut text = Vec::new();
        let read = File::open(&self.file).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Entries::new(),
            Err(error) => self.unread(&error),
            Ok(_) => serde_json::from_slice(&text).unwrap_or_else(|error| self.unread(&error)),
        }
    }

    fn unread(&self, error: &dyn std::error::Error) -> Entries {
        let file = self.file.display().to_string();
        tracing::warn!(file, %error, "what providers did before is not known: they start clean");
        Entries::new()
    }

    /// Whole or not at all, whenever the machine goes off.
    fn write(&self, entries: &Entries) -> io::Result<()> {
        let draft = self.file.with_extension("draft");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(&serde_json::to_vec(entries)?)?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.file)?;
        self.file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    fn faulty() -> Kept {
        let mut breaker = Breaker::default();
        let era = breaker.era();
        breaker.record(Outcome::Ended, era, millis(0));
        breaker.kept()
    }

    #[test]
    fn a_record_is_found_again_by_its_provider_and_its_file_and_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::beside(folder.path());
        assert!(!faults.forget("sms") && std::fs::read_dir(folder.path()).unwrap().next().is_none());
        faults.keep("sms", "ab", faulty());
        faults.keep("mail", "ab", faulty());
        let again = Faults::beside(folder.path());
        assert_eq!(again.of("sms", "ab"), Some(faulty()));
        assert_eq!(again.of("sms", "cd"), None, "another file starts clean");
        assert_eq!(again.of("call", "ab"), None);
        assert!(again.forget("sms") && again.of("sms", "ab").is_none() && again.of("mail", "ab").is_some());
        let mode = folder.path().join(NAME).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays");
    }

    /// A quarantine of the canary is none of the provider's, and the other way round.
    #[test]
    fn two_files_of_one_provider_are_kept_apart_and_forgotten_together() {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::beside(folder.path());
        faults.keep("sms", "old", faulty());
        faults.keep("sms", "canary", Breaker::default().kept());
        assert_eq!((faults.of("sms", "old"), faults.of("sms", "new")), (Some(faulty()), None));
        assert_eq!(faults.of("sms", "canary"), Some(Breaker::default().kept()));
        for newer in 0..MOST_FILES - 1 {
            faults.keep("sms", &newer.to_string(), faulty());
        }
        assert_eq!(
            (faults.of("sms", "old"), faults.of("sms", "0")),
            (None, Some(faulty())),
            "the oldest goes"
        );
        assert!(faults.forget("sms") && faults.of("sms", "0").is_none());
    }

    #[test]
    fn what_a_server_of_before_wrote_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::beside(folder.path());
        faults.keep("sms", "ab", faulty());
        let file = folder.path().join(NAME);
        let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let before = serde_json::json!({ "sms": written["sms"][0] });
        std::fs::write(&file, before.to_string()).unwrap();
        assert_eq!(faults.of("sms", "ab"), Some(faulty()));
    }

    /// As of two servers: neither knows of the other's lock in its own memory.
    #[test]
    fn two_that_write_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for server in 0..4 {
                let faults = Faults::beside(folder.path());
                scope.spawn(move || {
                    (0..10).for_each(|n| faults.keep(&format!("p{server}_{n}"), "ab", faulty()));
                });
            }
        });
        assert_eq!(Faults::beside(folder.path()).read().len(), 40);
    }

    #[test]
    fn a_file_that_is_no_good_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "{\"sms\":").unwrap();
        let faults = Faults::beside(folder.path());
        assert_eq!(faults.of("sms", "ab"), None);
        faults.keep("sms", "ab", faulty());
        assert_eq!(faults.of("sms", "ab"), Some(faulty()));
    }
}
