//! The tables of `provider-api/include/passrelay_provider.h`, field by field, and the only calls through pointers of C.
#![expect(unsafe_code, reason = "a library in C is called by its pointers")]

use std::{
    ffi::{c_int, c_void},
    mem::{MaybeUninit, offset_of},
    ptr::NonNull,
};

/// `passrelay_bytes`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes {
    data: *const u8,
    length: usize,
}

/// Bytes that cannot be: their address is null, and their length is not 0.
#[derive(Debug)]
pub(super) struct NullBytes;

impl Bytes {
    /// Those of a slice, to be read as long as it is borrowed.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), length: bytes.len() }
    }

    /// How many there are said to be.
    pub(super) fn length(self) -> usize {
        self.length
    }

    /// # Safety
    ///
    /// They have to be valid as long as `'a`, as the header asks of whoever hands them over.
    pub(super) unsafe fn read<'a>(self) -> Result<&'a [u8], NullBytes> {
        if self.length == 0 {
            return Ok(&[]);
        }
        let data = NonNull::new(self.data.cast_mut()).ok_or(NullBytes)?;
        // SAFETY: the address is not null, and the caller answers for the rest.
        Ok(unsafe { std::slice::from_raw_parts(data.as_ptr(), self.length) })
    }
}

/// `passrelay_answer`.
pub(super) type Answer = unsafe extern "C" fn(user: *mut c_void, status: u32, head: Bytes, body: Bytes);

/// A pointer of the library's that the host only hands back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opaque(pub(super) *mut c_void);

// SAFETY: the host never looks at what it points to. The library gets it back on the one thread that calls it.
unsafe impl Send for Opaque {}
// SAFETY: as above.
unsafe impl Sync for Opaque {}

/// `passrelay_host`.
#[repr(C)]
pub(super) struct HostTable<C: 'static> {
    pub(super) size: usize,
    pub(super) context: *const C,
    pub(super) answer:
        unsafe extern "C" fn(*const C, call: u64, status: u32, head: Bytes, body: Bytes) -> c_int,
    pub(super) log: unsafe extern "C" fn(*const C, level: u32, text: Bytes),
    pub(super) now_ms: unsafe extern "C" fn(*const C) -> u64,
    pub(super) request: unsafe extern "C" fn(
        *const C,
        op: u32,
        head: Bytes,
        body: Bytes,
        answer: Option<Answer>,
        user: *mut c_void,
    ),
}

/// `passrelay_provider`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Raw {
    size: usize,
    describe: Option<unsafe extern "C" fn() -> Bytes>,
    open: Option<unsafe extern "C" fn(host: *const c_void, call: u64, config: Bytes) -> *mut c_void>,
    call: Option<unsafe extern "C" fn(provider: *mut c_void, call: u64, op: u32, head: Bytes, body: Bytes)>,
    cancel: Option<unsafe extern "C" fn(provider: *mut c_void, call: u64)>,
}

/// What the entry point is.
pub(super) type EntryPoint = unsafe extern "C" fn() -> *const c_void;

/// A library's table in which nothing is missing that must be there.
#[derive(Clone, Copy)]
pub(super) struct Table {
    describe: unsafe extern "C" fn() -> Bytes,
    open: unsafe extern "C" fn(*const c_void, u64, Bytes) -> *mut c_void,
    call: unsafe extern "C" fn(*mut c_void, u64, u32, Bytes, Bytes),
    cancel: Option<unsafe extern "C" fn(*mut c_void, u64)>,
}

/// Why a table is no good.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TableError {
    #[error("its entry point answers no table")]
    None,
    #[error("its table is not aligned")]
    Unaligned,
    #[error("its table has {0} bytes, too few for the functions that must be there")]
    Short(usize),
    #[error("its table lacks `{0}`")]
    Lacks(&'static str),
}

impl Table {
    /// The least size: all before `cancel` has to be there.
    pub(super) const LEAST: usize = offset_of!(Raw, cancel);

