//! A sliding window: how often something happened in the span of time that ends now.

use super::{Rate, Standing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Up to this quota every time is kept, and the window is exact to the millisecond.
const EXACT: u32 = 64;

/// Into how many parts the span of a larger quota is divided. Whatever happened in a part counts until all of the part
/// is over: never more than the quota, and perhaps a sixtieth of the span too late.
const PARTS: i64 = 60;

/// What was counted: never more than 64 or so entries, whatever the quota.
///
/// It moves with the clock it is shown. One that is set back makes what was counted after it as old as now, so that it
/// counts for one more span at most and never for less than it should.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The span that it was last counted by, in milliseconds.
    span: i64,
    /// Milliseconds since 1970, each rounded up to the last one of its part, with how often; oldest first.
    counted: Vec<(i64, u32)>,
}

/// What a [`Window`] counted once, to be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The name of the window's record.
    pub record: String,
    /// Under which of its times it was counted.
    pub at: i64,
}

impl Window {
    /// How much is used at this time.
    pub fn standing(&self, name: &'static str, rate: Rate, now: Timestamp) -> Standing {
        let moved = self.moved(rate, now);
        let used = moved.used();
        // What has to go before there is more than now.
        let mut first = (used.saturating_add(1)).saturating_sub(rate.quota).max(1);
        let goes = moved.counted.iter().find(|(_, times)| {
            first = first.saturating_sub(*times);
            first == 0
        });
        let reset = goes.map(|(at, _)| {
            let left = at.saturating_add(moved.span).saturating_sub(now.as_millisecond());
            Duration::from_millis(u64::try_from(left).unwrap_or_default())
        });
        Standing { name, quota: rate.quota, span: Some(rate.span), used, reset }
    }

    /// Counts one more if the quota has room; says under which time.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> Option<i64> {
        *self = self.moved(rate, now);
        if self.used() >= rate.quota {
            return None;
        }
        let at = rounded_up(now.as_millisecond(), grain(rate));
        match self.counted.last_mut() {
            Some((last, times)) if *last == at => *times = times.saturating_add(1),
            _ => self.counted.push((at, 1)),
        }
        Some(at)
    }

    /// Gives back one that was counted under this time; says whether it still counted.
    pub fn give_back(&mut self, at: i64) -> bool {
        let found = self.counted.iter_mut().find(|(counted, times)| *counted == at && *times > 0);
        let Some((_, times)) = found else { return false };
        *times -= 1;
        self.counted.retain(|(_, times)| *times > 0);
        true
    }

    /// When nothing of it counts any more.
    pub fn ends(&self) -> Timestamp {
        let last = self.counted.last().map_or(i64::MIN, |(at, _)| *at);
        Timestamp::from_millisecond(last.saturating_add(self.span)).unwrap_or(Timestamp::MIN)
    }

    fn used(&self) -> u32 {
        self.counted.iter().fold(0, |sum, (_, times)| sum.saturating_add(*times))
    }

    /// As it is at this time by this rate, which may be another than before.
    fn moved(&self, rate: Rate, now: Timestamp) -> Self {
        let (now, span, grain) = (now.as_millisecond(), span(rate), grain(rate));
        let latest = rounded_up(now, grain);
        let mut counted: Vec<(i64, u32)> = Vec::with_capacity(self.counted.len() + 1);
        for (at, times) in &self.counted {
            let at = rounded_up(*at, grain).min(latest);
            if at <= now.saturating_sub(span) {
                continue;
            }
            match counted.last_mut() {
                Some((last, sum)) if *last == at => *sum = sum.saturating_add(*times),
                _ => counted.push((at, *times)),
            }
        }
        Self { span, counted }
    }
}

fn span(rate: Rate) -> i64 {
    i64::try_from(rate.span.as_millis()).unwrap_or(i64::MAX)
}

