//! `[log]`: what is logged and how it looks.

use super::{report::Report, section::Section};
use crate::telemetry::Format;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// What is logged and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Which events are kept, in the syntax of `EnvFilter`; it was tried and is one.
    pub filter: String,
    /// How an event looks.
    pub format: Format,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: Format::Text }
    }
}

/// Whether a part of a filter says its level: a bare word that is none would be a target, and all others be silent.
fn is_level_or_pair(part: &str) -> bool {
    part.contains(['=', '[']) || part.trim().parse::<LevelFilter>().is_ok()
}

/// Reads `[log]`.
pub(super) fn read(mut log: Section<'_>, report: &mut Report) -> Log {
    let default = Log::default();
    let filter = log.find("filter").and_then(|field| {
        let text = field.filled(report)?;
        if EnvFilter::builder().parse(text).is_ok() && text.split(',').all(is_level_or_pair) {
            return Some(text.to_owned());
        }
        let hint = "for example \"info\", \"warn,passrelay=debug\" or \"info,provider=trace\"";
        field.wrong("is no filter", hint.to_owned(), report);
        None
    });
    let formats = [("text", Format::Text), ("json", Format::Json)];
    let format = log.find("format").and_then(|field| field.word(&formats, report));
    log.close(report);
    Log { filter: filter.unwrap_or(default.filter), format: format.unwrap_or(default.format) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_does_not_silence_the_log() {
        for (part, fine) in [
            ("info", true),
            (" WARN", true),
            ("off", true),
            ("passrelay=debug", true),
            ("[request]=trace", true),
            ("inof", false),
            ("verbose", false),
        ] {
            assert_eq!(is_level_or_pair(part), fine, "{part}");
        }
    }
}
