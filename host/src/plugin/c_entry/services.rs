//! The host as a provider in C sees it: the functions of its table.
#![expect(unsafe_code, reason = "C hands over pointers")]

use super::{
    calls::Calls,
    framed,
    table::{Answer, Bytes, HostTable, NullBytes, Opaque, tell},
};
use crate::plugin::worker::{LARGEST_REPLY, too_large};
use abi_stable::std_types::RSlice;
use provider_api::{
    DeliveryError,
    abi::{HostBox, Reply, frame, ops},
    trace::{Callsite, Value, Values},
};
use std::{
    ffi::{c_int, c_void},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::runtime::Handle;

/// The states of an answer, as the header has them.
pub(super) const OK: u32 = 0;
pub(super) const ERROR: u32 = 1;
pub(super) const UNKNOWN_OP: u32 = 2;

/// The levels of the log: 1 error to 5 trace.
const LEVELS: usize = 5;

/// What the functions of a table work on. It lives as long as the process: the library may call them at any time.
pub(super) struct Services {
    host: HostBox,
    pub(super) calls: Calls,
    /// The most verbose level that the host wants to hear: 0 off to 5 trace.
    level: AtomicU32,
    /// The host's number of a place in the source for each level.
    sites: [OnceLock<u64>; LEVELS],
    /// Where answers to requests are waited for: the library may ask from threads of its own.
    runtime: Handle,
}

impl Services {
    /// The table of a provider that is being opened.
    pub(super) fn table(host: HostBox) -> (&'static Self, &'static HostTable<Self>) {
        // The answer is one more than the level: 0 is a host that does not know the question, and hears everything.
        let level =
            host.query(ops::QUERY_MAX_LEVEL, 0).checked_sub(1).and_then(|level| level.try_into().ok());
        let services = Self {
            host,
            calls: Calls::default(),
            level: AtomicU32::new(level.unwrap_or(u32::MAX)),
            sites: Default::default(),
            runtime: Handle::current(),
        };
        let services: &'static Self = Box::leak(Box::new(services));
        let size = size_of::<HostTable<Self>>();
        let table = HostTable { size, context: services, answer, log, now_ms, request };
        (services, Box::leak(Box::new(table)))
    }

    /// Takes the level that the host wants from now on. No library in C is asked: it logs by the host's own function.
    pub(super) fn set_level(&self, request: &[u8]) -> Reply {
        match frame::decode(request) {
            Ok((level, _)) => {
                self.level.store(level, Ordering::Relaxed);
                Reply::Ok(frame::encode(&(), &[]))
            }
            Err(cause) => {
                let text = format!("the host's request is unreadable: {cause}");
                Reply::Err(frame::encode(&DeliveryError::broken(text), &[]))
            }
        }
    }

    fn log(&self, level: u32, text: &[u8]) {
        let site = usize::try_from(level).ok().and_then(|level| self.sites.get(level.checked_sub(1)?));
        let Some(site) = site.filter(|_| level <= self.level.load(Ordering::Relaxed)) else { return };
        let id = *site.get_or_init(|| self.host.callsite(RSlice::from_slice(&callsite(level))));
        let values = Values(vec![(0, Value::Text(String::from_utf8_lossy(text).into_owned()))]);
        let values = serde_json::to_vec(&values).unwrap_or_default();
        self.host.trace(ops::TRACE_EVENT, id, 0, RSlice::from_slice(&values));
    }

    /// Asks the host, and tells the library when the answer is there.
    fn request(&self, op: u32, request: Result<Vec<u8>, DeliveryError>, answer: Answer, user: Opaque) {
        let work = request.map(|request| self.host.call(op, request.into()));
        self.runtime.spawn(async move {
            let reply = match work {
                Ok(work) => work.await,
                Err(error) => Reply::Err(frame::encode(&error, &[])),
            };
            let (status, bytes) = match &reply {
                Reply::Ok(bytes) => (OK, bytes.as_slice()),
                Reply::Err(bytes) | Reply::Panicked(bytes) => (ERROR, bytes.as_slice()),
                Reply::UnknownOp => (UNKNOWN_OP, &[][..]),
            };
            let (head, body) = frame::split(bytes).unwrap_or_default();
            tell(answer, user, status, head, body);
        });
    }
}

fn callsite(level: u32) -> Vec<u8> {
    let site = Callsite {
        name: "event".to_owned(),
        target: "c".to_owned(),
        level: u8::try_from(level).unwrap_or(u8::MAX),
        file: None,
        line: None,
        fields: vec!["message".to_owned()],
        span: false,
    };
    serde_json::to_vec(&site).unwrap_or_default()
}

/// # Safety
///
/// Both have to be valid, as the header asks.
unsafe fn both<'a>(head: Bytes, body: Bytes) -> Result<(&'a [u8], &'a [u8]), NullBytes> {
    // SAFETY: the caller answers for it.
    let head = unsafe { head.read() }?;
    // SAFETY: as above.
    Ok((head, unsafe { body.read() }?))
}

