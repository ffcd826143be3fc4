//! What an application is told of by itself: that a verification ended, and how often that is tried.

use crate::clock::after;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// How long an event is left to the host that sends it: longer than any answer is waited for.
pub const LEASE: Duration = Duration::from_mins(1);

/// How long an answer is waited for (Standard Webhooks 1.0.0: 15 to 30 seconds).
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The pauses after the first, second, … time that an event was not taken (Standard Webhooks 1.0.0). All of them are over
/// before its verification is forgotten.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
];

/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(10);

/// The most bytes of an address.
const LONGEST: usize = 2048;

/// Where the end of a verification is told, and in which form. `Debug` shows no address: it may hold a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// An `http` or `https` address.
    pub url: String,
    /// In which form.
    pub format: Format,
}

/// In which form an event is told: one for each face that has events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As SMS.CX tells it (X16).
    SmsCx,
}

/// An event that is to be told. It is kept under the name of its verification, which ends once. `Debug` does not show what it
/// says: that names somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// From when it may be sent.
    pub not_before: Timestamp,
    /// How often it was sent.
    pub tries: u8,
    /// What it says: written when it is sent first, and the same each time after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What a receiver said to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It took it.
    Taken,
    /// It wants no events any more (410).
    Gone,
    /// It did not take it, or nobody answered; perhaps with the pause that it asks for.
    Refused(Option<Duration>),
}

impl Event {
    /// One that may be sent from this time on.
    pub fn from(not_before: Timestamp) -> Self {
        Self { not_before, tries: 0, body: None }
    }

    /// Whether it was sent as often as it ever is.
    pub fn is_spent(&self) -> bool {
        usize::from(self.tries) > PAUSES.len()
    }

    /// When it is sent again: after its pause, somewhat longer by `chance`, so that what failed together does not come again
    /// together; `None` if that is no use any more. Nothing is sent once its verification is forgotten: a pause that a
    /// receiver asks for and that would reach beyond is not heeded, and with its own pause beyond it is given up.
    pub fn again(&self, heard: Heard, chance: u8, now: Timestamp, forgotten: Timestamp) -> Option<Timestamp> {
        let Heard::Refused(asked) = heard else { return None };
        let own = *PAUSES.get(usize::from(self.tries.checked_sub(1)?))?;
        let asked = asked.map(|asked| asked.min(LONGEST_PAUSE).max(own));
        let spread = |pause: Duration| pause + pause * u32::from(chance) / (10 * u32::from(u8::MAX));
        let mut times = [asked, Some(own)].into_iter().flatten().map(|pause| after(now, spread(pause)));
        // The lease of that time must be over before as well: what was said is kept then.
        times.find(|time| after(*time, LEASE) < forgotten)
    }
}

impl Heard {
    /// What an answer says: its status, and its `Retry-After` where that is a number of seconds.
    pub fn of(status: u16, retry_after: Option<&str>) -> Self {
        match status {
            200..=299 => Self::Taken,
            410 => Self::Gone,
            429 | 502..=504 => {
                let seconds = retry_after.and_then(|seconds| seconds.trim().parse().ok());
                Self::Refused(seconds.map(Duration::from_secs))
            }
            _ => Self::Refused(None),
        }
    }
}

