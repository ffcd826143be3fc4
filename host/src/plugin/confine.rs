//! What a process that runs a foreign library gives up before it loads it.

use crate::seal::forbid_core_dumps;
use rustix::{
    process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit},
    thread::set_no_new_privs,
};
use std::{
    fs::File,
    io,
    os::fd::{OwnedFd, RawFd},
    path::PathBuf,
};

/// The address space of a library's process: 1 GiB.
const MEMORY: u64 = 1 << 30;
/// What the allocator of such a process is told through its environment, its only variable: to take address space by
/// 32 MiB, as by its own measure it would take the whole of it at once.
pub(super) const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "32768");
/// Its open files.
const FILES: u64 = 256;
/// The largest file that it writes: 1 GiB. It bounds what one that is granted a file can do to the disk.
const LARGEST_FILE: u64 = 1 << 30;

/// Ends with the host, gains no privileges, leaves no core dump (a code might be in it), stays within its limits.
pub(super) fn confine() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Where memory runs out the kernel is to end this and not the host. Without `/proc` there is nothing to be done.
    drop(std::fs::write("/proc/self/oom_score_adj", "1000"));
    set_no_new_privs(true)?;
    forbid_core_dumps()?;
    for (resource, limit) in
        [(Resource::Nofile, FILES), (Resource::As, MEMORY), (Resource::Fsize, LARGEST_FILE)]
    {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    Ok(())
}

/// Closes whatever else the host's own parent had left open: no library needs it.
///
/// To be called first of all, while this process has opened nothing itself. A kernel before 5.9 has to be told one by one,
/// by what `/proc` says.
#[expect(unsafe_code, reason = "a descriptor that was inherited has no owner that could close it")]
fn close_inherited() {
    // SAFETY: nothing in this process has opened a file yet, so nobody owns one of these.
    if unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } == 0 {
        return;
    }
    // The folder itself is open while it is read, and then no more.
    let folder = PathBuf::from(format!("/proc/{}/fd", std::process::id()));
    let number = |entry: std::fs::DirEntry| {
        let kept = std::fs::read_link(entry.path()).is_ok_and(|target| target != folder);
        entry.file_name().to_str()?.parse::<RawFd>().ok().filter(|_| kept)
    };
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let open: Vec<RawFd> = entries.filter_map(number).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // SAFETY: nothing in this process has opened a file yet, so nobody owns it.
        unsafe { rustix::io::close(descriptor) };
    }
}

/// Takes standard input away from the library and keeps what it was.
pub(super) fn take_stdin() -> io::Result<OwnedFd> {
    use std::os::fd::AsFd;
    close_inherited();
    let kept = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(kept)
}

/// Takes standard output away from the library, whose `println!` would otherwise break the conversation.
pub(super) fn take_stdout() -> io::Result<OwnedFd> {
    use std::os::fd::AsFd;
    close_inherited();
    let kept = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    Ok(kept)
}
