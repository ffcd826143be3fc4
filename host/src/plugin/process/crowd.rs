//! How many threads a process has: too many take the machine's numbers of processes from everybody.

use std::{os::unix::fs::MetadataExt, time::Duration};
use tokio::time::MissedTickBehavior;

/// The threads of one process. A provider with a runtime of its own has a few for each core.
pub(super) const MOST_THREADS: usize = 512;

/// How often they are counted.
const LOOK_AT_THREADS: Duration = Duration::from_millis(500);

/// Waits until a process has more threads than it may. No limit of the kernel's counts those of one process.
pub(super) async fn crowd(process: Option<u32>) -> usize {
    let tasks = process.map(|id| format!("/proc/{id}/task"));
    let mut looks = tokio::time::interval(LOOK_AT_THREADS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        // Each is a folder, whose links the kernel counts without listing them.
        let links = tasks.as_ref().and_then(|tasks| std::fs::metadata(tasks).ok()).map(|found| found.nlink());
        match usize::try_from(links.unwrap_or(0).saturating_sub(2)) {
            Ok(threads) if threads > MOST_THREADS => return threads,
            _ => {}
        }
    }
}
