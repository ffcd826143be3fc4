//! seccomp: which system calls a process may still make. What is not named here is refused.

use super::{Cell, Sandbox, kernel, refusal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::{collections::BTreeMap, io};

#[cfg(target_arch = "x86_64")]
const MACHINE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const MACHINE: TargetArch = TargetArch::aarch64;

/// How far the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The linker opens files and maps them as code; constructors run.
    Loading,
    /// The same where there is no Landlock: the linker is handed the one file that it needs.
    LoadingWithoutFiles,
    /// The library runs.
    Running,
}

/// Of memory: that it may be written, and run.
const WRITTEN: u64 = libc::PROT_WRITE.unsigned_abs() as u64;
const EXECUTED: u64 = libc::PROT_EXEC.unsigned_abs() as u64;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Memory, time, threads of its own, waiting, and what is open already.
const ALWAYS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_membarrier,
    libc::SYS_get_mempolicy,
    libc::SYS_mbind,
    libc::SYS_getcpu,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_clone3, // answered by the quiet filter
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_getattr,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_msync,
    libc::SYS_fadvise64,
    libc::SYS_fstat,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_recvfrom,
    libc::SYS_shutdown,
    libc::SYS_getsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
];

/// The same under the names that newer machines do without.
#[cfg(target_arch = "x86_64")]
const OLD_NAMES: &[libc::c_long] =
    &[libc::SYS_dup2, libc::SYS_pipe, libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_select, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const OLD_NAMES: &[libc::c_long] = &[];

/// Harmless to ask for and nothing to have: quietly refused, as it may be asked while signals are blocked, when what is
/// refused aloud ends the process.
const UNPRIVILEGED: &[libc::c_long] = &[
    libc::SYS_fchmod, // which Landlock does not judge
    libc::SYS_setpriority,
    libc::SYS_getpriority,
    libc::SYS_ioprio_set,
    libc::SYS_ioprio_get,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_set_mempolicy,
];

/// Sockets, beside those that are only allowed with certain arguments.
const NETWORK: &[libc::c_long] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_setsockopt,
];

/// Looking at files; which of them can be opened is Landlock's to say.
const LOOKING: &[libc::c_long] = &[
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_fstatfs,
    libc::SYS_getcwd,
];
#[cfg(target_arch = "x86_64")]
const LOOKING_BY_OLD_NAMES: &[libc::c_long] =
    &[libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink];
#[cfg(not(target_arch = "x86_64"))]
const LOOKING_BY_OLD_NAMES: &[libc::c_long] = &[];

/// Making, changing and removing files, where Landlock allows it.
const CHANGING: &[libc::c_long] = &[
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_flock,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
];
#[cfg(target_arch = "x86_64")]
const CHANGING_BY_OLD_NAMES: &[libc::c_long] =
    &[libc::SYS_mkdir, libc::SYS_rmdir, libc::SYS_unlink, libc::SYS_rename];
#[cfg(not(target_arch = "x86_64"))]
const CHANGING_BY_OLD_NAMES: &[libc::c_long] = &[];

/// Questions that a terminal or a socket is asked: `TCGETS`, `TIOCGWINSZ`, `FIONBIO`, `FIONREAD`, `FIOCLEX`, `FIONCLEX`.
const ASKED_OF_FILES: [u64; 6] = [0x5401, 0x5413, 0x5421, 0x541b, 0x5451, 0x5450];

/// What a thread says and asks of itself: `PR_SET_NAME`, `PR_GET_NAME`, `PR_GET_DUMPABLE`, `PR_GET_THP_DISABLE`,
/// `PR_SET_VMA`.
const ASKED_OF_THREADS: [u64; 5] = [15, 16, 3, 42, 0x5356_4d41];

/// The commands of fcntl(2) that concern a descriptor alone, and locks: none that sends signals.
const ASKED_OF_DESCRIPTORS: [i32; 11] = [
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
    libc::F_OFD_SETLK,
    libc::F_OFD_SETLKW,
];

