//! Spans of time as people write them: `500ms`, `10s`, `1h30m`.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads whole numbers with units, largest unit first, each unit once; `None` if it is anything else.
pub fn parse(written: &str) -> Option<Duration> {
    let mut rest = written;
    let mut units = UNITS.iter();
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        millis = millis.checked_add(number.parse::<u64>().ok()?.checked_mul(*factor)?)?;
        rest = tail;
    }
    (!written.is_empty()).then_some(Duration::from_millis(millis))
}

/// Writes a span the way it is read; parts of a millisecond are left out.
pub fn write(span: Duration) -> String {
    let mut millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let part = |(unit, factor): (&str, u64)| {
        let count = millis / factor;
        millis %= factor;
        (count > 0).then(|| format!("{count}{unit}"))
    };
    let written: String = UNITS.into_iter().filter_map(part).collect();
    if written.is_empty() { "0s".to_owned() } else { written }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_span_is_numbers_with_units_from_large_to_small() {
        for (written, millis) in [
            ("10s", 10_000),
            ("500ms", 500),
            ("1h30m", 5_400_000),
            ("5m", 300_000),
            ("2d", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(written), Some(Duration::from_millis(millis)), "{written}");
        }
        for bad in [
            "",
            "10",
            "s",
            "10 s",
            "1m1h",
            "1s1s",
            "-1s",
            "1.5s",
            "10S",
            "1w",
            "1ss",
            "99999999999999999999s",
            "٣s",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_span_is_read_as_it_is_written(millis in 0_u64..10_000_000_000) {
            let span = Duration::from_millis(millis);
            prop_assert_eq!(parse(&write(span)), Some(span));
        }
    }
}
