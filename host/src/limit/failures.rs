//! The wrong codes of a recipient, a member or a factor: how many within a time, and how many without a right one between them.

use super::{Guessing, Standing, Whom, Window};
use crate::clock::after;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{mem, time::Duration};

/// How long a count without a right code is kept after its last wrong one, unless it locks: that is kept for ever.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// How many recipients a member's count tells apart.
const RECIPIENTS: usize = 8;

/// How many wrong codes of a locked member a recipient may have and still be another way to prove: one verification's.
const SPARE: u32 = 5;

/// The wrong codes of a recipient or a member over all verifications and purposes, or of a factor over all challenges.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    window: Window,
    in_a_row: u32,
    /// Of a member's: through which recipients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    through: Vec<(Whom, u32)>,
}

impl Failures {
    /// Whether only an operator or another proven recipient frees it.
    pub fn is_locked(&self, rules: Guessing) -> bool {
        rules.failed_in_a_row.is_some_and(|most| self.in_a_row >= most)
    }

    /// Whether this recipient may still prove a member who is locked: it had hardly a part in the lock.
    pub fn has_another_way(&self, recipient: &Whom) -> bool {
        match self.through.iter().find(|(name, _)| name == recipient) {
            Some((_, times)) => *times < SPARE,
            None => self.through.len() < RECIPIENTS,
        }
    }

    /// Counts a wrong code; of a member's through this recipient.
    pub fn failed(&mut self, rules: Guessing, through: Option<&Whom>, now: Timestamp) {
        if let Some(rate) = rules.failed_checks {
            self.window.take(rate, now);
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        let Some(recipient) = through else { return };
        if let Some((_, times)) = self.through.iter_mut().find(|(name, _)| name == recipient) {
            *times = times.saturating_add(1);
        } else if self.through.len() < RECIPIENTS {
            self.through.push((recipient.clone(), 1));
        }
    }

    /// A right code came: what was counted in a row is over. Hands out through which recipients it was counted.
    pub fn proved(&mut self) -> Vec<(Whom, u32)> {
        self.in_a_row = 0;
        mem::take(&mut self.through)
    }

    /// Takes this many out of the count in a row: they were a member's who proved to be another way.
    pub fn forgive(&mut self, times: u32) {
        self.in_a_row = self.in_a_row.saturating_sub(times);
    }

    /// How long no other code is compared, since so many were wrong within a time; `None`: one is.
    pub fn wait(&self, rules: Guessing, now: Timestamp) -> Option<Duration> {
        let standing = self.window.standing("", rules.failed_checks?, now);
        standing.is_used_up().then(|| standing.reset.unwrap_or_default())
    }

    /// How much of each limit is used, under the names for a rate and for a count in a row.
    pub fn standings(
        &self,
        [rate_name, row_name]: [&'static str; 2],
        rules: Guessing,
        now: Timestamp,
    ) -> impl Iterator<Item = Standing> {
        let rate = rules.failed_checks.map(|rate| self.window.standing(rate_name, rate, now));
        let used = self.in_a_row;
        let row = |quota| Standing { name: row_name, quota, span: None, used, reset: None };
        rate.into_iter().chain(rules.failed_in_a_row.map(row))
    }

    /// Until when it matters; `None` if it does not even now.
    pub fn keep_until(&self, rules: Guessing, now: Timestamp) -> Option<Timestamp> {
        let row = match rules.failed_in_a_row {
            Some(_) if self.is_locked(rules) => Timestamp::MAX,
            Some(_) if self.in_a_row > 0 => after(now, KEPT),
            _ => Timestamp::MIN,
        };
        Some(row.max(self.window.ends())).filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, limit::Rate};

    const RULES: Guessing =
        Guessing { failed_checks: Some(Rate::new(2, Duration::from_secs(1))), failed_in_a_row: Some(7) };

    fn failed(times: u32, through: &str) -> Failures {
        let mut failures = Failures::default();
        for _ in 0..times {
            failures.failed(RULES, Some(&Whom::new(through)), millis(0));
        }
        failures
    }

    fn used(failures: &Failures, now: i64) -> Vec<(u32, bool)> {
        let standings = failures.standings(["rate", "row"], RULES, millis(now));
        standings.map(|standing| (standing.used, standing.is_used_up())).collect()
    }

    #[test]
    fn the_rate_is_free_again_by_time_and_the_count_in_a_row_by_a_right_code() {
        let mut failures = failed(2, "a");
        assert_eq!(used(&failures, 999), [(2, true), (2, false)]);
        assert_eq!(used(&failures, 1_000), [(0, false), (2, false)]);
        let wait = |now| failures.wait(RULES, millis(now));
        assert_eq!((wait(999), wait(1_000)), (Some(Duration::from_millis(1)), None));
        assert_eq!(failures.keep_until(RULES, millis(0)), Some(after(millis(0), KEPT)));
        assert_eq!(failures.proved(), [(Whom::new("a"), 2)]);
        assert_eq!(used(&failures, 999), [(2, true), (0, false)], "the rate does not forget");
        assert_eq!(failures.keep_until(RULES, millis(0)), Some(millis(1_000)));
        assert_eq!(failures.keep_until(RULES, millis(1_000)), None);
    }

    #[test]
    fn a_locked_member_may_prove_to_be_itself_only_where_it_was_not_guessed() {
        let mut failures = failed(6, "a");
        assert!(!failures.is_locked(RULES));
        failures.failed(RULES, Some(&Whom::new("b")), millis(0));
        assert!(failures.is_locked(RULES));
        assert_eq!(failures.keep_until(RULES, millis(0)), Some(Timestamp::MAX));
        assert!(
            !failures.has_another_way(&Whom::new("a"))
                && failures.has_another_way(&Whom::new("b"))
                && failures.has_another_way(&Whom::new("c"))
        );
        for _ in 1..SPARE {
            failures.failed(RULES, Some(&Whom::new("b")), millis(0));
        }
        assert!(!failures.has_another_way(&Whom::new("b")) && failures.has_another_way(&Whom::new("c")));
        for recipient in 0..2 * RECIPIENTS {
            failures.failed(RULES, Some(&Whom::new(recipient.to_string())), millis(0));
        }
        assert_eq!(failures.through.len(), RECIPIENTS, "its size is bounded");
        assert!(!failures.has_another_way(&Whom::new("c")));
        failures.proved();
        assert!(!failures.is_locked(RULES));
    }

    #[test]
    fn a_count_never_goes_below_zero() {
        let mut failures = failed(3, "a");
        failures.forgive(2);
        assert_eq!(used(&failures, 0)[1].0, 1);
        failures.forgive(5);
        assert_eq!(used(&failures, 0)[1].0, 0);
    }
}
