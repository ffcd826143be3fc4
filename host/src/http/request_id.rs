//! The name of a request: the caller's own or a fresh one, in its answer, its problems and every line of its log.

use crate::seal::Chance;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::{fmt, sync::Arc};

/// The header that carries it, both ways.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The most characters of a caller's own.
const LONGEST: usize = 64;

/// The name of a request. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestId(Arc<str>);

tokio::task_local! {
    /// The request that this task answers: a problem names it, wherever it was made.
    static CURRENT: RequestId;
}

impl RequestId {
    /// The caller's own if it is 1 to 64 letters, digits and `.-_:/=`; else 128 bits of chance in hexadecimal digits.
    pub(super) fn of(headers: &HeaderMap, chance: &Chance) -> Self {
        let mut given = headers.get_all(HEADER).iter();
        let only = given.next().filter(|_| given.next().is_none());
        let own = only.and_then(|value| value.to_str().ok()).filter(|own| is_harmless(own));
        Self(own.map_or_else(|| format!("{:032x}", u128::from_be_bytes(chance.bytes())).into(), Into::into))
    }

    /// The name of the request that this task answers, if it answers one.
    pub(super) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Answers a request under this name.
    pub(super) async fn cover<F: Future>(&self, answering: F) -> F::Output {
        CURRENT.scope(self.clone(), answering).await
    }

    /// As the header of an answer.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }

    /// The name.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It goes to the log and back to the caller as it is, so nothing in it may mean anything there.
fn is_harmless(own: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/=".contains(&byte);
    (1..=LONGEST).contains(&own.len()) && own.bytes().all(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::{get, house, post, post_with};
    use serde_json::json;

    fn of(given: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        RequestId::of(&headers, &Chance::seeded(1)).to_string()
    }

    #[test]
    fn a_harmless_one_is_taken_and_any_other_replaced() {
        for own in ["1", "a-B_9.z:/=", &"x".repeat(64)] {
            assert_eq!(of(&[own.as_bytes()]), own);
        }
        let long = "x".repeat(65);
        for bad in
            [&b""[..], b" ", b"a b", b"\"a\"", b"a\tb", b"a,b", b"+447700900123", b"\xff", long.as_bytes()]
        {
            let fresh = of(&[bad]);
            assert!(fresh.len() == 32 && fresh.bytes().all(|byte| byte.is_ascii_hexdigit()), "{fresh}");
        }
        assert_eq!((of(&[b"a", b"b"]).len(), of(&[]).len()), (32, 32));
    }

    #[tokio::test]
    async fn every_answer_carries_it_and_a_problem_names_it() {
        let house = house();
        let body = json!({"member": {"fields": {}}});
        let answer = post_with(&house, "/v1/methods", &body, &[("x-request-id", "mine-1")]).await;
        assert_eq!((answer.status, answer.id.as_str()), (200, "mine-1"));
        let (one, other) = (get(&house, "/healthz").await.id, get(&house, "/healthz").await.id);
        assert!(one != other && one.len() == 32, "{one} {other}");
        // The harness holds the name in each problem to the header.
        let problem = post_with(&house, "/v1/methods", &json!({}), &[("x-request-id", "mine-2")]).await;
        problem.is_problem(400, "invalid-request");
        assert_eq!(problem.id, "mine-2");
        post(&house, "/nowhere", &json!({})).await.is_problem(404, "no-route");
    }
}