/// Holds every thread of this process to what `cell` allows in this phase. What was refused before stays so.
pub(super) fn apply(cell: &Cell, phase: Phase) -> io::Result<()> {
    if phase != Phase::Running {
        install(quiet()?, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS.unsigned_abs()))?;
        let unprivileged = UNPRIVILEGED.iter().map(|call| (*call, Vec::new())).collect();
        let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        install(unprivileged, SeccompAction::Allow, refused)?;
    }
    install(allowed(cell, phase)?, SeccompAction::Trap, SeccompAction::Allow)
}

/// What loading needed and this process can still do, though the filter of running was installed.
///
/// The calls are made in earnest. A constructor can have kept that filter away by one of its own that answers for
/// seccomp(2); it can as well refuse these calls itself, and then they are refused.
pub(super) fn still_allows() -> Option<&'static str> {
    refusal::quietly(|| {
        kernel::makes_code()
            .then_some("make new code")
            .or_else(|| kernel::takes_filters().then_some("install filters"))
    })
}

fn install(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> io::Result<()> {
    let filter = SeccompFilter::new(rules, otherwise, matched, MACHINE).map_err(io::Error::other)?;
    let program = BpfProgram::try_from(filter).map_err(io::Error::other)?;
    seccompiler::apply_filter_all_threads(&program).map_err(io::Error::other)
}

/// What is not there, rather than refused: glibc then goes another way, and nobody hears of it.
fn quiet() -> io::Result<Rules> {
    // Its flags lie in memory, where no filter sees them; glibc goes on with `clone`.
    let mut rules = Rules::from([(libc::SYS_clone3, Vec::new())]);
    // With a network, each name that is looked up would first be asked of a cache behind a Unix socket.
    rules.insert(libc::SYS_socket, vec![rule([equal(0, libc::AF_UNIX.unsigned_abs().into())?])?]);
    Ok(rules)
}

fn allowed(cell: &Cell, phase: Phase) -> io::Result<Rules> {
    let is_loading = phase != Phase::Running;
    let has_network = cell.sandbox == Sandbox::Network;
    let has_files = !cell.files.is_empty();
    let may_read = phase == Phase::Loading || has_network || !cell.readable.is_empty();
    let mut rules: Rules =
        ALWAYS.iter().chain(OLD_NAMES).chain(UNPRIVILEGED).map(|call| (*call, Vec::new())).collect();
    let mut add = |calls: &[libc::c_long]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    if has_network {
        add(NETWORK);
    }
    if may_read || has_files {
        add(LOOKING);
        add(LOOKING_BY_OLD_NAMES);
    }
    if has_files {
        add(CHANGING);
        add(CHANGING_BY_OLD_NAMES);
        rules.insert(libc::SYS_openat, emptied_by_writers_only(2)?);
        #[cfg(target_arch = "x86_64")]
        rules.insert(libc::SYS_open, emptied_by_writers_only(1)?);
    } else if may_read {
        let writing = (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC).unsigned_abs().into();
        rules.insert(libc::SYS_openat, vec![rule([masked(2, writing, 0)?])?]);
        #[cfg(target_arch = "x86_64")]
        rules.insert(libc::SYS_open, vec![rule([masked(1, writing, 0)?])?]);
    }
    if is_loading {
        // For the filter of the next phase; another one can only forbid more.
        rules.insert(libc::SYS_seccomp, Vec::new());
    }
    let prctl = ASKED_OF_THREADS.into_iter().chain(is_loading.then_some(38)); // PR_SET_NO_NEW_PRIVS
    rules.insert(libc::SYS_prctl, any_of(0, prctl)?);
    rules.insert(libc::SYS_ioctl, any_of(1, ASKED_OF_FILES)?);
    let commands = ASKED_OF_DESCRIPTORS.into_iter().map(|command| command.unsigned_abs().into());
    rules.insert(libc::SYS_fcntl, any_of(1, commands)?);
    // Code comes from files while the library is loaded, and with a network when the system looks up names; but what is
    // code is never written.
    let data = || Ok::<_, io::Error>(vec![rule([masked(2, EXECUTED, 0)?])?]);
    let code = || {
        [0, WRITTEN, EXECUTED].map(|kind| rule([masked(2, WRITTEN | EXECUTED, kind)?])).into_iter().collect()
    };
    rules.insert(libc::SYS_mmap, if is_loading || has_network { code() } else { data() }?);
    rules.insert(libc::SYS_mprotect, if is_loading { code() } else { data() }?);
    let thread = libc::CLONE_THREAD.unsigned_abs().into();
    rules.insert(libc::SYS_clone, vec![rule([masked(0, thread, thread)?])?]);
    rules.insert(libc::SYS_tgkill, any_of(0, [std::process::id().into()])?);
    // Only asked, never set; both halves of the pointer.
    rules.insert(libc::SYS_prlimit64, vec![rule([null(2)?])?]);
    let stream = libc::SOCK_STREAM.unsigned_abs().into();
    // A pair of datagram sockets could reach others by name.
    rules.insert(libc::SYS_socketpair, vec![rule([masked(1, 0xf, stream)?])?]);
    if has_network {
        rules.insert(libc::SYS_socket, sockets()?);
    } else {
        // To whom a socket is connected, and to nobody by name.
        rules.insert(libc::SYS_sendto, vec![rule([null(4)?])?]);
    }
    Ok(rules)
}

/// TCP and UDP, and asking the kernel for its addresses and routes, as looking up a name does. No other protocol that the
/// kernel has: each would be code that nobody needs and that somebody breaks. `AF_UNIX` is answered by the quiet filter.
fn sockets() -> io::Result<Vec<SeccompRule>> {
    let mut rules = vec![rule([equal(0, libc::AF_UNIX.unsigned_abs().into())?])?];
    rules.push(rule([
        equal(0, libc::AF_NETLINK.unsigned_abs().into())?,
        equal(2, libc::NETLINK_ROUTE.unsigned_abs().into())?,
    ])?);
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (kind, protocol) in
            [(libc::SOCK_STREAM, libc::IPPROTO_TCP), (libc::SOCK_DGRAM, libc::IPPROTO_UDP)]
        {
            for protocol in [0, protocol] {
                rules.push(rule([
                    equal(0, family.unsigned_abs().into())?,
                    masked(1, 0xf, kind.unsigned_abs().into())?,
                    equal(2, protocol.unsigned_abs().into())?,
                ])?);
            }
        }
    }
    Ok(rules)
}

