//! The log of the whole test program, captured with its types: every test reads its own provider's part of it.
//!
//! A subscriber belongs to the whole process, so tests tell their events apart by ids of providers that no other test
//! uses. Providers ask once how much is wanted: capture before any is opened.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    EnvFilter, Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// What is heard: everything of providers, except of those whose id begins with `hushed`.
const FILTER: &str = "info,provider=trace,provider::hushed=warn";

/// How long a test waits for an event before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A value with the type in which it arrived.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Typed {
    /// True or false.
    Bool(bool),
    /// A whole number.
    I64(i64),
    /// A whole number without a sign.
    U64(u64),
    /// Any other number.
    F64(f64),
    /// A text.
    Text(String),
    /// What a `Debug` wrote.
    Shown(String),
}

/// The fields of an event or of a span, by name.
pub type Fields = BTreeMap<String, Typed>;

/// One event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Whose it is: `provider::ID::MODULE` for a provider's own.
    pub target: String,
    /// How important.
    pub level: Level,
    /// Its fields; the message is the one named `message`.
    pub fields: Fields,
    /// The spans around it, the innermost first.
    pub spans: Vec<(String, Fields)>,
}

impl Entry {
    /// The message.
    pub fn message(&self) -> String {
        self.fields.get("message").map_or_else(String::new, ToString::to_string)
    }

    fn is_of(&self, provider: &str) -> bool {
        let named = self.fields.get("provider.id").is_some_and(|id| id.to_string() == provider);
        named || self.target.starts_with(&format!("provider::{provider}::"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level, self.target)?;
        let spans = self.spans.iter().flat_map(|(_, fields)| fields);
        self.fields.iter().chain(spans).try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::U64(value) => value.fmt(f),
            Self::F64(value) => value.fmt(f),
            Self::Text(value) | Self::Shown(value) => value.fmt(f),
        }
    }
}

/// Everything that was logged since the first call of [`capture`].
#[derive(Debug)]
pub struct Captured {
    entries: Mutex<Vec<Entry>>,
    count: watch::Sender<usize>,
}

/// Captures the log of this process from the first call on.
///
/// # Panics
///
/// When somebody else has taken the log.
pub fn capture() -> &'static Captured {
    static CAPTURED: OnceLock<Captured> = OnceLock::new();
    static TAKEN: OnceLock<()> = OnceLock::new();
    let captured =
        CAPTURED.get_or_init(|| Captured { entries: Mutex::default(), count: watch::Sender::new(0) });
    TAKEN.get_or_init(|| {
        let filter = EnvFilter::builder().parse(FILTER).expect("the filter is one");
        tracing_subscriber::registry().with(filter).with(Capture(captured)).init();
    });
    captured
}

impl Captured {
    /// What a provider logged, and what the host logged of it.
    pub fn of_provider(&self, id: &str) -> Vec<Entry> {
        self.entries().iter().filter(|entry| entry.is_of(id)).cloned().collect()
    }

    /// Everything, one line an event.
    pub fn text(&self) -> String {
        self.entries().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    /// The first event of a provider that is the wanted one, as soon as it is there.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub async fn wait_for(&self, id: &str, wanted: impl Fn(&Entry) -> bool) -> Entry {
        let mut count = self.count.subscribe();
        let search = async {
            loop {
                count.borrow_and_update();
                if let Some(entry) = self.of_provider(id).into_iter().find(&wanted) {
                    return entry;
                }
                count.changed().await.expect("the log lives as long as the process");
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the event comes")
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Capture(&'static Captured);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut seen = Seen::default();
        attributes.record(&mut seen);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(seen);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(seen) = span.extensions_mut().get_mut::<Seen>()
        {
            values.record(seen);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        let spans = context.event_scope(event).into_iter().flatten().map(|span| {
            let fields = span.extensions().get::<Seen>().map(|seen| seen.0.clone());
            (span.name().to_owned(), fields.unwrap_or_default())
        });
        let entry = Entry {
            target: event.metadata().target().to_owned(),
            level: *event.metadata().level(),
            fields: seen.0,
            spans: spans.collect(),
        };
        self.0.entries().push(entry);
        self.0.count.send_modify(|count| *count += 1);
    }
}

#[derive(Default)]
struct Seen(Fields);

impl Seen {
    fn see(&mut self, field: &Field, value: Typed) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Seen {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.see(field, Typed::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.see(field, Typed::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.see(field, Typed::U64(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.see(field, Typed::F64(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.see(field, Typed::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.see(field, Typed::Shown(format!("{value:?}")));
    }
}
