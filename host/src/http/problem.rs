//! An error as the native API tells it (RFC 9457).

use super::{
    limits::{self, seconds},
    request_id::RequestId,
};
use crate::{
    member::Refusal,
    store::{Fault, LedgerError},
    verification::{Ended, ResendRefused, Status},
    verifier::VerifyError,
};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Where each problem is explained.
pub(super) const TYPES: &str = "https://passrelay.dev/problems/";

/// An error as the native API tells it.
#[derive(Debug)]
pub(super) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    name: String,
    title: String,
    status: StatusCode,
    detail: String,
    extensions: Extensions,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The name of the problem that an answer tells, for whoever counts: one of ours, never a word of the request.
#[derive(Debug, Clone)]
pub(super) struct ProblemName(pub(super) String);

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct FieldError {
    /// The path of the field: `member.fields.mobile`.
    pub(super) field: String,
    /// What is wrong, without the value.
    pub(super) detail: String,
}

/// What some problems say besides.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Extensions {
    /// Of `invalid-request`: every field that is wrong, at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) errors: Option<Vec<FieldError>>,
    /// Of `method-unavailable` and `not-answering`: each method and why it does not reach the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unavailable: Option<Vec<Refusal>>,
    /// Of `limit-exceeded`: the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<&'static str>,
    /// Of `limit-exceeded`: the limits that are used up, as `RateLimit-Policy` names them
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) violated_policies: Option<Vec<String>>,
}

/// An error (RFC 9457). Programs go by `type`; `detail` is for people and may change.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Told<'a> {
    /// What went wrong, one of a fixed list.
    r#type: String,
    /// The same in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What it was this time, and what would help.
    detail: &'a str,
    #[serde(flatten)]
    extensions: &'a Extensions,
    /// The request, as `X-Request-Id` and the log name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

impl Problem {
    pub(super) fn new(status: StatusCode, name: &str, title: &str, detail: impl Into<String>) -> Self {
        let (name, title, detail) = (name.to_owned(), title.to_owned(), detail.into());
        Self(Box::new(Parts {
            name,
            title,
            status,
            detail,
            extensions: Extensions::default(),
            headers: Vec::new(),
        }))
    }

    /// 400: the fields that are wrong.
    pub(super) fn invalid(errors: &[FieldError]) -> Self {
        let detail = match errors {
            [only] if only.field.is_empty() => only.detail.clone(),
            [only] => format!("`{}`: {}", only.field, only.detail),
            errors => format!("{} fields are invalid", errors.len()),
        };
        let problem = Self::new(StatusCode::BAD_REQUEST, "invalid-request", "invalid request", detail);
        problem.with(Extensions { errors: Some(errors.to_vec()), ..Extensions::default() })
    }

    /// 500: our fault; the log knows more.
    pub(super) fn internal() -> Self {
        let detail = "the server failed; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error", detail)
    }

    /// 404: the same for an unknown id and for another application's.
    pub(super) fn not_found() -> Self {
        let detail = "this application has no verification of that id";
        Self::new(StatusCode::NOT_FOUND, "verification-not-found", "verification not found", detail)
    }

    /// Says more, in members of its own.
    pub(super) fn with(mut self, extensions: Extensions) -> Self {
        self.0.extensions = extensions;
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// Says when to try again, in whole seconds rounded up.
    pub(super) fn retry_after(self, wait: Duration) -> Self {
        self.with_header(header::RETRY_AFTER, seconds(wait).max(1))
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NotFound => Self::not_found(),
            VerifyError::Ended(Ended(status)) | VerifyError::Resend(ResendRefused::Ended(Ended(status))) => {
                ended(status)
            }
            // A method that was not refused for good may reach them in a moment.
            VerifyError::Unavailable(refusals) if refusals.iter().any(Refusal::is_passing) => {
                let detail =
                    "a provider did not say in time whether it reaches this person; `unavailable` says which";
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self::new(status, "not-answering", "not answering", detail)
                    .with(Extensions { unavailable: Some(refusals), ..Extensions::default() })
                    .retry_after(Duration::from_secs(1))
            }
            VerifyError::Unavailable(refusals) => {
                let detail = "no method reaches this person; `unavailable` says why";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let problem = Self::new(status, "method-unavailable", "method unavailable", detail);
                problem.with(Extensions { unavailable: Some(refusals), ..Extensions::default() })
            }
            VerifyError::Resend(ResendRefused::TooSoon { wait }) => {
                let detail = "the pause since the last message is not over";
                Self::new(StatusCode::TOO_MANY_REQUESTS, "resend-too-soon", "resend too soon", detail)
                    .retry_after(wait)
            }
            VerifyError::Resend(ResendRefused::UsedUp { wait }) => {
                let detail =
                    "every message of this verification was sent; another may start once its time is over";
                Self::new(StatusCode::TOO_MANY_REQUESTS, "sends-used-up", "sends used up", detail)
                    .retry_after(wait)
            }
            VerifyError::Limited(exceeded) => limits::exceeded(&exceeded),
            VerifyError::NoApplication => {
                let detail = "there is no application of that id";
                let status = StatusCode::NOT_FOUND;
                Self::new(status, "application-not-found", "application not found", detail)
            }
            VerifyError::KeyReused => {
                let detail = "the `Idempotency-Key` was used for another request";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Self::new(status, "idempotency-key-reused", "idempotency key reused", detail)
            }
            VerifyError::Store(LedgerError::Busy) => {
                let detail = "too many requests wait for the store";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "busy", detail)
                    .retry_after(Duration::from_secs(1))
            }
            // What it is the ledger told the log, once for all requests that it costs.
            VerifyError::Store(LedgerError::Refused(Fault::Unflushed(_) | Fault::Closed)) => {
                let detail = "the store's disk failed; whether anything was changed is not known";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "store unavailable", detail)
            }
            VerifyError::Store(LedgerError::Refused(_)) => {
                let detail = "the store takes no writes at the moment; nothing was changed";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "store unavailable", detail)
                    .retry_after(Duration::from_secs(5))
            }
            error @ (VerifyError::Store(_) | VerifyError::LostKey(_)) => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
        }
    }
}

