//! The limits of guessing, over all verifications of a recipient and of a member.

use super::place::Place;
use crate::{
    limit::{Exceeded, Failures, Guessing, Standing, address},
    seal::Keys,
    store::{Changes, Key, Kind, Stop, View},
    verification::{Verdict, Verification},
};
use jiff::Timestamp;

/// The wrong codes of a verification's recipient and of its member, as a job found them.
#[derive(Debug)]
pub(in crate::verifier) struct Checks {
    rules: Guessing,
    recipient: Option<(Key, Failures)>,
    member: Option<(Key, Failures)>,
}

/// The record of a recipient's wrong codes.
pub(super) fn of_recipient(keys: &Keys, application: &str, recipient: &str) -> Place {
    Place::new(keys, "failed_checks_per_recipient", application, &address(recipient))
}

/// The record of a member's wrong codes.
pub(super) fn of_member(keys: &Keys, application: &str, member: &str) -> Place {
    Place::new(keys, "failed_checks_per_member", application, member)
}

impl Checks {
    /// The names of the record of a member's wrong codes, newest first, for a verification to keep.
    pub(in crate::verifier) fn names(keys: &Keys, application: &str, member: Option<&str>) -> Vec<String> {
        member.map(|member| of_member(keys, application, member).names()).unwrap_or_default()
    }

    /// Looks up what was counted.
    pub(in crate::verifier) fn read(
        view: &View<'_>,
        keys: &Keys,
        rules: Guessing,
        verification: &Verification,
    ) -> Result<Self, Stop> {
        if rules == (Guessing { failed_checks: None, failed_in_a_row: None }) {
            return Ok(Self { rules, recipient: None, member: None });
        }
        let recipient = of_recipient(keys, &verification.application, verification.recipient.as_str());
        let member = Place::named(verification.member_names.iter().cloned());
        let all: Vec<Key> = recipient.keys().chain(member.keys()).collect();
        // Loads what is missing in one go.
        view.read_all::<Failures>(&all)?;
        Ok(Self { rules, recipient: recipient.read(view)?, member: member.read(view)? })
    }

    /// What a check breaks that is not even to be compared.
    pub(in crate::verifier) fn refusal(&self, now: Timestamp) -> Option<Exceeded> {
        let has_another_way = match (&self.recipient, &self.member) {
            (Some((recipient, _)), Some((_, member))) => member.has_another_way(recipient.id()),
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
        let (rules, recipient) = (self.rules, self.recipient.as_ref().map(|(key, _)| key.id().to_owned()));
        match verdict {
            Verdict::Wrong => {
                if let Some((_, failures)) = &mut self.recipient {
                    failures.failed(rules, None, now);
                }
                if let Some((_, failures)) = &mut self.member {
                    failures.failed(rules, recipient.as_deref(), now);
                }
            }
            Verdict::Right => {
                if let Some((_, failures)) = &mut self.recipient {
                    failures.proved();
                }
                let through = self.member.as_mut().map(|(_, failures)| failures.proved());
                let others = through.unwrap_or_default().into_iter();
                let others = others.filter(|(name, _)| Some(name) != recipient.as_ref());
                forgive(view, changes, rules, others, now)?;
            }
        }
        for (key, failures) in [&self.recipient, &self.member].into_iter().flatten() {
            keep(changes, key.clone(), failures, rules, now)?;
        }
        Ok(())
    }

    /// How much of each limit is used.
    pub(in crate::verifier) fn standings(&self, now: Timestamp) -> Vec<Standing> {
        let recipient = self.recipient.iter().map(|(_, failures)| (RECIPIENT, failures));
        let member = self.member.iter().map(|(_, failures)| (MEMBER, failures));
        let of = |(names, failures): ([&'static str; 2], &Failures)| {
            failures.standings(names, self.rules, now).collect::<Vec<_>>()
        };
        recipient.chain(member).flat_map(of).collect()
    }
}

/// Takes out of recipients' counts what a member who proved to be another way had added.
pub(super) fn forgive(
    view: &View<'_>,
    changes: &mut Changes,
    rules: Guessing,
    recipients: impl Iterator<Item = (String, u32)>,
    now: Timestamp,
) -> Result<(), Stop> {
    let (keys, times): (Vec<Key>, Vec<u32>) =
        recipients.map(|(name, times)| (Key::new(Kind::Limit, name), times)).unzip();
    let found = view.read_all::<Failures>(&keys)?;
    for ((key, times), failures) in keys.into_iter().zip(times).zip(found) {
        let Some(mut failures) = failures else { continue };
        failures.forgive(times);
        keep(changes, key, &failures, rules, now)?;
    }
    Ok(())
}

fn keep(
    changes: &mut Changes,
    key: Key,
    failures: &Failures,
    rules: Guessing,
    now: Timestamp,
) -> Result<(), Stop> {
    match failures.keep_until(rules, now) {
        Some(until) => changes.put(key, failures, until)?,
        None => changes.remove(key),
    }
    Ok(())
}

pub(super) const RECIPIENT: [&str; 2] =
    ["failed_checks_per_recipient", "failed_checks_in_a_row_per_recipient"];
pub(super) const MEMBER: [&str; 2] = ["failed_checks_per_member", "failed_checks_in_a_row_per_member"];
