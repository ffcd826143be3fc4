//! The host's end of a provider's log: its callsites become real callsites of this process.
//!
//! Levels, targets, typed fields and filters therefore work on a provider's events as on the host's own. What an event
//! says is cleaned first. A provider may register only so many callsites, because they are never freed.

pub(super) use session::Session;

use super::{
    redact::{Redactor, one_line},
    sandbox::Refused,
};
use provider_api::trace::{Callsite as Description, Value, Values};
use std::{
    collections::HashMap,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};
use tracing::{
    Dispatch, Event, Level, Metadata,
    dispatcher::get_default,
    field::{DebugValue, FieldSet, debug},
    span,
};
use tracing_core::{Callsite, Interest, Kind, callsite::Identifier};

mod session;

/// Callsites of one provider, over all its runs: one that makes them up takes none from the others.
const MOST_CALLSITES: usize = 2_000;

/// Fields of one callsite, which is `tracing`'s own limit.
const MOST_FIELDS: usize = 32;

/// The bytes of a callsite's description, which is kept for ever.
const LONGEST_DESCRIPTION: usize = 4 << 10;

/// The characters of one value that are shown.
const LONGEST_TEXT: usize = 8 << 10;

/// One provider's log.
#[derive(Clone)]
pub(crate) struct Log {
    provider: std::sync::Arc<str>,
    redactor: Redactor,
    flood: Flood,
    /// How often its processes reported that their sandbox refused what.
    refused: std::sync::Arc<Mutex<HashMap<&'static str, u64>>>,
}

/// Whether a provider says or asks more than is bearable. All clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Flood(std::sync::Arc<AtomicBool>);

