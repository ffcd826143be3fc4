//! Tells that something changed in the folders of the libraries, once it has been quiet there for a moment.
//!
//! The system tells at once where it can. On a network file system it does not, nor where a folder is still to be made:
//! so the folders are looked at now and then as well. What counts in either case is how the files look.

use super::settings::LibrarySettings;
use crate::clock::{Clock, after};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Notify;

/// How long it has to be quiet: a file is copied by many writes.
const QUIET: Duration = Duration::from_millis(250);

/// How long quiet is waited for at most: a file that is written without end must not keep the others waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the folders are looked at, whatever the system tells.
const LOOK: Duration = Duration::from_secs(10);

/// Watches the folders that libraries are dropped into.
#[derive(Debug)]
pub struct Watch {
    folders: Vec<PathBuf>,
    told: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    /// How the files looked when a change was told last.
    seen: Looks,
    clock: Clock,
}

/// How files look, without reading them: device, inode, size, times of content and of state.
type Looks = BTreeMap<PathBuf, (u64, u64, u64, [i64; 4])>;

impl Watch {
    /// Begins; that something may have changed since the folders were looked at last is told first.
    pub fn begin(settings: &LibrarySettings, clock: Clock) -> Self {
        let told = Arc::new(Notify::new());
        told.notify_one();
        let teller = Arc::clone(&told);
        // Reading is no change: whoever looks through the folders would wake itself for ever.
        let tell = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| !event.kind.is_access()) {
                teller.notify_one();
            }
        };
        let watcher = notify::recommended_watcher(tell);
        if let Err(error) = &watcher {
            let hint = "the folders of the libraries are looked at every 10 s all the same";
            tracing::warn!(%error, hint, "the system does not tell of changed files");
        }
        let folders = settings.directories.clone();
        let mut watch = Self { folders, told, watcher: watcher.ok(), seen: Looks::new(), clock };
        watch.attach();
        watch
    }

    /// Waits until something has changed and the files are left alone. May be given up and asked again.
    pub async fn changed(&mut self) {
        loop {
            tokio::select! {
                () = self.told.notified() => {}
                () = self.clock.sleep(LOOK) => {}
            }
            let mut looks = looks(&self.folders);
            if looks == self.seen {
                continue;
            }
            let until = after(self.clock.now(), PATIENCE);
            loop {
                self.clock.sleep(QUIET).await;
                let before = std::mem::replace(&mut looks, self::looks(&self.folders));
                if looks == before || self.clock.now() >= until {
                    break;
                }
            }
            // A folder may have come, or come anew.
            self.attach();
            self.seen = looks;
            return;
        }
    }

    fn attach(&mut self) {
        for folder in &self.folders {
            if let Some(watcher) = &mut self.watcher
                && let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive)
            {
                tracing::debug!(folder = %folder.display(), %error, "a folder is not watched yet");
            }
        }
    }
}

fn looks(folders: &[PathBuf]) -> Looks {
    let mut looks = Looks::new();
    for folder in folders {
        // A signature may come after its library.
        let counts = |path: &PathBuf| path.extension().is_some_and(|end| end == "so" || end == "minisig");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files = entries.map(|entry| entry.path()).filter(counts);
        looks.extend(files.filter_map(|file| Some((file.clone(), look(&file)?))));
        // Of the folder itself only which it is: whatever else is written there does not matter.
        let which = folder.metadata().ok().map(|folder| (folder.dev(), folder.ino(), 0, [0; 4]));
        looks.extend(which.map(|which| (folder.clone(), which)));
    }
    looks
}

fn look(file: &Path) -> Option<(u64, u64, u64, [i64; 4])> {
    let known = std::fs::symlink_metadata(file).ok()?;
    let times = [known.mtime(), known.mtime_nsec(), known.ctime(), known.ctime_nsec()];
    Some((known.dev(), known.ino(), known.len(), times))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, millis};
    use std::fs;

    fn settings(folder: &Path) -> LibrarySettings {
        let (directories, copies) = (vec![folder.to_owned()], folder.join("copies"));
        LibrarySettings {
            directories,
            copies,
            watch: true,
            pins: Vec::new(),
            canaries: Vec::new(),
            signers: None,
            sandbox_required: false,
        }
    }

    /// The system's word is needed here: the clock stands still.
    async fn told(watch: &mut Watch, hand: &ManualClock, change: impl FnOnce()) {
        let changing = async {
            change();
            // Until it waits for quiet, and not for the next look: then a quarter of a second passes at a time.
            loop {
                tokio::task::yield_now().await;
                hand.advance(Duration::from_millis(1));
            }
        };
        tokio::select! {
            () = watch.changed() => {}
            () = changing => {}
        }
    }

    #[tokio::test]
    async fn a_file_that_comes_changes_or_goes_is_told_and_nothing_else() {
        let (folder, hand) = (tempfile::tempdir().unwrap(), ManualClock::at(millis(0)));
        let mut watch = Watch::begin(&settings(folder.path()), hand.clock());
        told(&mut watch, &hand, || {}).await;
        let file = folder.path().join("libx.so");
        told(&mut watch, &hand, || fs::write(&file, "one").unwrap()).await;
        assert_eq!(watch.seen.len(), 2);
        told(&mut watch, &hand, || fs::write(&file, "other").unwrap()).await;
        // Neither reading nor another kind of file is a change; what is told next is the file that goes.
        fs::read(&file).unwrap();
        fs::write(folder.path().join("notes.txt"), "x").unwrap();
        fs::remove_file(&file).unwrap();
        told(&mut watch, &hand, || {}).await;
        assert_eq!(watch.seen.len(), 1);
    }

    /// A network file system tells nothing: the folder is looked at.
    #[tokio::test]
    async fn a_change_that_nobody_tells_of_is_found() {
        let (folder, hand) = (tempfile::tempdir().unwrap(), ManualClock::at(millis(0)));
        let later = folder.path().join("later");
        let mut watch = Watch::begin(&settings(&later), hand.clock());
        watch.watcher = None;
        told(&mut watch, &hand, || {
            fs::create_dir(&later).unwrap();
            fs::write(later.join("libx.so"), "one").unwrap();
        })
        .await;
        assert_eq!(watch.seen.len(), 2);
    }
}
