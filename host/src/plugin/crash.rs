//! Whose library ended the server, where one may run on a thread of it: told by the last breath of that thread.
//!
//! A thread that a provider has bears a mark. Should the thread get a signal that ends the program, or call `exit`, its
//! mark is written to a file, which the next start reads. What a library does on threads that it made itself bears none.
//!
//! In a handler of signals nothing may wait, lock or allocate (signal-safety(7)): what is written stands ready.
#![expect(
    unsafe_code,
    reason = "a handler of signals is installed, and runs where nothing may be taken for granted"
)]

use libc::{SA_ONSTACK, SA_SIGINFO, c_int, c_void, sigaction, siginfo_t};
use std::{
    cell::Cell,
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    ptr::null_mut,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
};

/// The signals by which a program ends itself.
const SIGNALS: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

/// What stands for the number of a signal where the program was ended by `exit`.
pub(super) const EXIT: c_int = 0;

/// The code of a program that a library ended by `exit`, whatever the library said: "internal software error"
/// (sysexits.h), so that whoever keeps servers running starts it again.
const CODE: c_int = 70;

/// What the standard error output is told before a line.
const WORDS: &[u8] = b"error: a provider ended the server; its id, its library, the signal (00 for exit): ";

/// The longest line: an id, a hash and a number.
const LONGEST: usize = 128;

/// What handled each of [`SIGNALS`] before: that of the standard library tells of a stack that overflowed.
static BEFORE: [AtomicPtr<sigaction>; SIGNALS.len()] = [const { AtomicPtr::new(null_mut()) }; SIGNALS.len()];

thread_local! {
    /// Without a destructor and made in the compiler, so that reading it is reading memory, nothing more.
    static MARK: Cell<Option<Mark>> = const { Cell::new(None) };
}

/// What a thread bears.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    /// Open as long as the program runs.
    file: &'static File,
    words: &'static [u8],
}

impl Mark {
    /// For a thread of this provider, which runs this library. Never freed: nobody knows when a thread is over for good.
    ///
    /// # Errors
    ///
    /// When the file cannot be had, or no handler installed.
    pub(super) fn of(provider: &str, sha256: &str, file: &Path) -> io::Result<Self> {
        static HANDLERS: Mutex<bool> = Mutex::new(false);
        let mut are_installed = HANDLERS.lock().unwrap_or_else(PoisonError::into_inner);
        // Once only, also where it failed: a handler must never find itself as the one of before.
        if !std::mem::replace(&mut *are_installed, true) {
            install()?;
        }
        Ok(Self { file: opened(file)?, words: format!("{provider} {sha256} ").into_bytes().leak() })
    }

    /// Marks this thread.
    pub(super) fn bear(self) {
        MARK.set(Some(self));
    }
}

/// The file to write to, opened once in a program.
fn opened(file: &Path) -> io::Result<&'static File> {
    static FILES: Mutex<BTreeMap<PathBuf, &'static File>> = Mutex::new(BTreeMap::new());
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(opened) = files.get(file) {
        return Ok(opened);
    }
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(file)?;
    let opened: &'static File = Box::leak(Box::new(opened));
    files.insert(file.to_owned(), opened);
    Ok(opened)
}

fn install() -> io::Result<()> {
    for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
        let (mut ours, mut theirs) = (blank(), blank());
        ours.sa_sigaction = on_signal as *const () as usize;
        // On the stack that the standard library gives each thread for this: its own may have overflowed.
        ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
        // SAFETY: both point to values that live as long as the calls, and `on_signal` has the form that SA_SIGINFO asks for.
        let done = unsafe { sigaction(signal, std::ptr::null(), &raw mut theirs) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        before.store(Box::leak(Box::new(theirs)), Ordering::Release);
        // SAFETY: as above.
        if unsafe { sigaction(signal, &raw const ours, null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: the function lives as long as the program and has the form that is asked for.
    if unsafe { libc::atexit(on_exit) } != 0 {
        return Err(io::Error::other("no function can be called at exit"));
    }
    Ok(())
}

/// One without flags, function and mask.
fn blank() -> sigaction {
    // SAFETY: it consists of numbers and an optional function, for all of which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// Writes the mark of this thread, and lets whoever was there before handle the signal.
extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    tell(signal);
    let before = SIGNALS.iter().position(|known| *known == signal).and_then(|at| BEFORE.get(at));
    if let Some(before) = before {
        // SAFETY: `install` put it there before this could be called, and it is never freed.
        unsafe { sigaction(signal, before.load(Ordering::Acquire), null_mut()) };
    }
    // SAFETY: it is null or what the kernel handed over.
    let was_sent = unsafe { info.as_ref() }.is_none_or(|info| info.si_code <= 0);
    // A fault happens again as soon as this returns, and then meets whoever was there before.
    if was_sent {
        // SAFETY: a handler may call it.
        unsafe { libc::raise(signal) };
    }
}

/// A library that calls `exit` on the host's thread ends the server, but not as if all were well.
extern "C" fn on_exit() {
    if tell(EXIT) {
        // SAFETY: it ends the program, whatever its state.
        unsafe { libc::_exit(CODE) };
    }
}

/// Writes this thread's mark with the number, if it bears one; whether it does.
fn tell(signal: c_int) -> bool {
    // Once: whoever handled the signal before may end the program by another one.
    let Some(Mark { file, words }) = MARK.take() else { return false };
    let digit = |number: c_int| b'0' + u8::try_from(number % 10).unwrap_or(0);
    let digits = [digit(signal / 10), digit(signal), b'\n'];
    let mut line = [0_u8; LONGEST];
    let length = words.len().min(LONGEST - digits.len()) + digits.len();
    for (place, byte) in line.iter_mut().zip(words.iter().take(length - digits.len()).chain(&digits)) {
        *place = *byte;
    }
    let line = line.get(..length).unwrap_or_default();
    // write(2) is one of the functions that a handler may call; nobody is left to be told that it failed.
    let _kept = rustix::io::write(file, line);
    let _told = rustix::io::write(rustix::stdio::stderr(), WORDS);
    let _told = rustix::io::write(rustix::stdio::stderr(), line);
    true
}
