//! How often the state of each verification was read: in memory, and never more of it than a bound.

use super::{Exceeded, Rate, Standing, Window};
use jiff::Timestamp;
use std::{collections::HashMap, mem};

/// How many verifications half of the memory holds.
const HALF: usize = 4096;

/// How often the state of each verification was read.
///
/// The verifications that were not read for the longest time are forgotten first, and may then be read anew: what this
/// limit guards is the server, not a secret.
#[derive(Debug, Default)]
pub struct Reads {
    current: HashMap<String, Vec<Window>>,
    previous: HashMap<String, Vec<Window>>,
}

impl Reads {
    /// Counts one reading; each of the rates holds.
    ///
    /// # Errors
    ///
    /// When it is one too many. Then it is not counted.
    pub fn admit(&mut self, id: &str, rates: &[Rate], now: Timestamp) -> Result<Vec<Standing>, Exceeded> {
        if rates.is_empty() {
            return Ok(Vec::new());
        }
        let mut windows = self.current.remove(id).or_else(|| self.previous.remove(id)).unwrap_or_default();
        windows.resize(rates.len(), Window::default());
        let exceeded = Exceeded::of(standings(&windows, rates, now));
        if exceeded.is_none() {
            for (window, rate) in windows.iter_mut().zip(rates) {
                window.take(*rate, now);
            }
        }
        let admitted = exceeded.map_or_else(|| Ok(standings(&windows, rates, now)), Err);
        if self.current.len() >= HALF {
            self.previous = mem::take(&mut self.current);
        }
        self.current.insert(id.to_owned(), windows);
        admitted
    }
}

fn standings(windows: &[Window], rates: &[Rate], now: Timestamp) -> Vec<Standing> {
    windows
        .iter()
        .zip(rates)
        .map(|(window, rate)| window.standing("reads_per_verification", *rate, now))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, limit::Rules};
    use std::time::Duration;

    /// T56
    #[test]
    fn a_verification_is_read_60_times_a_minute_180_times_an_hour_and_250_times_a_day() {
        let (mut reads, rates) = (Reads::default(), Rules::default().reads_per_verification);
        let (mut read, mut now) = (0, 0);
        let mut until_refused = |now: i64| {
            let before = read;
            loop {
                match reads.admit("a", &rates, millis(now)) {
                    Ok(_) => read += 1,
                    Err(exceeded) => return (read - before, exceeded.wait.unwrap()),
                }
            }
        };
        for expected in [60, 60, 60, 0] {
            assert_eq!(until_refused(now).0, expected);
            now += 60_000;
        }
        now += 3_600_000;
        assert_eq!(until_refused(now).0, 60);
        now += 60_000;
        let (more, wait) = until_refused(now);
        assert!(more == 10 && wait > Duration::from_hours(20), "{more} {wait:?}");
        assert_eq!(reads.admit("b", &rates, millis(now)).unwrap()[0].used, 1, "each has its own");
    }

    #[test]
    fn no_more_is_remembered_than_the_bound_and_what_is_read_stays() {
        let (mut reads, rates) = (Reads::default(), [Rate::new(2, Duration::from_hours(1))]);
        for place in 0..HALF * 3 {
            let _other = reads.admit(&place.to_string(), &rates, millis(0));
            let _kept = reads.admit("kept", &rates, millis(0));
            assert!(reads.current.len() + reads.previous.len() <= 2 * HALF);
        }
        assert!(reads.admit("kept", &rates, millis(0)).is_err());
        assert!(reads.admit("0", &rates, millis(0)).is_ok(), "forgotten long ago");
    }
}
