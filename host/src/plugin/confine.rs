//! What a process that runs a foreign library gives up before it loads it.

use crate::seal::forbid_core_dumps;
use rustix::{
    process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit},
    thread::set_no_new_privs,
};
use std::{fs::File, io, os::fd::OwnedFd};

/// The address space of a library's process: 1 GiB.
const MEMORY: u64 = 1 << 30;
/// Its open files.
const FILES: u64 = 256;

/// Ends with the host, gains no privileges, leaves no core dump (a code might be in it), stays within its limits.
pub(super) fn confine() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    set_no_new_privs(true)?;
    forbid_core_dumps()?;
    for (resource, limit) in [(Resource::Nofile, FILES), (Resource::As, MEMORY)] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    Ok(())
}

/// Takes standard input away from the library and keeps what it was.
pub(super) fn take_stdin() -> io::Result<OwnedFd> {
    use std::os::fd::AsFd;
    let kept = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(kept)
}

/// Takes standard output away from the library, whose `println!` would otherwise break the conversation.
pub(super) fn take_stdout() -> io::Result<OwnedFd> {
    use std::os::fd::AsFd;
    let kept = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    Ok(kept)
}
