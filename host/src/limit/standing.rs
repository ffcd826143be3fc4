//! How much of a limit is used, as it may be told.

use serde::Serialize;
use std::time::Duration;

/// How much of a limit is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The limit's name, as in the configuration; nothing of whom it counts.
    pub name: &'static str,
    /// How often in all.
    pub quota: u32,
    /// Within which time; none if it counts until something resets it.
    pub span: Option<Duration>,
    /// How often it was used.
    pub used: u32,
    /// When there will be more; none if nothing is used, or if time changes nothing.
    pub reset: Option<Duration>,
}

/// What was asked for is more than a limit allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("more than the limit `{}` allows", violated.first().copied().unwrap_or_default())]
pub struct Exceeded {
    /// The limits that it would break; at least one.
    pub violated: Vec<&'static str>,
    /// How long they all need; none if time alone changes nothing.
    pub wait: Option<Duration>,
    /// Every limit that applies.
    pub standings: Vec<Standing>,
}

impl Standing {
    /// How often it may still be used.
    pub fn remaining(&self) -> u32 {
        self.quota.saturating_sub(self.used)
    }

    /// Whether not even once more.
    pub fn is_used_up(&self) -> bool {
        self.remaining() == 0
    }
}

impl Exceeded {
    /// Of the limits that apply those that are used up; `None` if none is.
    pub fn of(standings: Vec<Standing>) -> Option<Self> {
        let by = |standing: &Standing| standing.is_used_up();
        Self::by(standings, by)
    }

    /// Of the limits that apply those that this says are broken; `None` if none is.
    pub fn by(standings: Vec<Standing>, is_broken: impl Fn(&Standing) -> bool) -> Option<Self> {
        let broken: Vec<&Standing> = standings.iter().filter(|standing| is_broken(standing)).collect();
        if broken.is_empty() {
            return None;
        }
        let waits: Option<Vec<Duration>> = broken.iter().map(|standing| standing.reset).collect();
        let wait = waits.and_then(|waits| waits.into_iter().max());
        let violated = broken.iter().map(|standing| standing.name).collect();
        Some(Self { violated, wait, standings })
    }
}