/// What a provider answered, as the host reads it: never more than there is room for, whatever was handed over.
///
/// # Safety
///
/// As of [`both`].
unsafe fn reply(status: u32, head: Bytes, body: Bytes) -> Reply {
    let broken = |error: DeliveryError| Reply::Err(frame::encode(&error, &[]));
    let bytes = head.length().saturating_add(body.length());
    if bytes > LARGEST_REPLY {
        return broken(too_large(bytes));
    }
    // SAFETY: the caller answers for it.
    let Ok((head, body)) = (unsafe { both(head, body) }) else {
        return broken(DeliveryError::broken("the provider answered with a null pointer"));
    };
    match status {
        OK => Reply::Ok(framed(head, body).into()),
        ERROR => Reply::Err(framed(head, body).into()),
        UNKNOWN_OP => Reply::UnknownOp,
        _ => broken(DeliveryError::broken(format!(
            "the provider answered with the status {status}, which is none"
        ))),
    }
}

unsafe extern "C" fn answer(
    services: *const Services,
    call: u64,
    status: u32,
    head: Bytes,
    body: Bytes,
) -> c_int {
    // SAFETY: it is what the table holds, which is never freed, or null.
    let Some(services) = (unsafe { services.as_ref() }) else { return 0 };
    // SAFETY: as the header asks of a provider.
    let reply = unsafe { reply(status, head, body) };
    c_int::from(services.calls.answer(call, reply))
}

unsafe extern "C" fn log(services: *const Services, level: u32, text: Bytes) {
    // SAFETY: as above.
    let Some(services) = (unsafe { services.as_ref() }) else { return };
    // SAFETY: as the header asks of a provider.
    if let Ok(text) = unsafe { text.read() } {
        services.log(level, text);
    }
}

unsafe extern "C" fn now_ms(services: *const Services) -> u64 {
    // SAFETY: as above.
    unsafe { services.as_ref() }.map_or(0, |services| services.host.query(ops::QUERY_NOW, 0))
}

unsafe extern "C" fn request(
    services: *const Services,
    op: u32,
    head: Bytes,
    body: Bytes,
    answer: Option<Answer>,
    user: *mut c_void,
) {
    // SAFETY: as above.
    let (Some(services), Some(answer)) = (unsafe { services.as_ref() }, answer) else { return };
    let refuse = |why: &str| {
        Err(DeliveryError::misconfigured(format!("the host refuses the provider's request: {why}")))
    };
    let request = if head.length().saturating_add(body.length()) > LARGEST_REPLY {
        refuse("it is larger than 1 MiB")
    } else {
        // SAFETY: as the header asks of a provider.
        match unsafe { both(head, body) } {
            Ok((head, body)) => Ok(framed(head, body)),
            Err(NullBytes) => refuse("it has a null pointer"),
        }
    };
    services.request(op, request, answer, Opaque(user));
}
