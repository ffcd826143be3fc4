//! The processes that work for one folder: the workers of its providers name their copy, which lies in it.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The processes whose command line names a folder.
#[derive(Debug, Clone)]
pub struct Processes {
    folder: PathBuf,
}

impl Processes {
    /// Those of this folder.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Their ids.
    ///
    /// # Panics
    ///
    /// When the system does not list its processes.
    pub fn ids(&self) -> Vec<Pid> {
        let folder = self.folder.to_str().expect("a folder with a plain name");
        let processes = fs::read_dir("/proc").expect("the system lists its processes");
        let ids = processes.flatten().filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&line).contains(folder).then_some(Pid::from_raw(id)?)
        });
        ids.collect()
    }

    /// Sends all of them a signal.
    ///
    /// # Panics
    ///
    /// When there is none, or one takes no signal.
    pub fn signal(&self, signal: Signal) {
        let ids = self.ids();
        assert!(!ids.is_empty(), "no process works for {}", self.folder.display());
        for id in ids {
            kill_process(id, signal).expect("a process takes a signal");
        }
    }

    /// Stops them where they are: they live and do not answer.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets them go on.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }
}
