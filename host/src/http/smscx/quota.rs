//! How limits are told: `X-Rate-Limit-Limit`, `-Remaining` and `-Reset`, of the one that is nearest to its end.

use crate::{clock::after, limit::Standing};
use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use jiff::Timestamp;

/// Adds the limit that is nearest to its end, of those that a request came under.
pub(super) fn told(mut response: Response, limits: &[Standing], now: Timestamp) -> Response {
    response.headers_mut().extend(headers(limits, now));
    response
}

/// The headers of the limit that is nearest to its end; none if there is no limit.
pub(super) fn headers(limits: &[Standing], now: Timestamp) -> Vec<(HeaderName, HeaderValue)> {
    let Some(nearest) = limits.iter().min_by_key(|limit| limit.remaining()) else { return Vec::new() };
    let reset = nearest.reset.map_or(now, |reset| after(now, reset)).as_second();
    vec![
        (HeaderName::from_static("x-rate-limit-limit"), nearest.quota.into()),
        (HeaderName::from_static("x-rate-limit-remaining"), nearest.remaining().into()),
        (HeaderName::from_static("x-rate-limit-reset"), reset.into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;
    use std::time::Duration;

    #[test]
    fn the_limit_that_is_nearest_to_its_end_is_told() {
        let limit = |quota, used| Standing {
            name: "a",
            quota,
            span: Some(Duration::from_mins(10)),
            used,
            reset: (used > 0).then_some(Duration::from_secs(90)),
        };
        let response = told(Response::default(), &[limit(60, 1), limit(5, 2)], millis(1_000_000));
        let read = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let names = ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"];
        assert_eq!(names.map(read), ["5", "3", "1090"]);
        assert!(told(Response::default(), &[], millis(0)).headers().is_empty());
    }
}
