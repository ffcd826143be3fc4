//! Without Landlock no filter sees which file is opened: the linker then opens none, and is handed the one it needs.

use super::super::{elf, library};
use std::{
    fs::File,
    io,
    os::fd::IntoRawFd,
    path::Path,
    sync::atomic::{AtomicI32, Ordering},
};

/// The private copy, opened before the lock closed; -1 when there is none, or no more.
static COPY: AtomicI32 = AtomicI32::new(-1);

/// Loads what the copy is linked to, by the system's own names for it, and opens the copy.
///
/// To be called before the lock closes: afterwards nothing can be opened. What is loaded here is the system's; the linker
/// finds it again by its name when the copy is loaded. Where a library is linked to anything else, loading it fails.
pub(super) fn prepare(copy: &Path) -> io::Result<()> {
    let bytes = std::fs::read(copy)?;
    let needed = elf::facts(&bytes).map(|facts| facts.needed).unwrap_or_default();
    needed.iter().filter(|name| !name.contains('/')).for_each(|name| library::preload(name));
    COPY.store(File::open(copy)?.into_raw_fd(), Ordering::Relaxed);
    Ok(())
}

/// What a call that opens a file is answered: the copy, once.
pub(super) fn take(number: i64) -> Option<i64> {
    #[cfg(target_arch = "x86_64")]
    let opens = [libc::SYS_openat, libc::SYS_open].contains(&number);
    #[cfg(not(target_arch = "x86_64"))]
    let opens = number == libc::SYS_openat;
    let copy = if opens { COPY.swap(-1, Ordering::Relaxed) } else { -1 };
    (copy >= 0).then_some(i64::from(copy))
}
