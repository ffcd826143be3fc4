//! A refused system call: an error to whoever made it, and a line on standard error for the host's log.
#![expect(unsafe_code, reason = "a signal's handler, and the registers in which a system call is answered")]

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
            libc::SYS_renameat2,
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

impl Refused {
    /// Of a process that a refusal ended: it had its signals blocked, as they are while a program is started.
    pub(in crate::plugin) const ENDED: Self = PROGRAM;
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

/// The numbers that were told already.
static TOLD: [AtomicBool; 512] = [const { AtomicBool::new(false) }; 512];

/// Runs where the refused call was made: puts its answer into its registers. No allocation, no lock.
extern "C" fn answer(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel hands a handler of `SA_SIGINFO` the registers of the interrupted thread, its alone.
    let Some(context) = (unsafe { context.as_mut() }) else { return };
    let number = refuse(context);
    let place = usize::try_from(number).ok().and_then(|number| TOLD.get(number));
    if place.is_some_and(|told| told.swap(true, Ordering::Relaxed)) {
        return;
    }
    let mut line = [0; MARK.len() + 24];
    let length = write_line(&mut line, number);
    // SAFETY: `line` has at least `length` bytes; writing is allowed in a handler and to every process here.
    unsafe { libc::write(2, line.as_ptr().cast(), length) };
}

/// Answers the call with `EPERM`; its number.
#[cfg(target_arch = "x86_64")]
fn refuse(context: &mut libc::ucontext_t) -> i64 {
    let Some(register) =
        usize::try_from(libc::REG_RAX).ok().and_then(|at| context.uc_mcontext.gregs.get_mut(at))
    else {
        return -1;
    };
    // The kernel rolls a trapped call back: its number stands where its answer is to stand.
    std::mem::replace(register, -i64::from(libc::EPERM))
}

/// Answers the call with `EPERM`; its number.
#[cfg(target_arch = "aarch64")]
fn refuse(context: &mut libc::ucontext_t) -> i64 {
    let registers = &mut context.uc_mcontext.regs;
    registers[0] = i64::from(-libc::EPERM).cast_unsigned();
    registers[8].cast_signed()
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
