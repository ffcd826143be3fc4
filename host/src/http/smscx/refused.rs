//! An error as SMS.CX tells it: `{"error":{"type","code","message","uri"}}`.

use super::quota;
use crate::{
    http::{
        limits::seconds,
        problem::{ProblemName, TYPES},
    },
    limit::Exceeded,
    member::Refusal,
    store::{Fault, LedgerError},
    verification::{Ended, ResendRefused, Status},
    verifier::VerifyError,
};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// An error as SMS.CX tells it.
#[derive(Debug)]
pub(in crate::http) struct Refused(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    kind: &'static str,
    code: u16,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    /// The kind, one of a fixed list.
    r#type: &'a str,
    /// The number that SMS.CX has for it, else the HTTP status.
    code: u16,
    /// What it is, for people.
    message: &'a str,
    /// Where it is explained.
    uri: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, kind: &'static str, code: u16, message: impl Into<String>) -> Self {
        Self(Box::new(Parts { status, kind, code, message: message.into(), headers: Vec::new() }))
    }

    /// One that SMS.CX has no number for: its code is the status.
    pub(super) fn plain(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(status, kind, status.as_u16(), message)
    }

    /// 400: a parameter is wrong.
    pub(super) fn parameter(code: u16, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_param", code, message)
    }

    /// 404: the same for an unknown id and for another application's.
    pub(super) fn no_otp() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", 2021, "this application has no OTP of that id")
    }

    /// 400: the PIN was not the right one.
    pub(super) fn wrong_pin() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_pin", 2029, "the PIN is not the right one")
    }

    /// 500: our fault; the log knows more.
    pub(super) fn internal() -> Self {
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the server failed; its log says why")
    }

    /// 503: it may go well a moment later.
    pub(super) fn busy(wait: Duration) -> Self {
        let message = "the server cannot do it at the moment; nothing was changed";
        Self::plain(StatusCode::SERVICE_UNAVAILABLE, "server_error", message).retry_after(wait)
    }

    /// 403: SMS does not reach the number from here.
    pub(super) fn no_coverage(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "no_coverage", 1119, message)
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    fn retry_after(self, wait: Duration) -> Self {
        self.with_header(header::RETRY_AFTER, seconds(wait).max(1))
    }

    /// What a use case says, told at this time.
    pub(super) fn of(error: VerifyError, now: Timestamp) -> Self {
        match error {
            VerifyError::NotFound | VerifyError::NoApplication => Self::no_otp(),
            VerifyError::Ended(Ended(status)) | VerifyError::Resend(ResendRefused::Ended(Ended(status))) => {
                Self::ended(status)
            }
            VerifyError::Unavailable(refusals) => Self::unreached(&refusals),
            VerifyError::Resend(ResendRefused::TooSoon { wait } | ResendRefused::UsedUp { wait }) => {
                Self::too_many("too many messages to this number").retry_after(wait)
            }
            VerifyError::Limited(exceeded) => Self::limited(&exceeded, now),
            VerifyError::Store(LedgerError::Busy) => Self::busy(Duration::from_secs(1)),
            VerifyError::Store(LedgerError::Refused(Fault::Unflushed(_) | Fault::Closed)) => {
                let message = "the store's disk failed; whether anything was changed is not known";
                Self::plain(StatusCode::SERVICE_UNAVAILABLE, "server_error", message)
            }
            VerifyError::Store(LedgerError::Refused(_)) => Self::busy(Duration::from_secs(5)),
            error @ (VerifyError::Store(_) | VerifyError::LostKey(_) | VerifyError::KeyReused) => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
        }
    }

    /// 400: there is nothing to check any more.
    fn ended(status: Status) -> Self {
        let (kind, code, message) = match status {
            Status::Approved => ("otp_verified", 2023, "the OTP was verified before"),
            Status::Canceled => ("otp_cancelled", 2024, "the OTP was cancelled, or another took its place"),
            Status::Expired => ("otp_expired", 2025, "the time of the OTP ran out"),
            Status::Exhausted | Status::Pending => {
                ("otp_failed", 2026, "as many wrong PINs came as `maxAttempts` says")
            }
        };
        Self::new(StatusCode::BAD_REQUEST, kind, code, message)
    }

    fn unreached(refusals: &[Refusal]) -> Self {
        // One that was not refused for good may go well in a moment.
        if refusals.iter().any(Refusal::is_passing) {
            return Self::busy(Duration::from_secs(1));
        }
        if refusals.iter().any(|refusal| refusal.reason == "invalid_address") {
            return Self::parameter(2020, "the phone number is none");
        }
        Self::no_coverage("no provider of this server reaches the number by SMS")
    }

    fn limited(exceeded: &Exceeded, now: Timestamp) -> Self {
        let limit = exceeded.violated.first().copied().unwrap_or_default();
        let mut refused = Self::too_many(format!("the limit `{limit}` is used up"));
        for (name, value) in quota::headers(&exceeded.standings, now) {
            refused = refused.with_header(name, value);
        }
        match exceeded.wait {
            Some(wait) => refused.retry_after(wait),
            None => refused,
        }
    }

    fn too_many(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::TOO_MANY_REQUESTS, "rate_limit", message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Parts { status, kind, code, message, headers } = *self.0;
        let name = format!("smscx-{code}");
        let error = Told { r#type: kind, code, message: &message, uri: format!("{TYPES}{name}") };
        let mut response = crate::http::shown::json(status, &Body { error });
        response.headers_mut().extend(headers);
        response.extensions_mut().insert(ProblemName(name));
        response
    }
}