    /// # Safety
    ///
    /// It has to be the entry point of a library, which answers null or a table as the header describes it.
    pub(super) unsafe fn of(entry: EntryPoint) -> Result<Self, TableError> {
        // SAFETY: the caller answers for it.
        let table = NonNull::new(unsafe { entry() }.cast_mut()).ok_or(TableError::None)?.cast::<Raw>();
        if !table.is_aligned() {
            return Err(TableError::Unaligned);
        }
        // SAFETY: whatever the version, a table begins with its size.
        let size = unsafe { table.cast::<usize>().read() };
        if size < Self::LEAST {
            return Err(TableError::Short(size));
        }
        let mut raw = MaybeUninit::<Raw>::zeroed();
        let known = size.min(size_of::<Raw>());
        // SAFETY: the library's table has that many bytes, by its own word, and so has ours.
        unsafe { std::ptr::copy_nonoverlapping(table.as_ptr().cast::<u8>(), raw.as_mut_ptr().cast(), known) };
        // SAFETY: for a number and for functions that may be missing zeros are a value, and the rest is the library's.
        let raw = unsafe { raw.assume_init() };
        Ok(Self {
            describe: raw.describe.ok_or(TableError::Lacks("describe"))?,
            open: raw.open.ok_or(TableError::Lacks("open"))?,
            call: raw.call.ok_or(TableError::Lacks("call"))?,
            cancel: raw.cancel,
        })
    }

    /// The manifest.
    pub(super) fn describe(self) -> Result<&'static [u8], NullBytes> {
        // SAFETY: it takes nothing.
        let manifest = unsafe { (self.describe)() };
        // SAFETY: it belongs to the library, which is never unloaded.
        unsafe { manifest.read() }
    }

    pub(super) fn open<C>(self, host: &'static HostTable<C>, call: u64, config: &[u8]) -> Opaque {
        let host = std::ptr::from_ref(host).cast();
        // SAFETY: the table is valid for ever and the configuration until this returns.
        Opaque(unsafe { (self.open)(host, call, Bytes::of(config)) })
    }

    pub(super) fn call(self, provider: Opaque, call: u64, op: u32, head: &[u8], body: &[u8]) {
        // SAFETY: `provider` is what `open` returned, and the bytes are valid until this returns.
        unsafe { (self.call)(provider.0, call, op, Bytes::of(head), Bytes::of(body)) };
    }

    pub(super) fn cancel(self, provider: Opaque, call: u64) {
        if let Some(cancel) = self.cancel {
            // SAFETY: `provider` is what `open` returned.
            unsafe { cancel(provider.0, call) };
        }
    }
}

/// Calls what a provider left for an answer.
pub(super) fn tell(answer: Answer, user: Opaque, status: u32, head: &[u8], body: &[u8]) {
    // SAFETY: the library gave both together, to be called once, and the bytes are valid until this returns.
    unsafe { answer(user.0, status, Bytes::of(head), Bytes::of(body)) };
}

/// Sizes and places, by what C calls them.
#[cfg(test)]
pub(super) fn layout() -> impl Iterator<Item = (&'static str, usize)> {
    type Host = HostTable<()>;
    [
        ("sizeof(passrelay_bytes)", size_of::<Bytes>()),
        ("offsetof(passrelay_bytes, length)", offset_of!(Bytes, length)),
        ("sizeof(passrelay_host)", size_of::<Host>()),
        ("offsetof(passrelay_host, context)", offset_of!(Host, context)),
        ("offsetof(passrelay_host, answer)", offset_of!(Host, answer)),
        ("offsetof(passrelay_host, log)", offset_of!(Host, log)),
        ("offsetof(passrelay_host, now_ms)", offset_of!(Host, now_ms)),
        ("offsetof(passrelay_host, request)", offset_of!(Host, request)),
        ("sizeof(passrelay_provider)", size_of::<Raw>()),
        ("offsetof(passrelay_provider, describe)", offset_of!(Raw, describe)),
        ("offsetof(passrelay_provider, open)", offset_of!(Raw, open)),
        ("offsetof(passrelay_provider, call)", offset_of!(Raw, call)),
        ("offsetof(passrelay_provider, cancel)", Table::LEAST),
    ]
    .into_iter()
}
