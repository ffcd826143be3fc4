//! How long Twilio asks to be left alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longer than any limit of Twilio's that a wait could help against.
const LONGEST: Duration = Duration::from_hours(1);

/// Reads `Retry-After` (RFC 9110 section 10.2.3): seconds or a date; nothing if it is neither. At most an hour, and
/// nothing less than none at all.
pub(crate) fn read(value: &str, now_ms: i64) -> Option<Duration> {
    let value = value.trim();
    let (below_zero, digits) = value.strip_prefix('-').map_or((false, value), |digits| (true, digits));
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = if below_zero { 0 } else { digits.parse().unwrap_or(u64::MAX) };
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let until: SystemTime = httpdate::parse_http_date(value).ok()?;
    let until = until.duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Duration::from_millis(u64::try_from(now_ms).unwrap_or_default());
    Some(until.saturating_sub(now).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-01-01 00:00:00 UTC.
    const NOW: i64 = 1_767_225_600_000;

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        for (value, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("3600", Some(3600)),
            ("3601", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("-5", Some(0)),
            ("Thu, 01 Jan 2026 00:01:30 GMT", Some(90)),
            ("Thursday, 01-Jan-26 00:01:30 GMT", Some(90)),
            ("Thu Jan  1 00:01:30 2026", Some(90)),
            ("Fri, 02 Jan 2026 00:00:00 GMT", Some(3600)),
            ("Wed, 31 Dec 2025 23:59:59 GMT", Some(0)),
            ("", None),
            ("-", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(read(value, NOW), seconds.map(Duration::from_secs), "{value}");
        }
    }

    proptest! {
        #[test]
        fn nothing_asks_for_more_than_an_hour(value in ".{0,40}", now in any::<i64>()) {
            prop_assert!(read(&value, now).is_none_or(|pause| pause <= LONGEST));
        }
    }
}
