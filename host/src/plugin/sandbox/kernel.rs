//! Landlock: which files a process may still open, and that it reaches nobody outside.
#![expect(unsafe_code, reason = "the kernel says its version of Landlock by a system call that nobody wraps")]

use super::{Cell, NoLandlock, Sandbox};
use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use std::{
    io,
    path::{Path, PathBuf},
};

/// The newest version that is asked for; the kernel holds to as much of it as it knows.
const NEWEST: ABI = ABI::V10;

/// Where the dynamic linker finds what a library is linked to.
const LINKED: [&str; 8] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
];

/// What looking up a name and trusting a certificate read.
const NETWORK: [&str; 20] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/run/systemd/resolve",
    // Not the folders above: private keys of this machine's services stand beside.
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust",
    "/etc/ca-certificates",
    "/usr/lib/ssl",
    "/usr/share/ca-certificates",
    "/usr/share/pki",
    "/usr/local/share/ca-certificates",
];

/// Leaves root nothing of what makes it more than any other user.
pub(super) fn drop_capabilities() -> io::Result<()> {
    let none = CapabilitySet::empty();
    Ok(set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?)
}

/// Restricts this thread and all that it will start; whether the kernel now holds it to its files.
///
/// An older Landlock enforces a part of what is asked for. Its first version already knows all of reading and writing;
/// what came later (connections, signals, Unix sockets) seccomp refuses as well.
pub(super) fn restrict(cell: &Cell, copy: &Path) -> io::Result<bool> {
    let sandbox = cell.sandbox;
    let failed = |cause: landlock::RulesetError| io::Error::other(cause);
    let mut ruleset = Ruleset::default().handle_access(AccessFs::from_all(NEWEST)).map_err(failed)?;
    ruleset = ruleset.scope(Scope::from_all(NEWEST)).map_err(failed)?;
    ruleset = match sandbox {
        Sandbox::Network => ruleset.handle_access(AccessNet::BindTcp),
        _ => ruleset.handle_access(AccessNet::from_all(NEWEST)),
    }
    .map_err(failed)?;
    let load = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let linked = LINKED.into_iter().map(Path::new).chain([copy]).map(|path| (path, load));
    let network = NETWORK.into_iter().map(Path::new).filter(|_| sandbox == Sandbox::Network);
    let readable = network.chain(cell.readable.iter().map(PathBuf::as_path)).map(|path| (path, read));
    let all = AccessFs::from_all(NEWEST) & !AccessFs::Execute;
    let files = cell.files.iter().map(|path| (path.as_path(), all));
    let mut created = ruleset.create().map_err(failed)?;
    for (path, access) in linked.chain(readable).chain(files) {
        // What is not there needs no rule.
        let Ok(opened) = PathFd::new(path) else { continue };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
        created = created.add_rule(PathBeneath::new(opened, access)).map_err(failed)?;
    }
    Ok(created.restrict_self().map_err(failed)?.ruleset != RulesetStatus::NotEnforced)
}

/// The version of Landlock that the kernel speaks, or why it speaks none.
pub(super) fn landlock_version() -> Result<u32, NoLandlock> {
    /// `LANDLOCK_CREATE_RULESET_VERSION` of landlock(7).
    const VERSION: libc::c_long = 1;
    // SAFETY: with this flag the kernel reads no memory of ours and answers a number.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0_usize, 0_usize, VERSION) };
    match u32::try_from(version) {
        Ok(version @ 1..) => Ok(version),
        _ => Err(NoLandlock::of(io::Error::last_os_error().raw_os_error())),
    }
}

/// Whether the process can make code of its own memory.
pub(super) fn makes_code() -> bool {
    let (data, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new page: nobody uses it.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), 1, data, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return false;
    }
    // SAFETY: the same page, which nobody knows of.
    let done = unsafe { libc::mprotect(page, 1, libc::PROT_READ | libc::PROT_EXEC) };
    // SAFETY: as above.
    unsafe { libc::munmap(page, 1) };
    done == 0
}

/// Whether the process can still install filters: that is asked by a question that installs none.
pub(super) fn takes_filters() -> bool {
    /// `SECCOMP_GET_ACTION_AVAIL` of seccomp(2).
    const ASK: libc::c_long = 2;
    let allow: u32 = libc::SECCOMP_RET_ALLOW;
    // SAFETY: the kernel reads four bytes of ours.
    unsafe { libc::syscall(libc::SYS_seccomp, ASK, 0_usize, &raw const allow) == 0 }
}
