//! The header `Prefer: wait=N` (RFC 7240 section 4.3): how long an answer may wait for its delivery.

use axum::http::HeaderMap;
use std::time::Duration;

/// The longest wait that is granted.
const LONGEST: u64 = 30;

/// How long the caller would wait, at most 30 seconds; nothing for preferences that are not understood.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
    let seconds = lines.flat_map(|line| line.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        is_wait.then(|| value.trim().trim_matches('"').parse::<u64>().ok()).flatten()
    })?;
    (seconds > 0).then(|| Duration::from_secs(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_wait_is_read_and_capped() {
        for (value, seconds) in [
            ("wait=10", Some(10)),
            ("respond-async, Wait = \"5\"; x=1", Some(5)),
            ("wait=31", Some(30)),
            ("wait=99999999999", Some(30)),
            ("wait=0", None),
            ("wait=-1", None),
            ("wait=soon", None),
            ("wait", None),
            ("return=minimal", None),
            ("", None),
        ] {
            let headers =
                HeaderMap::from_iter([("prefer".parse().unwrap(), HeaderValue::from_static(value))]);
            assert_eq!(wait(&headers), seconds.map(Duration::from_secs), "{value}");
        }
        assert_eq!(wait(&HeaderMap::new()), None);
    }
}