/// Whether an address may be one of a webhook: whether it is reached shows when something is sent there.
pub fn is_webhook_url(text: &str) -> bool {
    let parsed = reqwest::Url::parse(text).ok().filter(|_| text.len() <= LONGEST);
    let is_plain = |c: char| c.is_ascii_graphic();
    parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        && text.chars().all(is_plain)
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("not_before", &self.not_before)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("format", &self.format).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tried(tries: u8) -> Event {
        Event { tries, ..Event::from(Timestamp::UNIX_EPOCH) }
    }

    /// The pause until it is sent again, where its verification is remembered for long.
    fn pause(tries: u8, heard: Heard, chance: u8) -> Option<Duration> {
        let now = Timestamp::UNIX_EPOCH;
        let again = tried(tries).again(heard, chance, now, after(now, Duration::from_hours(1_000)))?;
        Some(Duration::try_from(again.duration_since(now)).unwrap())
    }

    /// H7
    #[test]
    fn an_event_is_tried_seven_times_with_growing_pauses() {
        let pauses = (1..=7).map(|tries| pause(tries, Heard::Refused(None), 0).map(|pause| pause.as_secs()));
        let expected = [Some(5), Some(300), Some(1_800), Some(7_200), Some(18_000), Some(36_000), None];
        assert_eq!(pauses.collect::<Vec<_>>(), expected);
        assert!(!tried(6).is_spent() && tried(7).is_spent());
        assert_eq!(pause(0, Heard::Refused(None), 0), None, "nothing was sent yet");
        let longest: Duration = (1..=6).filter_map(|tries| pause(tries, Heard::Refused(None), u8::MAX)).sum();
        assert!(longest < Duration::from_hours(24), "its verification is still there: {longest:?}");
    }

    #[test]
    fn a_receiver_is_heard() {
        let day = Duration::from_hours(24);
        for (status, retry_after, heard) in [
            (200, None, Heard::Taken),
            (204, None, Heard::Taken),
            (301, None, Heard::Refused(None)),
            (400, None, Heard::Refused(None)),
            (410, None, Heard::Gone),
            (429, Some("60"), Heard::Refused(Some(Duration::from_mins(1)))),
            (503, Some(" 86400 "), Heard::Refused(Some(day))),
            (503, Some("Wed, 21 Oct 2026 07:28:00 GMT"), Heard::Refused(None)),
            (500, Some("60"), Heard::Refused(None)),
        ] {
            assert_eq!(Heard::of(status, retry_after), heard, "{status} {retry_after:?}");
        }
        assert_eq!(pause(1, Heard::Refused(Some(Duration::from_mins(1))), 0), Some(Duration::from_mins(1)));
        assert_eq!(pause(3, Heard::Refused(Some(Duration::from_mins(1))), 0), Some(Duration::from_mins(30)));
        assert_eq!(pause(1, Heard::Refused(Some(day)), 0), Some(LONGEST_PAUSE));
        assert_eq!((pause(1, Heard::Gone, 0), pause(1, Heard::Taken, 0)), (None, None));
    }

    /// Whatever a receiver asks for, an event is sent or given up before its verification is forgotten.
    #[test]
    fn no_pause_reaches_beyond_what_is_remembered() {
        let (now, asked) = (Timestamp::UNIX_EPOCH, Heard::Refused(Some(Duration::from_hours(10))));
        let again = |tries, hours: u64| {
            let forgotten = after(now, Duration::from_hours(hours));
            let again = tried(tries).again(asked, 0, now, forgotten)?;
            Some(again.duration_since(now).as_secs())
        };
        assert_eq!(again(1, 11), Some(36_000));
        assert_eq!(again(1, 10), Some(5), "its own pause is short enough");
        assert_eq!((again(6, 10), again(6, 11)), (None, Some(36_000)));
        let shown = format!("{:?}", Event { body: Some("+447700900123".to_owned()), ..tried(1) });
        assert!(!shown.contains("900123"), "{shown}");
    }

    #[test]
    fn an_address_is_an_http_one_of_bounded_length() {
        for (url, is_one) in [
            ("https://example.com/otp?a=1", true),
            ("http://127.0.0.1:8080/", true),
            ("ftp://example.com/", false),
            ("https://", false),
            ("example.com", false),
            ("", false),
            ("https://example.com/a b", false),
            ("https://exa\nmple.com/", false),
            (&format!("https://example.com/{}", "x".repeat(2048)), false),
        ] {
            assert_eq!(is_webhook_url(url), is_one, "{url}");
        }
        let webhook = Webhook { url: "https://example.com/token-7".to_owned(), format: Format::SmsCx };
        assert_eq!(format!("{webhook:?}"), "Webhook { format: SmsCx, .. }");
    }

    proptest! {
        #[test]
        fn a_pause_grows_by_a_tenth_at_most(tries in 1_u8..7, chance: u8) {
            let [least, drawn] = [0, chance].map(|chance| pause(tries, Heard::Refused(None), chance));
            let (least, drawn) = (least.unwrap(), drawn.unwrap());
            prop_assert!(drawn >= least && drawn <= least + least / 10);
        }
    }
}
