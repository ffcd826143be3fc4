//! `[smscx]`: the face that callers of SMS.CX know.

use super::{report::Report, section::Section};
use std::time::Duration;

/// How long a token lives: one day, one week, or until its API key ends (X2).
const LIVES: [(&str, Option<Duration>); 3] =
    [("1d", Some(Duration::from_hours(24))), ("1w", Some(Duration::from_hours(7 * 24))), ("endless", None)];

/// The face that callers of SMS.CX know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsCx {
    /// How long a token lives; without an end of its own with `None`.
    pub token_life: Option<Duration>,
}

/// Reads `[smscx]`, which is there or not: without it there is no such face.
pub(super) fn read(root: &mut Section<'_>, report: &mut Report) -> Option<SmsCx> {
    let mut table = root.find("smscx")?.table(report)?;
    let day = LIVES.first().and_then(|(_, life)| *life);
    let token_life = table.find("token_life").and_then(|field| field.word(&LIVES, report)).unwrap_or(day);
    table.close(report);
    Some(SmsCx { token_life })
}