/// How long a part is, in milliseconds.
fn grain(rate: Rate) -> i64 {
    if rate.quota <= EXACT { 1 } else { span(rate).saturating_add(PARTS - 1) / PARTS }.max(1)
}

/// The last millisecond of the part that this one is in.
fn rounded_up(at: i64, grain: i64) -> i64 {
    at.saturating_sub(at.rem_euclid(grain)).saturating_add(grain - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;
    use proptest::prelude::*;

    fn rate(quota: u32, span: u64) -> Rate {
        Rate::new(quota, Duration::from_millis(span))
    }

    fn ms(millis: u64) -> Option<Duration> {
        Some(Duration::from_millis(millis))
    }

    #[test]
    fn a_small_quota_is_free_again_to_the_millisecond() {
        let (mut window, rate) = (Window::default(), rate(2, 1_000));
        assert_eq!(window.standing("x", rate, millis(0)).reset, None);
        assert_eq!((window.take(rate, millis(0)), window.take(rate, millis(400))), (Some(0), Some(400)));
        let standing = window.standing("x", rate, millis(999));
        assert_eq!((standing.used, standing.remaining(), standing.reset), (2, 0, ms(1)));
        assert_eq!(window.take(rate, millis(999)), None);
        assert_eq!(window.standing("x", rate, millis(1_000)).reset, ms(400));
        assert_eq!(window.take(rate, millis(1_000)), Some(1_000));
        assert_eq!(window.take(rate, millis(1_399)), None);
        assert_eq!(window.ends(), millis(2_000));
        assert_eq!(window.standing("x", rate, millis(2_000)).used, 0);
    }

    #[test]
    fn what_is_given_back_may_be_used_again_once() {
        let (mut window, rate) = (Window::default(), rate(1, 1_000));
        let at = window.take(rate, millis(5)).unwrap();
        assert!(window.give_back(at) && !window.give_back(at), "counts never go below zero");
        assert_eq!(window.take(rate, millis(6)), Some(6));
        assert!(!window.give_back(at), "another's is not given back");
        assert_eq!(window.take(rate, millis(7)), None);
    }

    #[test]
    fn another_quota_counts_what_was_counted() {
        let mut window = Window::default();
        for at in 0..5 {
            window.take(rate(5, 1_000), millis(at)).unwrap();
        }
        let fewer = window.standing("x", rate(3, 1_000), millis(10));
        assert_eq!((fewer.used, fewer.remaining(), fewer.reset), (5, 0, ms(992)), "three have to go");
        let more = window.standing("x", rate(1_000, 60_000), millis(10));
        assert_eq!((more.used, more.remaining()), (5, 995));
    }

    #[test]
    fn a_clock_that_was_far_ahead_holds_nobody_back_for_longer_than_the_span() {
        let (mut window, rate) = (Window::default(), rate(1, 1_000));
        window.take(rate, millis(1_000_000_000)).unwrap();
        assert_eq!(window.take(rate, millis(50)), None);
        assert_eq!(window.take(rate, millis(1_049)), None);
        assert_eq!(window.take(rate, millis(1_050)), Some(1_050));
    }

    /// Whatever the clock does: over any stretch in which it moved on by less than the span.
    fn most_in_a_span(admitted: &[(u64, bool)], span: u64) -> usize {
        let mut passed = 0;
        let mut seen: Vec<u64> = Vec::new();
        let mut before = admitted.first().map_or(0, |(at, _)| *at);
        let mut most = 0;
        for (at, yes) in admitted {
            passed += at.saturating_sub(before);
            before = *at;
            if *yes {
                seen.push(passed);
                most = most.max(seen.iter().filter(|then| **then + span > passed).count());
            }
        }
        most
    }

    proptest! {
        #[test]
        fn no_span_ever_holds_more_than_the_quota(
            quota in prop_oneof![1_u32..8, 60_u32..70, 65_u32..300],
            span in prop_oneof![1_u64..50, 50_u64..5_000],
            times in prop::collection::vec(0_u64..6_000, 0..600),
            in_order: bool,
            scale in 1_u64..20,
        ) {
            let (rate, mut times) = (rate(quota, span), times);
            if in_order {
                for at in &mut times {
                    *at /= scale;
                }
                times.sort_unstable();
            }
            let mut window = Window::default();
            let mut admitted = Vec::new();
            for at in times {
                let now = millis(i64::try_from(at).unwrap());
                let standing = window.standing("x", rate, now);
                let taken = window.take(rate, now);
                prop_assert_eq!(taken.is_some(), standing.remaining() > 0);
                prop_assert_eq!(window.standing("x", rate, now).used, standing.used + u32::from(taken.is_some()));
                prop_assert!(window.counted.len() <= 64, "{} entries", window.counted.len());
                let kept = serde_json::to_string(&window).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Window>(&kept).unwrap(), &window);
                prop_assert!(window.ends() > now || window.counted.is_empty());
                admitted.push((at, taken.is_some()));
            }
            prop_assert!(most_in_a_span(&admitted, span) <= usize::try_from(quota).unwrap());
        }

        #[test]
        fn a_small_quota_refuses_no_earlier_than_it_must(
            quota in 1_u32..=64, span in 1_u64..500, pauses in prop::collection::vec(0_u64..40, 0..400),
        ) {
            let rate = rate(quota, span);
            let (mut window, mut log, mut at) = (Window::default(), Vec::<u64>::new(), 0);
            for pause in pauses {
                at += pause;
                let used = log.iter().filter(|then| **then + span > at).count();
                let taken = window.take(rate, millis(i64::try_from(at).unwrap()));
                prop_assert_eq!(taken.is_some(), used < usize::try_from(quota).unwrap());
                log.extend(taken.map(|_| at));
            }
        }

        #[test]
        fn whoever_waits_as_told_is_let_through(
            quota in prop_oneof![1_u32..8, 65_u32..90], span in 60_u64..2_000,
            pauses in prop::collection::vec(0_u64..30, 0..300),
        ) {
            let (rate, mut window, mut at) = (rate(quota, span), Window::default(), 0_u64);
            for pause in pauses {
                at += pause;
                let now = millis(i64::try_from(at).unwrap());
                if window.take(rate, now).is_some() { continue; }
                let wait = window.standing("x", rate, now).reset.unwrap();
                prop_assert!(!wait.is_zero() && wait <= Duration::from_millis(span + span / 60 + 1));
                at += u64::try_from(wait.as_millis()).unwrap();
                prop_assert!(window.clone().take(rate, millis(i64::try_from(at).unwrap() - 1)).is_none());
                prop_assert!(window.take(rate, millis(i64::try_from(at).unwrap())).is_some());
            }
        }

        #[test]
        fn giving_back_never_makes_more_than_the_quota(
            quota in prop_oneof![1_u32..6, 65_u32..80], span in 1_u64..500,
            steps in prop::collection::vec((0_u64..30, prop::option::of(any::<prop::sample::Index>())), 0..400),
        ) {
            let (rate, mut window, mut at) = (rate(quota, span), Window::default(), 0_u64);
            // Each that was let through: when, and what it was counted under while it is not given back.
            let mut sent: Vec<(u64, i64)> = Vec::new();
            for (pause, back) in steps {
                at += pause;
                let now = millis(i64::try_from(at).unwrap());
                match back {
                    Some(index) if !sent.is_empty() => {
                        let (_, taken) = sent.swap_remove(index.index(sent.len()));
                        window.give_back(taken);
                    }
                    _ => sent.extend(window.take(rate, now).map(|taken| (at, taken))),
                }
                let used = window.standing("x", rate, now).used;
                prop_assert!(used <= quota);
                let in_span = sent.iter().filter(|(then, _)| then + span > at).count();
                prop_assert!(in_span <= usize::try_from(used).unwrap(), "{in_span} of {used}");
            }
        }
    }
}