impl Flood {
    /// It does.
    pub(super) fn begins(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it did since this was asked last.
    pub(super) fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

/// A callsite of a provider, known to this process's subscriber.
struct Site {
    metadata: OnceLock<Metadata<'static>>,
    interest: AtomicU8,
}

impl Callsite for Site {
    fn set_interest(&self, interest: Interest) {
        let number = if interest.is_never() {
            1
        } else if interest.is_always() {
            3
        } else {
            2
        };
        self.interest.store(number, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        #[expect(clippy::expect_used, reason = "a site is registered only once its metadata is set")]
        self.metadata.get().expect("a registered site has metadata")
    }
}

impl Log {
    pub(crate) fn new(provider: &str, redactor: Redactor) -> Self {
        Self {
            provider: provider.into(),
            redactor,
            flood: Flood::default(),
            refused: std::sync::Arc::default(),
        }
    }

    /// Whether its provider floods the host.
    pub(super) fn flood(&self) -> Flood {
        self.flood.clone()
    }

    /// Notes a line that a provider's process wrote to its standard error.
    pub(super) fn said(&self, line: &str) {
        tracing::warn!(
            provider.id = &*self.provider,
            line = one_line(&self.redactor.clean(line), 500),
            "a provider wrote to its standard error"
        );
    }

    /// Notes what the sandbox refused, as the process itself reports it: a library may report what is not so. So each
    /// kind is told again at each doubling, and what was made up before hides nothing for long.
    pub(super) fn refused(&self, refused: Refused, call: i64) {
        let reports = {
            let mut told = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            let reports = told.entry(refused.what).or_insert(0);
            *reports = reports.saturating_add(1);
            *reports
        };
        if reports.is_power_of_two() {
            let (asked_for, hint) = (refused.what, refused.hint);
            let provider = &*self.provider;
            tracing::warn!(
                provider.id = provider,
                asked_for,
                hint,
                call,
                reports,
                "a provider's process reports that the sandbox refused what its library asked for"
            );
        }
    }

    /// Notes that the sandbox ended the process. The kernel does that where signals are blocked, as they are while a
    /// program or a thread is started; a library that raises the signal itself looks alike.
    pub(super) fn ended_by_refusal(&self) {
        tracing::warn!(
            provider.id = &*self.provider,
            hint = "most often it was about to start a program, which only `sandbox = \"off\"` would grant",
            "a provider's process was ended by a system call that its sandbox refused while signals were blocked"
        );
    }

    /// Makes a callsite known (JSON); `None` where it is unreadable or there are too many.
    fn register(&self, description: &[u8]) -> Option<&'static Site> {
        type Sites = HashMap<std::sync::Arc<str>, HashMap<Vec<u8>, &'static Site>>;
        static SITES: OnceLock<Mutex<Sites>> = OnceLock::new();
        if description.len() > LONGEST_DESCRIPTION {
            return None;
        }
        let site = {
            let mut sites = SITES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
            let sites = sites.entry(std::sync::Arc::clone(&self.provider)).or_default();
            if let Some(known) = sites.get(description) {
                return Some(known);
            }
            if sites.len() >= MOST_CALLSITES {
                return None;
            }
            let site = self.leak(serde_json::from_slice(description).ok()?)?;
            sites.insert(description.to_vec(), site);
            site
        };
        tracing_core::callsite::register(site);
        Some(site)
    }

    /// Callsites live for ever in `tracing`, so one of ours has to as well.
    fn leak(&self, description: Description) -> Option<&'static Site> {
        if description.fields.len() > MOST_FIELDS || description.target.len() > 256 {
            return None;
        }
        let text = |text: String| -> &'static str { Box::leak(one_line(&text, 256).into_boxed_str()) };
        let level = match description.level {
            1 => Level::ERROR,
            2 => Level::WARN,
            3 => Level::INFO,
            4 => Level::DEBUG,
            _ => Level::TRACE,
        };
        let target = text(format!("provider::{}::{}", self.provider, description.target));
        let fields: Vec<&'static str> = description.fields.into_iter().map(text).collect();
        let kind = if description.span { Kind::SPAN } else { Kind::EVENT };
        let site: &'static Site =
            Box::leak(Box::new(Site { metadata: OnceLock::new(), interest: AtomicU8::new(2) }));
        let fields = FieldSet::new(Box::leak(fields.into_boxed_slice()), Identifier(site));
        let (file, module) = (description.file.map(text), None);
        let metadata = Metadata::new(
            text(description.name),
            target,
            level,
            file,
            description.line,
            module,
            fields,
            kind,
        );
        site.metadata.set(metadata).ok()?;
        Some(site)
    }

    /// Emits an event; `parent` is a span of this process.
    fn event(&self, site: &'static Site, parent: Option<&span::Id>, values: &[u8]) {
        self.record(site, values, |dispatch, metadata, values| match parent {
            Some(parent) => dispatch.event(&Event::new_child_of(parent.clone(), metadata, values)),
            None => dispatch.event(&Event::new(metadata, values)),
        });
    }

    /// Opens a span; `None` where nobody wants it.
    fn span(&self, site: &'static Site, parent: Option<&span::Id>, values: &[u8]) -> Option<span::Id> {
        self.record(site, values, |dispatch, metadata, values| {
            dispatch.new_span(&match parent {
                Some(parent) => span::Attributes::child_of(parent.clone(), metadata, values),
                None => span::Attributes::new(metadata, values),
            })
        })
    }

    /// Adds values to a span.
    fn add(&self, span: &span::Id, site: &'static Site, values: &[u8]) {
        self.record(site, values, |dispatch, _, values| dispatch.record(span, &span::Record::new(values)));
    }

    fn record<T>(
        &self,
        site: &'static Site,
        values: &[u8],
        with: impl FnOnce(&Dispatch, &'static Metadata<'static>, &tracing::field::ValueSet<'_>) -> T,
    ) -> Option<T> {
        let metadata = site.metadata.get()?;
        let mut with = Some(with);
        get_default(|dispatch| {
            if site.interest() == 1 || !dispatch.enabled(metadata) {
                return None;
            }
            let owned = self.typed(metadata, Values::from_json(values));
            let borrowed: Vec<Option<&dyn tracing::Value>> = owned.iter().map(Option::as_deref).collect();
            with.take().map(|with| with(dispatch, metadata, &metadata.fields().value_set_all(&borrowed)))
        })
    }

    /// The values in the order of the fields: numbers stay numbers, texts lose what must not be shown.
    fn typed(&self, metadata: &Metadata<'_>, values: Values) -> Vec<Option<Box<dyn tracing::Value>>> {
        let mut typed: Vec<Option<Box<dyn tracing::Value>>> =
            metadata.fields().iter().map(|_| None).collect();
        for (index, value) in values.0 {
            let (Some(slot), Some(field)) = (typed.get_mut(index), metadata.fields().iter().nth(index))
            else {
                continue;
            };
            *slot =
                Some(if Redactor::hides(field.name()) { Box::new("[hidden]") } else { self.clean(value) });
        }
        typed
    }

    fn clean(&self, value: Value) -> Box<dyn tracing::Value> {
        let number = match &value {
            Value::I64(number) => number.to_string(),
            Value::U64(number) => number.to_string(),
            Value::F64(number) => number.to_string(),
            _ => String::new(),
        };
        if self.redactor.clean(&number) != number {
            return Box::new("[hidden]");
        }
        match value {
            Value::Bool(value) => Box::new(value),
            Value::I64(value) => Box::new(value),
            Value::U64(value) => Box::new(value),
            Value::F64(value) => Box::new(value),
            Value::Text(value) => Box::new(self.text(&value)),
            Value::Shown { debug } => Box::new(verbatim(self.text(&debug))),
        }
    }

    /// Cleaned before it is cut, or half a secret would stand at the edge.
    fn text(&self, text: &str) -> String {
        let mut text = one_line(&self.redactor.clean(text), usize::MAX);
        if let Some((cut, _)) = text.char_indices().nth(LONGEST_TEXT) {
            text.truncate(cut);
            text.push('…');
        }
        text
    }
}

impl Site {
    /// 1 never, 2 sometimes, 3 always.
    fn interest(&self) -> u8 {
        self.interest.load(Ordering::Relaxed)
    }
}

/// A text that was made by a `Debug` over there, and is shown as it is here.
fn verbatim(text: String) -> DebugValue<Verbatim> {
    debug(Verbatim(text))
}

struct Verbatim(String);

impl std::fmt::Debug for Verbatim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The most verbose level that anybody wants to hear: 0 off to 5 trace.
pub(crate) fn max_level() -> u8 {
    tracing::level_filters::LevelFilter::current()
        .into_level()
        .map_or(0, |level| provider_api::trace::level_number(&level))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library that makes up callsites without end must silence nobody but itself.
    #[test]
    fn a_provider_has_a_share_of_callsites_of_its_own() {
        let log = |provider| Log::new(provider, Redactor::default());
        let description = |n: usize| {
            let fields: Vec<String> = Vec::new();
            let told = serde_json::json!({
                "name": format!("event {n}"), "target": "t", "level": 3, "fields": fields, "span": false,
            });
            told.to_string().into_bytes()
        };
        let greedy = log("greedy_with_callsites");
        let given = (0..MOST_CALLSITES + 10).filter(|n| greedy.register(&description(*n)).is_some()).count();
        assert_eq!(given, MOST_CALLSITES);
        assert!(greedy.register(&description(0)).is_some(), "what is known stays known");
        assert!(
            log("greedy_with_callsites").register(&description(MOST_CALLSITES)).is_none(),
            "whatever its run"
        );
        assert!(log("modest_with_callsites").register(&description(0)).is_some());
        let long = vec![b' '; LONGEST_DESCRIPTION + 1];
        assert!(log("modest_with_callsites").register(&long).is_none());
    }
}