/// 409: whatever is asked of it, it is over.
fn ended(status: Status) -> Problem {
    let detail = match status {
        Status::Pending => "the verification is still pending",
        Status::Approved => "the verification was approved before: a code is good once",
        Status::Exhausted => "every check of the verification was spent: start another",
        Status::Expired => "the time of the verification ran out: start another",
        Status::Canceled => "the verification was canceled: start another",
    };
    Problem::new(
        StatusCode::CONFLICT,
        &format!("verification-{status}"),
        &format!("verification {status}"),
        detail,
    )
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { name, title, status, detail, extensions, headers } = *self.0;
        let r#type = format!("{TYPES}{name}");
        let request = RequestId::current();
        let told = Told {
            r#type,
            title: &title,
            status: status.as_u16(),
            detail: &detail,
            extensions: &extensions,
            request_id: request.as_ref().map(RequestId::as_str),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&told).unwrap_or_default()));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().extend(headers);
        response.extensions_mut().insert(ProblemName(name));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    async fn told(problem: Problem) -> (u16, String, Value) {
        let response = problem.into_response();
        let retry =
            response.headers().get("retry-after").map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, retry, serde_json::from_slice(&body).unwrap())
    }

    fn refusal(reason: &str) -> Refusal {
        Refusal::new(&"sms:code".parse().unwrap(), reason, "why")
    }

    #[tokio::test]
    async fn each_refusal_has_its_status_and_its_name() {
        let wait = Duration::from_millis(1_500);
        for (error, status, name, retry) in [
            (VerifyError::NotFound, 404, "verification-not-found", ""),
            (Ended(Status::Expired).into(), 409, "verification-expired", ""),
            (Ended(Status::Exhausted).into(), 409, "verification-exhausted", ""),
            (Ended(Status::Canceled).into(), 409, "verification-canceled", ""),
            (Ended(Status::Approved).into(), 409, "verification-approved", ""),
            (VerifyError::Unavailable(Vec::new()), 422, "method-unavailable", ""),
            (VerifyError::Unavailable(vec![refusal("no_address")]), 422, "method-unavailable", ""),
            (
                VerifyError::Unavailable(vec![refusal("no_address"), refusal("not_answering")]),
                503,
                "not-answering",
                "1",
            ),
            (ResendRefused::TooSoon { wait }.into(), 429, "resend-too-soon", "2"),
            (ResendRefused::UsedUp { wait: Duration::ZERO }.into(), 429, "sends-used-up", "1"),
            (VerifyError::NoApplication, 404, "application-not-found", ""),
            (VerifyError::KeyReused, 422, "idempotency-key-reused", ""),
            (LedgerError::Busy.into(), 503, "busy", "1"),
            (LedgerError::Refused(Fault::Full("x".to_owned())).into(), 503, "store-unavailable", "5"),
            (LedgerError::Refused(Fault::Unflushed("x".to_owned())).into(), 503, "store-unavailable", ""),
            (LedgerError::Panicked.into(), 500, "internal", ""),
            (VerifyError::LostKey("k1".to_owned()), 500, "internal", ""),
        ] {
            let (got, retry_after, body) = told(error.into()).await;
            assert_eq!((got, retry_after.as_str()), (status, retry), "{name}");
            assert_eq!(body["type"], format!("https://passrelay.dev/problems/{name}"));
            assert_eq!(
                (&body["status"], &body["title"]),
                (&json!(status), &json!(name_to_title(name, &body)))
            );
        }
    }

    fn name_to_title(name: &str, body: &Value) -> String {
        if name == "internal" { body["title"].as_str().unwrap().to_owned() } else { name.replace('-', " ") }
    }
}
