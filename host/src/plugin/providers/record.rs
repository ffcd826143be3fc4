//! What became of a provider, over all its files and runs: for whoever asks why it is as it is.

use crate::plugin::{breaker::Outcome, redact::one_line};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// How many events are remembered of one provider: the newest.
const MOST_EVENTS: usize = 10;

/// The characters of an event's detail.
const LONGEST_DETAIL: usize = 300;

/// What happened to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ProviderHappening")]
pub enum Happening {
    /// It was opened, where none ran.
    Opened,
    /// It was opened beside the one that ran, and took its place.
    Replaced,
    /// A file or a configuration of it was not taken.
    Refused,
    /// Its file was removed; it goes on from its private copy.
    FileGone,
    /// It panicked, or spoke nonsense.
    Panicked,
    /// Its process or thread ended.
    Died,
    /// It blocked its thread and was ended.
    Stuck,
    /// It logged, asked or answered more than is bearable.
    Flooded,
    /// It is left alone for a while, for what it did.
    Quarantined,
    /// An operator ended that.
    Freed,
    /// Another file of its library was opened beside it, and has a share of its deliveries.
    CanaryOpened,
    /// That file has no share any more.
    CanaryClosed,
    /// The bytes that were its canary are now what it runs.
    Promoted,
}

impl Happening {
    /// What a call came to, where that is the provider's fault.
    pub(in crate::plugin) fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Answered | Outcome::Unavailable => None,
            Outcome::Panicked => Some(Self::Panicked),
            Outcome::Ended | Outcome::EndedServer => Some(Self::Died),
            Outcome::Stuck => Some(Self::Stuck),
            Outcome::Flooded => Some(Self::Flooded),
        }
    }
}

/// Something that happened to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProviderEvent {
    /// When; of several that were the same, the last one.
    pub at: Timestamp,
    /// What.
    pub event: Happening,
    /// More about it, where there is more: a version and the beginning of a hash, or a reason.
    pub detail: Option<String>,
    /// How often in a row.
    pub times: u32,
}

/// A provider's record; it outlives what runs.
#[derive(Debug, Default)]
pub(in crate::plugin) struct Record {
    told: Mutex<Told>,
    /// How often it was opened on a thread of the host, its canaries with it.
    threads: Arc<AtomicU32>,
}

#[derive(Debug, Default)]
struct Told {
    events: VecDeque<ProviderEvent>,
    apart: Option<String>,
    is_moved: bool,
}

/// Why a provider does not run where the configuration has it.
const MOVED: &str = "it ended the server from its thread, so it runs in a process of its own for now";

impl Record {
    /// A record of its own for a canary of the same provider.
    pub(super) fn of_canary(&self) -> Self {
        Self { threads: Arc::clone(&self.threads), ..Self::default() }
    }

    /// Takes note of something; the same thing again is counted and not listed anew.
    pub(in crate::plugin) fn note(&self, at: Timestamp, event: Happening, detail: Option<&str>) {
        let detail = detail.map(|detail| one_line(detail, LONGEST_DETAIL));
        let mut told = self.told();
        if let Some(last) = told.events.back_mut()
            && last.event == event
            && last.detail == detail
        {
            last.at = at;
            last.times = last.times.saturating_add(1);
            return;
        }
        told.events.push_back(ProviderEvent { at, event, detail, times: 1 });
        if told.events.len() > MOST_EVENTS {
            told.events.pop_front();
        }
    }

    /// Says why what runs is not what the folders and the configuration hold; whether that is news.
    pub(super) fn set_apart(&self, why: Option<&str>) -> bool {
        let mut told = self.told();
        let is_news = told.apart.as_deref() != why;
        told.apart = why.map(str::to_owned);
        is_news
    }

    /// Why what runs is not what the folders and the configuration hold, if it is not.
    pub(super) fn apart(&self) -> Option<String> {
        let told = self.told();
        told.apart.clone().or_else(|| told.is_moved.then(|| MOVED.to_owned()))
    }

    /// Says whether it was moved from a thread to a process, for what it did there.
    pub(super) fn set_moved(&self, is_moved: bool) {
        self.told().is_moved = is_moved;
    }

    /// The newest events, oldest first.
    pub(super) fn events(&self) -> Vec<ProviderEvent> {
        self.told().events.iter().cloned().collect()
    }

    /// How often it was opened on a thread before; counts one more.
    pub(super) fn one_more_thread(&self) -> u32 {
        self.threads.fetch_add(1, Ordering::Relaxed)
    }

    /// How often it was opened on a thread.
    pub(super) fn threads(&self) -> u32 {
        self.threads.load(Ordering::Relaxed)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    #[test]
    fn the_newest_events_are_kept_and_the_same_one_again_is_counted() {
        let record = Record::default();
        for n in 0..20 {
            record.note(millis(n), Happening::Replaced, Some(&n.to_string()));
        }
        record.note(millis(30), Happening::Died, Some("signal\n11"));
        record.note(millis(40), Happening::Died, Some("signal\n11"));
        let events = record.events();
        assert_eq!(events.len(), MOST_EVENTS);
        assert_eq!(events[0].detail.as_deref(), Some("11"));
        let last = ProviderEvent {
            at: millis(40),
            event: Happening::Died,
            detail: Some("signal 11".to_owned()),
            times: 2,
        };
        assert_eq!(events.last(), Some(&last));
    }
}
