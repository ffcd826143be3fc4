//! Sends this library's `tracing` events to the host's subscriber, with their levels and typed fields.
//!
//! Every library has its own copy of `tracing`, so without this its events would vanish. Spans are kept here: an event
//! or a span names its parent itself, so the host never has to enter a span on a provider's behalf.

use crate::abi::{HostBox, ops};
use abi_stable::std_types::RSlice;
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{
        Arc, Once, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::{Event, Level, Metadata, Subscriber, level_filters::LevelFilter, span};
use tracing_core::{Interest, span::Current};
pub use values::{Value, Values};

mod values;

/// A place in a library's source that emits events or spans, as the host is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callsite {
    /// Its name.
    pub name: String,
    /// Its target: a module's path, as a rule.
    pub target: String,
    /// 1 error to 5 trace.
    pub level: u8,
    /// The source file.
    #[serde(default)]
    pub file: Option<String>,
    /// The line in it.
    #[serde(default)]
    pub line: Option<u32>,
    /// The names of its fields, at most 32.
    pub fields: Vec<String>,
    /// Whether it makes spans.
    #[serde(default)]
    pub span: bool,
}

/// 0 off to 5 trace.
static MAX_LEVEL: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The spans this thread has entered, innermost last.
    static ENTERED: RefCell<Vec<span::Id>> = const { RefCell::new(Vec::new()) };
}

/// The wire to the host of the provider that was opened last.
static WIRE: RwLock<Option<Arc<Wire>>> = RwLock::new(None);

/// Wires this copy of `tracing` to the host. The last host wins: the one before knows nothing of the messages to come,
/// and so could not keep them out of its log.
pub(crate) fn install(host: &HostBox) {
    static ONCE: Once = Once::new();
    // The answer is one more than the level: 0 is a host that does not know the question, and hears everything.
    let level = host.query(ops::QUERY_MAX_LEVEL, 0).checked_sub(1).unwrap_or(5);
    MAX_LEVEL.store(level, Ordering::Relaxed);
    let wire = Wire { host: host.clone(), ids: RwLock::default(), spans: RwLock::default() };
    let before = WIRE.write().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(wire));
    ONCE.call_once(|| {
        // Fails where the author set a subscriber of their own: theirs is the word.
        drop(tracing::subscriber::set_global_default(Forward));
    });
    if before.is_some() {
        // The new host has to be told of the callsites again.
        tracing_core::callsite::rebuild_interest_cache();
    }
}

/// Takes the level that the host wants from now on: 0 off to 5 trace.
pub(crate) fn set_max_level(level: u8) {
    MAX_LEVEL.store(u64::from(level), Ordering::Relaxed);
    tracing_core::callsite::rebuild_interest_cache();
}

/// The number of a level: 1 error to 5 trace.
pub fn level_number(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// One host, and the numbers it gave.
struct Wire {
    host: HostBox,
    /// The host's id of each callsite, by the address of its metadata.
    ids: RwLock<HashMap<usize, u64>>,
    /// How many handles each open span has.
    spans: RwLock<HashMap<u64, AtomicU64>>,
}

impl Wire {
    fn id(&self, metadata: &'static Metadata<'static>) -> u64 {
        let key = std::ptr::from_ref(metadata) as usize;
        if let Some(id) = self.ids.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return *id;
        }
        let callsite = Callsite {
            name: metadata.name().to_owned(),
            target: metadata.target().to_owned(),
            level: level_number(metadata.level()),
            file: metadata.file().map(str::to_owned),
            line: metadata.line(),
            fields: metadata.fields().iter().map(|field| field.name().to_owned()).collect(),
            span: metadata.is_span(),
        };
        let id = self.host.callsite(RSlice::from_slice(&serde_json::to_vec(&callsite).unwrap_or_default()));
        self.ids.write().unwrap_or_else(PoisonError::into_inner).insert(key, id);
        id
    }

    fn send(&self, op: u32, callsite: u64, span: u64, values: &Values) -> u64 {
        self.host.trace(op, callsite, span, RSlice::from_slice(&values.to_json()))
    }
}

/// Sends events and spans over whichever wire there is.
struct Forward;

impl Forward {
    fn wire() -> Option<Arc<Wire>> {
        WIRE.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The span that something new belongs to: the one it names, else the innermost entered, else (0) the host's.
    fn parent(named: Option<&span::Id>, contextual: bool) -> u64 {
        match named {
            Some(id) => id.into_u64(),
            None if contextual => ENTERED.with_borrow(|entered| entered.last().map_or(0, span::Id::into_u64)),
            None => 0,
        }
    }
}

impl Subscriber for Forward {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if u64::from(level_number(metadata.level())) > MAX_LEVEL.load(Ordering::Relaxed) {
            return Interest::never();
        }
        let Some(wire) = Self::wire() else { return Interest::sometimes() };
        match wire.id(metadata) {
            0 => Interest::never(),
            id => match wire.host.trace(ops::TRACE_INTEREST, id, 0, RSlice::EMPTY) {
                1 => Interest::never(),
                3 => Interest::always(),
                _ => Interest::sometimes(),
            },
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        u64::from(level_number(metadata.level())) <= MAX_LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match MAX_LEVEL.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let parent = Self::parent(attributes.parent(), attributes.is_contextual());
        let values = Values::of(|visitor| attributes.record(visitor));
        let Some(wire) = Self::wire() else { return span::Id::from_u64(1) };
        let id = wire.send(ops::TRACE_NEW_SPAN, wire.id(attributes.metadata()), parent, &values).max(1);
        wire.spans.write().unwrap_or_else(PoisonError::into_inner).insert(id, AtomicU64::new(1));
        span::Id::from_u64(id)
    }

    fn record(&self, span: &span::Id, record: &span::Record<'_>) {
        if let Some(wire) = Self::wire() {
            wire.send(ops::TRACE_RECORD, 0, span.into_u64(), &Values::of(|visitor| record.record(visitor)));
        }
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let parent = Self::parent(event.parent(), event.is_contextual());
        if let Some(wire) = Self::wire() {
            let values = Values::of(|visitor| event.record(visitor));
            wire.send(ops::TRACE_EVENT, wire.id(event.metadata()), parent, &values);
        }
    }

    fn enter(&self, span: &span::Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.clone()));
    }

    fn exit(&self, span: &span::Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(at) = entered.iter().rposition(|id| id == span) {
                entered.remove(at);
            }
        });
    }

    fn clone_span(&self, span: &span::Id) -> span::Id {
        if let Some(wire) = Self::wire()
            && let Some(handles) =
                wire.spans.read().unwrap_or_else(PoisonError::into_inner).get(&span.into_u64())
        {
            handles.fetch_add(1, Ordering::Relaxed);
        }
        span.clone()
    }

    fn try_close(&self, span: span::Id) -> bool {
        let Some(wire) = Self::wire() else { return false };
        let id = span.into_u64();
        let last = |handles: &AtomicU64| handles.fetch_sub(1, Ordering::AcqRel) == 1;
        let closed = wire.spans.read().unwrap_or_else(PoisonError::into_inner).get(&id).is_some_and(last);
        if closed {
            wire.spans.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
            wire.host.trace(ops::TRACE_CLOSE, 0, id, RSlice::EMPTY);
        }
        closed
    }

    fn current_span(&self) -> Current {
        Current::none()
    }
}
