//! The limits of guessing, over all verifications of a recipient and of a member.

use super::place::{Place, Spot};
use crate::{
    limit::{Exceeded, Failures, Guessing, Standing, Whom, address},
    seal::Keys,
    store::{Changes, Key, Stop, View},
    verification::{Verdict, Verification},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where somebody's wrong codes are counted, and whose they are.
#[derive(Debug, Clone)]
pub(super) struct Guessed {
    place: Place,
    of: Of,
}

/// Whose wrong codes a record counts: kept in it, sealed, so that it can be named anew under a newer key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Of {
    limit: String,
    application: String,
    whom: Whom,
}

/// A count as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counted {
    of: Of,
    failures: Failures,
}

/// A count as a job found it, with where it is written.
#[derive(Debug)]
struct Held {
    of: Of,
    spot: Spot,
    failures: Failures,
}

/// The wrong codes of a verification's recipient and of its member, as a job found them.
#[derive(Debug)]
pub(in crate::verifier) struct Checks<'a> {
    keys: &'a Keys,
    rules: Guessing,
    recipient: Option<Held>,
    member: Option<Held>,
}

/// The wrong codes of a recipient.
pub(super) fn of_recipient(keys: &Keys, application: &str, recipient: &str) -> Guessed {
    Of::new("failed_checks_per_recipient", application, &address(recipient)).guessed(keys)
}

/// The wrong codes of a member.
pub(super) fn of_member(keys: &Keys, application: &str, member: &str) -> Guessed {
    Of::new("failed_checks_per_member", application, member).guessed(keys)
}

impl Of {
    fn new(limit: &str, application: &str, whom: &str) -> Self {
        Self { limit: limit.to_owned(), application: application.to_owned(), whom: Whom::new(whom) }
    }

    fn guessed(self, keys: &Keys) -> Guessed {
        Guessed { place: self.place(keys), of: self }
    }

    /// Where the count of this stands under these keys.
    pub(super) fn place(&self, keys: &Keys) -> Place {
        Place::new(keys, &self.limit, &self.application, self.whom.expose())
    }
}

impl Guessed {
    fn read(&self, view: &View<'_>) -> Result<Held, Stop> {
        let (spot, counted) = self.place.read::<Counted>(view)?;
        let failures = counted.map(|counted| counted.failures).unwrap_or_default();
        Ok(Held { of: self.of.clone(), spot, failures })
    }

    /// What was counted.
    pub(super) fn failures(&self, view: &View<'_>) -> Result<Failures, Stop> {
        Ok(self.read(view)?.failures)
    }

    /// Forgets what was counted, under every name; of a member's what it added to the counts of recipients too.
    pub(super) fn free(
        &self,
        view: &View<'_>,
        changes: &mut Changes,
        (keys, rules): (&Keys, Guessing),
        now: Timestamp,
    ) -> Result<(), Stop> {
        let mut held = self.read(view)?;
        let through = held.failures.proved();
        forgive(view, changes, (keys, rules), &self.of.application, through.into_iter(), now)?;
        self.place.keys().for_each(|key| changes.remove(key));
        Ok(())
    }
}

impl<'a> Checks<'a> {
    /// Looks up what was counted.
    pub(in crate::verifier) fn read(
        view: &View<'_>,
        keys: &'a Keys,
        rules: Guessing,
        verification: &Verification,
    ) -> Result<Self, Stop> {
        if rules == (Guessing { failed_checks: None, failed_in_a_row: None }) {
            return Ok(Self { keys, rules, recipient: None, member: None });
        }
        let application = &verification.application;
        let recipient = of_recipient(keys, application, verification.recipient.as_str());
        let member = verification.member.as_ref().map(|id| of_member(keys, application, id.expose()));
        let all: Vec<_> =
            member.iter().chain([&recipient]).flat_map(|guessed| guessed.place.keys()).collect();
        // Loads what is missing in one go.
        view.read_all::<Counted>(&all)?;
        let member = member.map(|member| member.read(view)).transpose()?;
        Ok(Self { keys, rules, recipient: Some(recipient.read(view)?), member })
    }

