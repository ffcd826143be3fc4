//! One run of a provider's log: the ids that it gave to its callsites and spans, and how much it may say.

use super::{Log, Site};
use crate::clock::Clock;
use provider_api::abi::ops;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tracing::{dispatcher::get_default, span};

/// Events of one provider in one second; more are counted and dropped.
const MOST_EVENTS: u32 = 1000;

/// Events in one second that are a fault: no number of deliveries explains them.
const FLOOD: u32 = 20 * MOST_EVENTS;

/// Callsites that one run makes known; more are not heard.
const MOST_CALLSITES: usize = 4096;

/// Spans that one provider has open at once; more are not shown.
const MOST_SPANS: usize = 4096;

/// A run of a provider's log. Ids are the caller's own, never this process's: a provider cannot touch other spans.
pub(in super::super) struct Session {
    log: Log,
    clock: Clock,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    sites: HashMap<u64, &'static Site>,
    spans: HashMap<u64, (span::Id, &'static Site)>,
    second: i64,
    events: u32,
}

impl Session {
    pub(in super::super) fn new(log: Log, clock: Clock) -> Self {
        Self { log, clock, known: Mutex::default() }
    }

    /// Takes note that the provider asks too much of the host.
    pub(in super::super) fn floods(&self) {
        self.log.flood.begins();
    }

    /// Makes a callsite known under this id; whether it is.
    pub(in super::super) fn callsite(&self, id: u64, description: &[u8]) -> bool {
        // Held until the callsite is entered: threads of a provider that come at once keep to the bound together.
        let mut known = self.known();
        if known.sites.len() >= MOST_CALLSITES {
            return false;
        }
        let site = self.log.register(description);
        known.sites.extend(site.map(|site| (id, site)));
        site.is_some()
    }

    /// Does what a provider asks of its log; `new` is the id of a span that begins.
    pub(in super::super) fn trace(&self, op: u32, site: u64, span: u64, new: u64, values: &[u8]) -> u64 {
        match op {
            ops::TRACE_INTEREST => self.known().sites.get(&site).map_or(1, |site| u64::from(site.interest())),
            ops::TRACE_EVENT => self.event(site, span, values),
            ops::TRACE_NEW_SPAN => self.span(site, span, new, values),
            ops::TRACE_RECORD => self.add(span, values),
            ops::TRACE_CLOSE => self.close(span),
            _ => 0,
        }
    }

    fn event(&self, site: u64, parent: u64, values: &[u8]) -> u64 {
        let (site, parent) = {
            let mut known = self.known();
            if !known.may_speak(self.clock.now().as_second(), &self.log) {
                return 1;
            }
            (known.sites.get(&site).copied(), known.spans.get(&parent).map(|(span, _)| span.clone()))
        };
        if let Some(site) = site {
            self.log.event(site, parent.as_ref(), values);
        }
        1
    }

    fn span(&self, site: u64, parent: u64, new: u64, values: &[u8]) -> u64 {
        // Held until the span is entered, for the same reason. Whoever hears of the span never asks a session.
        let mut known = self.known();
        let full = known.spans.len() >= MOST_SPANS;
        if full || !known.may_speak(self.clock.now().as_second(), &self.log) {
            return new;
        }
        let parent = known.spans.get(&parent).map(|(span, _)| span);
        let span =
            known.sites.get(&site).and_then(|site| Some((self.log.span(site, parent, values)?, *site)));
        let before = span.and_then(|span| known.spans.insert(new, span));
        drop(known);
        if let Some((before, _)) = before {
            get_default(|dispatch| dispatch.try_close(before.clone()));
        }
        new
    }

    fn add(&self, span: u64, values: &[u8]) -> u64 {
        // Held meanwhile: a subscriber may panic when it is told of a span that was closed.
        let mut known = self.known();
        let may = known.may_speak(self.clock.now().as_second(), &self.log);
        if let Some((span, site)) = known.spans.get(&span).filter(|_| may) {
            self.log.add(span, site, values);
        }
        1
    }

