//! The log: one line an event on standard error, for people or for machines.

use std::io::{self, BufWriter, IsTerminal};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, Registry, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt};

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is none.
    #[error("`{0}` is no log filter")]
    Filter(String),
    /// Somebody else in this process has started a log before.
    #[error("a log is running already")]
    Running,
}

/// Which events are kept, to be changed while the log runs.
#[derive(Debug, Clone)]
pub struct Filter(reload::Handle<EnvFilter, Registry>);

impl Filter {
    /// Keeps other events from now on; in the syntax of `EnvFilter`.
    ///
    /// # Errors
    ///
    /// When the filter is none: then nothing is changed.
    pub fn change(&self, filter: &str) -> Result<(), LogError> {
        self.0.reload(parse(filter)?).map_err(|_| LogError::Filter(filter.to_owned()))
    }
}

fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder().parse(filter).map_err(|_| LogError::Filter(filter.to_owned()))
}

/// The thread that writes the log. When this is dropped, all that was logged is written.
#[derive(Debug)]
pub struct Writing {
    _writer: WorkerGuard,
}

/// How many lines wait for the writer; whoever logs one more waits too, so that none is lost.
const LINES: usize = 65_536;

/// Starts the log of this process; `filter` in the syntax of `EnvFilter`, such as `info,provider::dry_run=debug`.
///
/// # Errors
///
/// When the filter is none, or the process has a log already.
pub fn start(filter: &str, format: Format) -> Result<(Filter, Writing), LogError> {
    let (filter, handle) = reload::Layer::new(parse(filter)?);
    let log = tracing_subscriber::registry().with(filter);
    // On a thread of its own, so that no request waits for the terminal; many lines share a write.
    let (lines, writer) = NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(LINES)
        .thread_name("log")
        .finish(BufWriter::new(io::stderr()));
    let started = match format {
        Format::Text => {
            let text = fmt::layer().with_writer(lines).with_ansi(io::stderr().is_terminal());
            log.with(text).try_init()
        }
        Format::Json => log.with(fmt::layer().json().with_writer(lines)).try_init(),
    };
    started.map_err(|_| LogError::Running)?;
    Ok((Filter(handle), Writing { _writer: writer }))
}
