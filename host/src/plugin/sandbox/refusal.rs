//! A refused system call: an error to whoever made it, and a line on standard error for the host's log.
#![expect(unsafe_code, reason = "a signal's handler, and the registers in which a system call is answered")]

use super::handed;
use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

/// What such a line begins with; the number of the system call follows.
const MARK: &str = "passrelay-sandbox refuses ";

/// What a library asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plugin) struct Refused {
    /// What kind of thing.
    pub(in crate::plugin) what: &'static str,
    /// Which key would grant it.
    pub(in crate::plugin) hint: &'static str,
}

const SOCKET: Refused = Refused { what: "a socket", hint: "`sandbox = \"network\"` would grant it" };
const FILE: Refused = Refused {
    what: "a file",
    hint: "a library that declares the need `files` may open those that its configuration names",
};
const PROGRAM: Refused = Refused { what: "a program", hint: "only `sandbox = \"off\"` would grant it" };
const SIGNAL: Refused =
    Refused { what: "a signal to a process", hint: "only `sandbox = \"off\"` would grant it" };
const MEMORY: Refused =
    Refused { what: "another process's memory", hint: "only `sandbox = \"off\"` would grant it" };
const CODE: Refused =
    Refused { what: "memory for new code", hint: "only `sandbox = \"off\"` would grant it" };
const OTHER: Refused = Refused { what: "something else", hint: "only `sandbox = \"off\"` would grant it" };

/// Each kind of refusal with its system calls.
const KINDS: &[(Refused, &[libc::c_long])] = &[
    (
        SOCKET,
        &[
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_listen,
            libc::SYS_accept,
            libc::SYS_accept4,
            libc::SYS_sendto,
            libc::SYS_sendmsg,
            libc::SYS_sendmmsg,
            libc::SYS_recvmsg,
            libc::SYS_recvmmsg,
            libc::SYS_setsockopt,
        ],
    ),
    (
        FILE,
        &[
            libc::SYS_openat,
            libc::SYS_openat2,
            libc::SYS_newfstatat,
            libc::SYS_statx,
            libc::SYS_faccessat,
            libc::SYS_faccessat2,
            libc::SYS_readlinkat,
            libc::SYS_getdents64,
            libc::SYS_getcwd,
            libc::SYS_chdir,
            libc::SYS_mkdirat,
            libc::SYS_mknodat,
            libc::SYS_unlinkat,
            libc::SYS_renameat,
            libc::SYS_renameat2,
            libc::SYS_fchmod,
            libc::SYS_linkat,
            libc::SYS_symlinkat,
            libc::SYS_truncate,
            libc::SYS_fchmodat,
            libc::SYS_fchownat,
            libc::SYS_utimensat,
        ],
    ),
    (PROGRAM, &[libc::SYS_execve, libc::SYS_execveat, libc::SYS_clone]),
    (
        SIGNAL,
        &[
            libc::SYS_kill,
            libc::SYS_tkill,
            libc::SYS_tgkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo,
            libc::SYS_pidfd_send_signal,
        ],
    ),
    (MEMORY, &[libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev]),
    (CODE, &[libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_pkey_mprotect]),
    #[cfg(target_arch = "x86_64")]
    (
        FILE,
        &[
            libc::SYS_open,
            libc::SYS_creat,
            libc::SYS_stat,
            libc::SYS_lstat,
            libc::SYS_access,
            libc::SYS_readlink,
            libc::SYS_unlink,
            libc::SYS_rename,
            libc::SYS_mkdir,
            libc::SYS_rmdir,
        ],
    ),
    #[cfg(target_arch = "x86_64")]
    (PROGRAM, &[libc::SYS_fork, libc::SYS_vfork]),
];

/// What a line of standard error tells of a refusal, with the number of the system call, and what stands before it.
pub(in crate::plugin) fn read(line: &str) -> Option<(&str, Refused, libc::c_long)> {
    let (before, number) = line.split_once(MARK)?;
    let number = number.trim_end().parse().ok()?;
    Some((before, kind(number), number))
}

fn kind(number: libc::c_long) -> Refused {
    KINDS.iter().find(|(_, calls)| calls.contains(&number)).map_or(OTHER, |(kind, _)| *kind)
}