    fn close(&self, span: u64) -> u64 {
        let known = self.known().spans.remove(&span);
        if let Some((span, _)) = known {
            get_default(|dispatch| dispatch.try_close(span.clone()));
        }
        1
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    /// A provider that ended leaves no span open.
    fn drop(&mut self) {
        let spans = std::mem::take(&mut self.known().spans);
        for (span, _) in spans.into_values() {
            get_default(|dispatch| dispatch.try_close(span.clone()));
        }
    }
}

impl Known {
    fn may_speak(&mut self, second: i64, log: &Log) -> bool {
        if self.second != second {
            let dropped = self.events.saturating_sub(MOST_EVENTS);
            if dropped > 0 {
                tracing::warn!(
                    provider.id = &*log.provider,
                    dropped,
                    "a provider logged too much in a second"
                );
            }
            (self.second, self.events) = (second, 0);
        }
        self.events = self.events.saturating_add(1);
        if self.events == FLOOD {
            log.flood.begins();
        }
        self.events <= MOST_EVENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, millis},
        plugin::redact::Redactor,
    };
    use std::{sync::Barrier, thread};
    use tracing::{Dispatch, dispatcher};

    fn description(n: usize) -> Vec<u8> {
        format!(r#"{{"name":"n{n}","target":"t","level":3,"fields":[]}}"#).into_bytes()
    }

    /// They are never freed: without a bound a library could use up the host's memory with them.
    #[test]
    fn a_provider_makes_only_so_many_callsites_known() {
        let session = Session::new(Log::new("greedy", Redactor::default()), Clock::system());
        let taken =
            (1..=MOST_CALLSITES as u64 + 10).filter(|id| session.callsite(*id, &description(1))).count();
        assert_eq!(taken, MOST_CALLSITES);
    }

    #[test]
    fn a_callsite_that_is_too_long_or_unreadable_is_not_taken() {
        let session = Session::new(Log::new("odd", Redactor::default()), Clock::system());
        let long = format!(r#"{{"name":"{}","target":"t","level":3,"fields":[]}}"#, "n".repeat(20_000));
        let wide = format!(r#"{{"name":"n","target":"t","level":3,"fields":[{}"a"]}}"#, r#""a","#.repeat(32));
        for description in [long.as_bytes(), wide.as_bytes(), b"garbage"] {
            assert!(!session.callsite(1, description));
        }
        assert!(session.callsite(1, &description(1)));
    }

    /// On a thread of the host, a provider's own threads speak at once.
    #[test]
    fn threads_that_come_at_once_keep_to_the_bounds_together() {
        const THREADS: u64 = 8;
        let hand = ManualClock::at(millis(0));
        let session = Session::new(Log::new("crowd", Redactor::default()), hand.clock());
        let dispatch = Dispatch::new(tracing_subscriber::registry());
        let open = |id| session.trace(ops::TRACE_NEW_SPAN, 1, 0, id, b"");
        let site = br#"{"name":"n","target":"t","level":3,"fields":[],"span":true}"#;
        let (most_spans, most_sites) = (MOST_SPANS as u64, MOST_CALLSITES as u64);
        dispatcher::with_default(&dispatch, || {
            for id in 1..most_spans {
                if id % 900 == 0 {
                    hand.advance(std::time::Duration::from_secs(1));
                }
                assert!(id == most_sites || session.callsite(id, site));
                open(id);
            }
        });
        for _ in 0..200 {
            hand.advance(std::time::Duration::from_secs(1));
            let together = Barrier::new(usize::try_from(THREADS).unwrap());
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let (session, dispatch, together) = (&session, &dispatch, &together);
                    scope.spawn(move || {
                        dispatcher::with_default(dispatch, || {
                            together.wait();
                            session.trace(ops::TRACE_NEW_SPAN, 1, 0, most_spans + thread, b"");
                            session.callsite(most_sites + thread, site);
                        });
                    });
                }
            });
            let mut known = session.known();
            assert_eq!((known.spans.len(), known.sites.len()), (MOST_SPANS, MOST_CALLSITES));
            known.sites.retain(|id, _| *id < most_sites);
            drop(known);
            dispatcher::with_default(&dispatch, || {
                (0..THREADS).for_each(|thread| {
                    session.trace(ops::TRACE_CLOSE, 0, most_spans + thread, 0, b"");
                });
            });
        }
        dispatcher::with_default(&dispatch, || drop(session));
    }
}
