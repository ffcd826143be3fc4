//! Finding verifications and deliveries: by where they stand, whom they are about and when, newest first.

use super::{Verifier, VerifyError, start::person};
use crate::{
    delivery::Delivery,
    seal::Keys,
    store::{Filter, Kind, Listed},
    verification::{Status, Verification},
};
use jiff::Timestamp;
use provider_api::{Channel, Failure, Recipient};
use serde::de::DeserializeOwned;

/// How many questions are asked of the store before a page is answered with what it has.
const QUESTIONS: usize = 10;

/// How many records are read at a time.
const STEP: usize = 100;

/// By how many milliseconds an id may be older than what it names, at most: an hour. It is made just before, and the record once
/// it is the request's turn.
const APART: i64 = 3_600_000;

/// What holds of everything that is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only of this application; of every one where there is none.
    pub application: Option<String>,
    /// Only about this recipient.
    pub to: Option<Recipient>,
    /// Only made at this time or later.
    pub since: Option<Timestamp>,
    /// Only made before this time.
    pub until: Option<Timestamp>,
    /// Only what follows the one of this id: the last of the page before.
    pub after: Option<String>,
    /// How many at most.
    pub most: usize,
}

/// Which verifications are asked for.
#[derive(Debug, Clone, Default)]
pub struct WantedVerifications {
    /// What holds of all of them.
    pub all: Wanted,
    /// Only those that stand here.
    pub status: Option<Status>,
    /// Only those for this purpose.
    pub purpose: Option<String>,
}

/// Which deliveries are asked for.
#[derive(Debug, Clone, Default)]
pub struct WantedDeliveries {
    /// What holds of all of them.
    pub all: Wanted,
    /// Only those with this outcome: `queued`, `sent`, `failed` or `unknown`.
    pub outcome: Option<&'static str>,
    /// Only those that failed in this way.
    pub failure: Option<Failure>,
    /// Only those of this provider.
    pub provider: Option<String>,
    /// Only those on this channel.
    pub channel: Option<Channel>,
}

/// A part of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// What was found, newest first. It may be short, or empty, although more follows.
    pub items: Vec<T>,
    /// After which id the list goes on, if it does.
    pub next: Option<String>,
    /// When that was.
    pub at: Timestamp,
}

impl Verifier {
    /// The verifications that are asked for.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn verifications(
        &self,
        wanted: &WantedVerifications,
    ) -> Result<Page<Verification>, VerifyError> {
        let now = self.clock.now();
        let WantedVerifications { all, status, purpose } = wanted;
        // One whose time ran out was `pending` when it was written last.
        let state = status.map(|status| match status {
            Status::Expired => Status::Pending.as_str(),
            other => other.as_str(),
        });
        let fits = |found: &Verification| {
            status.is_none_or(|status| found.status(now) == status)
                && purpose.as_ref().is_none_or(|purpose| found.purpose == *purpose)
        };
        let filter = Filter { state, ..filter(Kind::Verification, "ver_", all, &self.keys.now()) };
        self.page(filter, all, |found: &Verification| found.created_at, fits).await
    }

    /// The deliveries that are asked for: where a message that did not arrive is found (T64).
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn deliveries(&self, wanted: &WantedDeliveries) -> Result<Page<Delivery>, VerifyError> {
        let WantedDeliveries { all, outcome, failure, provider, channel } = wanted;
        let fits = |found: &Delivery| {
            failure.as_ref().is_none_or(|failure| found.outcome.failure() == Some(failure))
                && channel.as_ref().is_none_or(|channel| found.channel == *channel)
        };
        let filter = filter(Kind::Delivery, "dlv_", all, &self.keys.now());
        let filter = Filter { state: *outcome, provider: provider.clone(), ..filter };
        self.page(filter, all, |found: &Delivery| found.created_at, fits).await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        mut filter: Filter,
        wanted: &Wanted,
        made: impl Fn(&T) -> Timestamp,
        fits: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, VerifyError> {
        let at = self.clock.now();
        let mut items = Vec::new();
        let fits = |item: &T| {
            let made = made(item);
            wanted.since.is_none_or(|since| made >= since)
                && wanted.until.is_none_or(|until| made < until)
                && fits(item)
        };
        for _ in 0..QUESTIONS {
            let Listed { found, next } = self.ledger.list::<T>(filter.clone()).await?;
            for (id, item) in found {
                // One that cannot be opened was told in the log, and spoils no other.
                items.extend(item.filter(&fits));
                if items.len() == wanted.most {
                    return Ok(Page { items, next: Some(id), at });
                }
            }
            if next.is_none() {
                return Ok(Page { items, next: None, at });
            }
            filter.before = next;
        }
        Ok(Page { items, next: filter.before, at })
    }
}

fn filter(kind: Kind, prefix: &str, wanted: &Wanted, keys: &Keys) -> Filter {
    // Ids begin with the time: 48 bits of milliseconds (RFC 9562 section 5.7), and are made just before what they name.
    let until = wanted.until.map(|until| format!("{prefix}{:012x}", until.as_millisecond().max(0)));
    let from = wanted
        .since
        .map(|since| format!("{prefix}{:012x}", since.as_millisecond().saturating_sub(APART).max(0)));
    let before = match (wanted.after.clone(), until) {
        (Some(after), Some(until)) => Some(after.min(until)),
        (after, until) => after.or(until),
    };
    let people = wanted.to.iter().flat_map(|to| keys.newest_first().map(|key| person(key, to)));
    let person = people.collect();
    Filter { before, from, application: wanted.application.clone(), person, ..Filter::of(kind, STEP) }
}
