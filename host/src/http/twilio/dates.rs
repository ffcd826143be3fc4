//! Dates as Twilio Verify writes them: `YYYY-MM-DDTHH:MM:SSZ`, without a fraction, which the Python SDK would not read.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A time, told to the second that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Date(pub(in crate::http) Timestamp);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let second = Timestamp::from_second(self.0.as_millisecond().div_euclid(1_000)).unwrap_or(self.0);
        to.collect_str(&second)
    }
}

/// Reads a date of a filter, with or without a fraction.
pub(in crate::http) fn read(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    #[test]
    fn a_date_has_no_fraction() {
        for (at, told) in [
            (0, "\"1970-01-01T00:00:00Z\""),
            (1_700_000_000_999, "\"2023-11-14T22:13:20Z\""),
            (-1, "\"1969-12-31T23:59:59Z\""),
        ] {
            assert_eq!(serde_json::to_string(&Date(millis(at))).unwrap(), told);
        }
        assert_eq!(read("2023-11-14T22:13:20Z"), Some(millis(1_700_000_000_000)));
        assert_eq!((read("yesterday"), read("")), (None, None));
    }
}
