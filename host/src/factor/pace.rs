//! How often a factor is challenged, kept in its own record: fewer digits are guessed sooner.

use crate::limit::{Rate, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Challenges of a factor with codes of up to four digits.
const SHORT: Rate = Rate::new(10, DAY);

/// Challenges of any other, each of which holds.
const HOURLY: Rate = Rate::new(50, Duration::from_hours(1));
const DAILY: Rate = Rate::new(100, DAY);

/// How often a factor was challenged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    hour: Window,
    day: Window,
}

impl Pace {
    /// Counts one more challenge of a factor with this many digits.
    ///
    /// # Errors
    ///
    /// When it is one too many: how long to wait. Nothing is counted then.
    pub(super) fn take(&mut self, digits: u8, now: Timestamp) -> Result<(), Duration> {
        let is_short = digits <= 4;
        let (hourly, daily) = (Some(HOURLY).filter(|_| !is_short), if is_short { SHORT } else { DAILY });
        let by_day = Some(self.day.standing("", daily, now));
        let by_hour = hourly.map(|rate| self.hour.standing("", rate, now));
        let used_up = by_day.into_iter().chain(by_hour).filter(crate::limit::Standing::is_used_up);
        if let Some(wait) = used_up.map(|standing| standing.reset.unwrap_or_default()).max() {
            return Err(wait);
        }
        // Both have room.
        self.day.take(daily, now);
        self.hour.take(HOURLY, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{after, millis};

    fn taken(pace: &mut Pace, digits: u8, now: Timestamp) -> u32 {
        (0..1_000).take_while(|_| pace.take(digits, now).is_ok()).count().try_into().unwrap()
    }

    #[test]
    fn four_digits_are_challenged_ten_times_a_day_and_six_fifty_an_hour_and_a_hundred_a_day() {
        let start = millis(1_700_000_000_000);
        let mut pace = Pace::default();
        assert_eq!(taken(&mut pace, 4, start), 10);
        assert_eq!(pace.take(4, start), Err(DAY));
        assert_eq!(taken(&mut pace, 4, after(start, DAY)), 10);

        let mut pace = Pace::default();
        assert_eq!(taken(&mut pace, 6, start), 50);
        assert_eq!(pace.take(6, start), Err(Duration::from_hours(1)));
        let later = after(start, Duration::from_hours(1));
        assert_eq!(taken(&mut pace, 6, later), 50);
        assert_eq!(taken(&mut pace, 6, after(later, Duration::from_hours(1))), 0, "the day's are used up");
        assert!(pace.take(6, after(later, Duration::from_hours(1))).unwrap_err() > Duration::from_hours(21));
    }

    #[test]
    fn a_factor_that_gets_fewer_digits_has_used_what_it_used() {
        let mut pace = Pace::default();
        assert_eq!(taken(&mut pace, 6, millis(0)), 50);
        assert_eq!(taken(&mut pace, 3, millis(1)), 0);
    }
}