    /// What a check breaks that is not even to be compared.
    pub(in crate::verifier) fn refusal(&self, now: Timestamp) -> Option<Exceeded> {
        let has_another_way = match (&self.recipient, &self.member) {
            (Some(recipient), Some(member)) => member.failures.has_another_way(&recipient.of.whom),
            _ => false,
        };
        let is_broken =
            |standing: &Standing| standing.is_used_up() && !(standing.name == MEMBER[1] && has_another_way);
        Exceeded::by(self.standings(now), is_broken)
    }

    /// Counts what a check found.
    pub(in crate::verifier) fn count(
        &mut self,
        view: &View<'_>,
        changes: &mut Changes,
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let rules = self.rules;
        let recipient = self.recipient.as_ref().map(|held| held.of.clone());
        match verdict {
            Verdict::Wrong => {
                if let Some(held) = &mut self.recipient {
                    held.failures.failed(rules, None, now);
                }
                if let Some(held) = &mut self.member {
                    held.failures.failed(rules, recipient.as_ref().map(|of| &of.whom), now);
                }
            }
            Verdict::Right => {
                if let Some(held) = &mut self.recipient {
                    held.failures.proved();
                }
                let through = self.member.as_mut().map(|held| held.failures.proved());
                let others = through.unwrap_or_default().into_iter();
                if let Some(Of { application, whom, .. }) = &recipient {
                    let others = others.filter(|(other, _)| other != whom);
                    forgive(view, changes, (self.keys, rules), application, others, now)?;
                }
            }
        }
        for held in [&self.recipient, &self.member].into_iter().flatten() {
            held.keep(changes, rules, now)?;
        }
        Ok(())
    }

    /// How much of each limit is used.
    pub(in crate::verifier) fn standings(&self, now: Timestamp) -> Vec<Standing> {
        let recipient = self.recipient.iter().map(|held| (RECIPIENT, &held.failures));
        let member = self.member.iter().map(|held| (MEMBER, &held.failures));
        let of = |(names, failures): ([&'static str; 2], &Failures)| {
            failures.standings(names, self.rules, now).collect::<Vec<_>>()
        };
        recipient.chain(member).flat_map(of).collect()
    }
}

/// What a count of wrong codes is called under the newest key. What a limit of messages counted keeps its name: it ends.
pub(in crate::verifier) fn name_anew(view: &View<'_>, keys: &Keys, old: &Key) -> Result<Option<Key>, Stop> {
    let of = view.read::<Value>(old)?.and_then(|record| record.get("of").cloned());
    let of = of.and_then(|of| serde_json::from_value::<Of>(of).ok());
    Ok(of.map(|of| of.place(keys).newest().clone()))
}

/// Takes out of recipients' counts what a member who proved to be another way had added.
fn forgive(
    view: &View<'_>,
    changes: &mut Changes,
    (keys, rules): (&Keys, Guessing),
    application: &str,
    recipients: impl Iterator<Item = (Whom, u32)>,
    now: Timestamp,
) -> Result<(), Stop> {
    let guessed: Vec<(Guessed, u32)> =
        recipients.map(|(whom, times)| (of_recipient(keys, application, whom.expose()), times)).collect();
    let all: Vec<_> = guessed.iter().flat_map(|(guessed, _)| guessed.place.keys()).collect();
    view.read_all::<Counted>(&all)?;
    for (guessed, times) in guessed {
        let mut held = guessed.read(view)?;
        held.failures.forgive(times);
        held.keep(changes, rules, now)?;
    }
    Ok(())
}

impl Held {
    fn keep(&self, changes: &mut Changes, rules: Guessing, now: Timestamp) -> Result<(), Stop> {
        let Some(until) = self.failures.keep_until(rules, now) else {
            self.spot.remove(changes);
            return Ok(());
        };
        let counted = Counted { of: self.of.clone(), failures: self.failures.clone() };
        self.spot.put(changes, &counted, until)
    }
}

/// The names of the limits of guessing, by rate and in a row.
pub(crate) const RECIPIENT: [&str; 2] =
    ["failed_checks_per_recipient", "failed_checks_in_a_row_per_recipient"];
pub(crate) const MEMBER: [&str; 2] = ["failed_checks_per_member", "failed_checks_in_a_row_per_member"];
