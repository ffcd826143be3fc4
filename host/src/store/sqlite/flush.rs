//! Makes what was committed durable: flushes the database's log, beside whoever writes to it.

use super::file::beside;
use crate::store::fault::Fault;
use std::{
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// SQLite's write-ahead log of a database. Every commit before a flush survives a loss of power after it.
///
/// SQLite has no lock on this file, so a handle of ours that is closed takes none away.
#[derive(Debug, Clone)]
pub(in crate::store) struct Log(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    disk: Disk,
    /// Held while the disk is asked: the system tells of a write that failed once, so nobody may be told that all is well
    /// while another hears that it is not.
    turn: Mutex<()>,
    /// Why the disk did not keep what was committed. From then on nobody can say what it holds.
    lost: OnceLock<Fault>,
}

#[derive(Debug)]
enum Disk {
    File(File),
    /// Each flush waits for a word: whether it goes well.
    #[cfg(test)]
    Held(Mutex<std::sync::mpsc::Receiver<bool>>),
}

impl Log {
    /// The log of an open database, which keeps the same one for as long as somebody has it open.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        Ok(Self::over(Disk::File(File::options().write(true).open(beside(database, "-wal"))?)))
    }

    fn over(disk: Disk) -> Self {
        Self(Arc::new(Parts { disk, turn: Mutex::default(), lost: OnceLock::new() }))
    }

    /// Waits until the disk has all that was committed.
    pub(in crate::store) fn flush(&self) -> Result<(), Fault> {
        let _turn = self.0.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.state()?;
        // What the disk did not take once, the next flush may say it took: so no write after this one can be trusted.
        self.0.disk.flush().map_err(|cause| self.lose(Fault::Unflushed(cause.to_string())))
    }

    /// Says that nothing which was committed can be trusted any more.
    pub(in crate::store) fn lose(&self, fault: Fault) -> Fault {
        self.0.lost.get_or_init(|| fault).clone()
    }

    /// Whether what was committed can be trusted.
    pub(in crate::store) fn state(&self) -> Result<(), Fault> {
        self.0.lost.get().map_or(Ok(()), |fault| Err(fault.clone()))
    }
}

impl Disk {
    fn flush(&self) -> io::Result<()> {
        match self {
            Self::File(file) => file.sync_data(),
            #[cfg(test)]
            Self::Held(words) => match words.lock().unwrap().recv() {
                Ok(true) => Ok(()),
                _ => Err(io::Error::other("as asked")),
            },
        }
    }
}

#[cfg(test)]
impl Log {
    /// One whose flushes wait, each for a word whether it goes well; without anybody who has one they fail.
    pub(in crate::store) fn held() -> (Self, std::sync::mpsc::Sender<bool>) {
        let (words, said) = std::sync::mpsc::channel();
        (Self::over(Disk::Held(Mutex::new(said))), words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_flush_that_failed_no_flush_goes_well() {
        let (log, words) = Log::held();
        for word in [true, false, true] {
            words.send(word).unwrap();
        }
        assert_eq!((log.flush(), log.state()), (Ok(()), Ok(())));
        let other = log.clone();
        assert!(matches!(log.flush(), Err(Fault::Unflushed(_))));
        assert!(
            matches!(other.flush(), Err(Fault::Unflushed(_))),
            "whoever asks, and whatever the disk says"
        );
        assert!(matches!(other.state(), Err(Fault::Unflushed(_))));
    }
}