/// A file is emptied only by whoever opens it to write, which Landlock judges; emptying itself its first two versions do not.
fn emptied_by_writers_only(flags: u8) -> io::Result<Vec<SeccompRule>> {
    let (empties, mode) = (libc::O_TRUNC.unsigned_abs().into(), libc::O_ACCMODE.unsigned_abs().into());
    let writes = |how: i32| rule([masked(flags, mode, how.unsigned_abs().into())?]);
    Ok(vec![rule([masked(flags, empties, 0)?])?, writes(libc::O_WRONLY)?, writes(libc::O_RDWR)?])
}

fn rule<const N: usize>(conditions: [SeccompCondition; N]) -> io::Result<SeccompRule> {
    SeccompRule::new(conditions.into()).map_err(io::Error::other)
}

fn any_of(argument: u8, values: impl IntoIterator<Item = u64>) -> io::Result<Vec<SeccompRule>> {
    values.into_iter().map(|value| rule([equal(argument, value)?])).collect()
}

fn equal(argument: u8, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::Eq, value).map_err(io::Error::other)
}

fn null(argument: u8) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, seccompiler::SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)
        .map_err(io::Error::other)
}

/// Whether these bits of an argument have this value.
fn masked(argument: u8, bits: u64, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::MaskedEq(bits), value).map_err(io::Error::other)
}