/// From now on a refused system call is an error, and the first of each is told on standard error.
pub(super) fn report_to_standard_error() -> io::Result<()> {
    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = answer;
    // SAFETY: all bits zero is a valid `sigaction`: no handler, an empty mask, no flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the handler has the signature that `SA_SIGINFO` asks for, and does only what a handler may.
    let done = unsafe { libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether the worker asks for something to see it refused.
static IS_TRYING: AtomicBool = AtomicBool::new(false);

/// Does what is expected to be refused, without telling the host.
pub(super) fn quietly<T>(does: impl FnOnce() -> T) -> T {
    IS_TRYING.store(true, Ordering::Relaxed);
    let result = does();
    IS_TRYING.store(false, Ordering::Relaxed);
    result
}

/// The numbers that were told already.
static TOLD: [AtomicBool; 512] = [const { AtomicBool::new(false) }; 512];

/// Runs where the refused call was made: puts its answer into its registers. No allocation, no lock.
extern "C" fn answer(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel hands a handler of `SA_SIGINFO` the registers of the interrupted thread, its alone.
    let Some(context) = (unsafe { context.as_mut() }) else { return };
    let (number, arguments) = asked(context);
    if let Some(result) = handed::take(number).or_else(|| look_at_what_is_open(number, arguments)) {
        return reply(context, result);
    }
    reply(context, -i64::from(libc::EPERM));
    if IS_TRYING.load(Ordering::Relaxed) {
        return;
    }
    let place = usize::try_from(number).ok().and_then(|number| TOLD.get(number));
    if place.is_some_and(|told| told.swap(true, Ordering::Relaxed)) {
        return;
    }
    let mut line = [0; MARK.len() + 24];
    let length = write_line(&mut line, number);
    // SAFETY: `line` has at least `length` bytes; writing is allowed in a handler and to every process here.
    unsafe { libc::write(2, line.as_ptr().cast(), length) };
}

/// Looking at a file that is open already, by the calls that look at any path: no filter sees whether the path is empty.
/// `None` where it is not.
fn look_at_what_is_open(number: i64, arguments: [i64; 5]) -> Option<i64> {
    let [descriptor, path, buffer, flags, _] = arguments;
    let flags = match number {
        libc::SYS_newfstatat => flags,
        // Its third argument.
        libc::SYS_statx => buffer,
        _ => return None,
    };
    let path = std::ptr::with_exposed_provenance::<u8>(usize::try_from(path.cast_unsigned()).ok()?);
    // SAFETY: the caller says that a path stands there; where that is not so, the library ends its own process.
    let is_empty = path.is_null() || unsafe { path.read() } == 0;
    if flags & i64::from(libc::AT_EMPTY_PATH) == 0 || !is_empty {
        return None;
    }
    if number == libc::SYS_statx {
        // Whoever hears that goes on with the other one.
        return Some(-i64::from(libc::ENOSYS));
    }
    // SAFETY: the caller says that a `stat` fits there, and the kernel looks whether it is the caller's memory.
    let result = unsafe { libc::syscall(libc::SYS_fstat, descriptor, buffer) };
    Some(if result == 0 {
        0
    } else {
        -i64::from(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EBADF))
    })
}

/// The call's number and its first arguments.
#[cfg(target_arch = "x86_64")]
fn asked(context: &libc::ucontext_t) -> (i64, [i64; 5]) {
    let registers = &context.uc_mcontext.gregs;
    let at = |register: libc::c_int| {
        usize::try_from(register).ok().and_then(|at| registers.get(at)).copied().unwrap_or(-1)
    };
    // The kernel rolls a trapped call back: its number stands where its answer is to stand.
    let arguments = [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX, libc::REG_R10, libc::REG_R8];
    (at(libc::REG_RAX), arguments.map(at))
}

/// Answers the call.
#[cfg(target_arch = "x86_64")]
fn reply(context: &mut libc::ucontext_t, result: i64) {
    let registers = &mut context.uc_mcontext.gregs;
    if let Some(register) = usize::try_from(libc::REG_RAX).ok().and_then(|at| registers.get_mut(at)) {
        *register = result;
    }
}

/// The call's number and its first arguments.
#[cfg(target_arch = "aarch64")]
fn asked(context: &libc::ucontext_t) -> (i64, [i64; 5]) {
    let [zero, one, two, three, four, _, _, _, number, ..] = context.uc_mcontext.regs.map(u64::cast_signed);
    (number, [zero, one, two, three, four])
}

/// Answers the call.
#[cfg(target_arch = "aarch64")]
fn reply(context: &mut libc::ucontext_t, result: i64) {
    context.uc_mcontext.regs[0] = result.cast_unsigned();
}

/// Writes the mark, the number and an end of line; how many bytes.
fn write_line(line: &mut [u8], number: i64) -> usize {
    let mut digits = [0_u8; 20];
    let (mut rest, mut count) = (number.unsigned_abs(), 0);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        (rest, count) = (rest / 10, count + 1);
        if rest == 0 {
            break;
        }
    }
    let number = digits.iter().skip(digits.len() - count);
    let bytes = MARK.as_bytes().iter().chain(number).chain(b"\n");
    line.iter_mut().zip(bytes).map(|(place, byte)| *place = *byte).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_handler_writes_is_read_again() {
        for number in [0, 7, 41, 435, i64::MAX] {
            let mut line = [0; MARK.len() + 24];
            let length = write_line(&mut line, number);
            let text = std::str::from_utf8(&line[..length]).unwrap();
            assert!(text.ends_with('\n'));
            assert_eq!(
                read(&format!("said {text}")).map(|(before, _, number)| (before, number)),
                Some(("said ", number))
            );
        }
        assert_eq!(read("a line of its own"), None);
        assert_eq!(kind(libc::SYS_connect), SOCKET);
        assert_eq!(kind(libc::SYS_io_uring_setup), OTHER);
    }
}
