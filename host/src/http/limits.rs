//! How limits are told: in `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), and over a limit as
//! a problem with `Retry-After`.

use super::{Problem, problem::Extensions};
use crate::limit::{Exceeded, Standing};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use std::time::Duration;

/// Adds the limits that a request came under to its answer.
pub(super) fn told(mut response: Response, limits: &[Standing]) -> Response {
    response.headers_mut().extend(headers(limits));
    response
}

/// 429: nothing was made, sent or compared.
pub(super) fn exceeded(exceeded: &Exceeded) -> Problem {
    let Exceeded { violated, wait, standings } = exceeded;
    let limit = violated.first().copied().unwrap_or_default();
    let detail = match wait {
        Some(_) => format!("the limit `{limit}` is used up for now"),
        None => {
            format!("the limit `{limit}` is used up until an operator, or another proven recipient, frees it")
        }
    };
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut problem = Problem::new(status, "limit-exceeded", "limit exceeded", detail).with(Extensions {
        limit: Some(limit),
        violated_policies: Some(violated_policies(exceeded)),
        ..Extensions::default()
    });
    for (name, value) in headers(standings) {
        problem = problem.with_header(name, value);
    }
    match wait {
        Some(wait) => problem.retry_after(*wait),
        None => problem,
    }
}

fn violated_policies(exceeded: &Exceeded) -> Vec<String> {
    let standings = &exceeded.standings;
    let broken = standings.iter().filter(|standing| exceeded.violated.contains(&standing.name));
    broken.filter(|standing| standing.is_used_up()).map(|standing| policy(standing, standings)).collect()
}

fn headers(limits: &[Standing]) -> Vec<(HeaderName, HeaderValue)> {
    if limits.is_empty() {
        return Vec::new();
    }
    let policies = limits.iter().map(|limit| {
        let window = limit.span.map_or_else(String::new, |span| format!(";w={}", seconds(span)));
        format!("\"{}\";q={}{window}", policy(limit, limits), limit.quota)
    });
    let left = limits.iter().map(|limit| {
        let reset = limit.reset.map_or_else(String::new, |reset| format!(";t={}", seconds(reset)));
        format!("\"{}\";r={}{reset}", policy(limit, limits), limit.remaining())
    });
    let policies = ("ratelimit-policy", policies.collect::<Vec<_>>().join(", "));
    let left = ("ratelimit", left.collect::<Vec<_>>().join(", "));
    let header = |(name, value): (&'static str, String)| {
        Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
    };
    [policies, left].into_iter().filter_map(header).collect()
}

/// The limit's name, with its window where another has the same name.
fn policy(limit: &Standing, all: &[Standing]) -> String {
    let name = limit.name;
    match limit.span {
        Some(span) if all.iter().filter(|other| other.name == name).count() > 1 => {
            format!("{name}-{}s", seconds(span))
        }
        _ => name.to_owned(),
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Rules;
    use axum::{body::to_bytes, response::IntoResponse as _};
    use serde_json::{Value, json};

    fn standing(name: &'static str, used: u32) -> Standing {
        let (span, reset) = (Some(Duration::from_mins(10)), Some(Duration::from_millis(1_500)));
        Standing { name, quota: 5, span, used, reset: reset.filter(|_| used > 0) }
    }

    fn locked() -> Standing {
        Standing { name: "row", quota: 100, span: None, used: 100, reset: None }
    }

    fn read(response: &Response, header: &str) -> String {
        response.headers().get(header).map_or("", |value| value.to_str().unwrap()).to_owned()
    }

    #[tokio::test]
    async fn an_answer_tells_every_limit_it_came_under() {
        let response = told(Response::default(), &[standing("a", 1), standing("b", 0), locked()]);
        assert_eq!(read(&response, "ratelimit-policy"), r#""a";q=5;w=600, "b";q=5;w=600, "row";q=100"#);
        assert_eq!(read(&response, "ratelimit"), r#""a";r=4;t=2, "b";r=5, "row";r=0"#);
        assert!(told(Response::default(), &[]).headers().is_empty());
    }

    #[tokio::test]
    async fn more_than_a_limit_allows_is_a_problem_that_names_it_and_says_when() {
        for (standings, retry, names) in [
            (vec![standing("a", 0), standing("b", 5)], "2", vec!["b"]),
            (vec![standing("a", 5), standing("b", 7)], "2", vec!["a", "b"]),
            (vec![standing("a", 5), locked()], "", vec!["a", "row"]),
        ] {
            let response = exceeded(&Exceeded::of(standings).unwrap()).into_response();
            assert_eq!((response.status().as_u16(), read(&response, "retry-after").as_str()), (429, retry));
            assert!(!read(&response, "ratelimit").is_empty());
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((&body["limit"], &body["violated-policies"]), (&json!(names[0]), &json!(names)));
        }
    }

    #[test]
    fn limits_of_one_name_are_told_apart_by_their_window() {
        let rates = Rules::default().reads_per_verification;
        let standing = |rate: &crate::limit::Rate| Standing {
            name: "reads",
            quota: rate.quota,
            span: Some(rate.span),
            used: if rate.quota == 180 { 180 } else { 0 },
            reset: Some(Duration::from_secs(9)),
        };
        let standings: Vec<Standing> = rates.iter().map(standing).collect();
        let response = told(Response::default(), &standings);
        let policies = r#""reads-60s";q=60;w=60, "reads-3600s";q=180;w=3600, "reads-86400s";q=250;w=86400"#;
        assert_eq!(read(&response, "ratelimit-policy"), policies);
        let exceeded = Exceeded::of(standings).unwrap();
        assert_eq!(violated_policies(&exceeded), ["reads-3600s"]);
    }
}
