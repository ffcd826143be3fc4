//! An error as Twilio tells it: `code`, `message`, `more_info`, `status`, and never a member of RFC 9457, by which the
//! official SDKs would raise another class.

use crate::{
    http::{limits::seconds, problem::ProblemName},
    limit::Exceeded,
    member::Refusal,
    store::LedgerError,
    verification::{Ended, ResendRefused, Status},
    verifier::{DirectoryError, VerifyError, limits},
};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::time::Duration;

/// Where each code is explained.
const ERRORS: &str = "https://www.twilio.com/docs/errors/";

/// Something that was refused or failed.
#[derive(Debug)]
pub(in crate::http) struct Refused(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: u32,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Told<'a> {
    code: u32,
    message: &'a str,
    more_info: String,
    status: u16,
}

impl Refused {
    /// A code of Twilio's with what it is this time; the message repeats no value of the request.
    pub(in crate::http) fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self(Box::new(Parts { status, code, message: message.into(), headers: Vec::new() }))
    }

    /// 400 / 60200: a parameter is wrong (T58).
    pub(in crate::http) fn invalid(parameter: &str, why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 60200, format!("Invalid parameter `{parameter}`: {why}"))
    }

    /// 404 / 20404, in Twilio's words; the resource is a path with or without its `/v2`.
    pub(in crate::http) fn not_found(resource: &str) -> Self {
        let resource = resource.strip_prefix("/v2").unwrap_or(resource);
        let shown: String = resource.chars().filter(|c| !c.is_control()).take(200).collect();
        let message = format!("The requested resource {shown} was not found");
        Self::new(StatusCode::NOT_FOUND, 20404, message)
    }

    /// 403 / 60204: something that this server does not do, or not yet.
    pub(in crate::http) fn not_here(what: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, 60204, format!("Passrelay does not do this: {what}"))
    }

    /// 401 / 20003.
    pub(super) fn unauthorized() -> Self {
        let message =
            "Authenticate: the account SID with its token, or with an API key of the scope `account`";
        let basic = HeaderValue::from_static("Basic realm=\"Twilio API\"");
        Self::new(StatusCode::UNAUTHORIZED, 20003, message).with_header(header::WWW_AUTHENTICATE, basic)
    }

    /// 500 / 20500.
    pub(in crate::http) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 20500, "An internal error occurred; the log says more")
    }

    /// 429 with this code.
    pub(in crate::http) fn too_many(code: u32, message: &str, wait: Option<Duration>) -> Self {
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, code, message);
        match wait {
            Some(wait) => refused.retry_after(wait),
            None => refused,
        }
    }

    /// 503 / 20503, to be asked again after this time.
    pub(in crate::http) fn unavailable(message: &str, wait: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 20503, message).retry_after(wait)
    }

    /// What a use case said, of the resource that was asked for.
    pub(in crate::http) fn of(error: VerifyError, resource: &str) -> Self {
        match error {
            VerifyError::Ended(Ended(Status::Exhausted)) => {
                Self::too_many(60202, "Max check attempts reached", None)
            }
            VerifyError::NotFound
            | VerifyError::NoApplication
            | VerifyError::Ended(_)
            | VerifyError::Resend(ResendRefused::Ended(_)) => Self::not_found(resource),
            VerifyError::Resend(ResendRefused::TooSoon { wait }) => {
                let message = "Too many concurrent requests for this recipient: the pause between two sends is not over";
                Self::too_many(60212, message, Some(wait))
            }
            VerifyError::Resend(ResendRefused::UsedUp { wait }) => {
                Self::too_many(60203, "Max send attempts reached", Some(wait))
            }
            VerifyError::Limited(exceeded) => Self::limited(&exceeded),
            VerifyError::Unavailable(refusals) => Self::unreached(&refusals),
            VerifyError::KeyReused => Self::invalid("Idempotency-Key", "was used for another request"),
            VerifyError::Store(error) => error.into(),
            error @ VerifyError::LostKey(_) => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
        }
    }

    /// Why no method reaches a recipient, by the first one's reason.
    fn unreached(refusals: &[Refusal]) -> Self {
        let channel = refusals.first().map_or("", |refusal| refusal.id.target.as_str());
        let is = |reason: &str| refusals.iter().any(|refusal| refusal.reason == reason);
        let bad = |code, message: &str| Self::new(StatusCode::BAD_REQUEST, code, message);
        if is("not_answering") {
            let message = "a provider did not say in time whether it reaches this recipient";
            return Self::unavailable(message, Duration::from_secs(1));
        }
        if is("invalid_address") || is("no_address") {
            return Self::invalid("To", "it is no recipient of this channel");
        }
        if channel == "email" && (is("not_offered") || is("no_route") || is("provider_unavailable")) {
            return bad(60217, "the e-mail channel has no provider");
        }
        if is("payment_by_call") {
            return bad(60214, "a call cannot approve a payment");
        }
        if is("sms_to_landline") {
            let message = "SMS is not supported by landline phone number";
            return Self::new(StatusCode::FORBIDDEN, 60205, message);
        }
        if is("payment_unsupported") {
            return bad(60223, "the channel carries no payments: it cannot say amount and payee");
        }
        if is("not_offered") || is("no_route") {
            return bad(60223, "the channel has no provider, or this Service does not offer it");
        }
        if is("provider_unavailable") {
            let message = "the channel's provider is not available now";
            return Self::unavailable(message, Duration::from_secs(5));
        }
        let message = "the channel does not reach this recipient";
        Self::new(StatusCode::FORBIDDEN, 60205, message)
    }

    /// Which of Twilio's limits one of ours is.
    fn limited(exceeded: &Exceeded) -> Self {
        let Exceeded { violated, wait, .. } = exceeded;
        match violated.first().copied().unwrap_or_default() {
            limits::PER_RECIPIENT | limits::PER_MEMBER => {
                Self::too_many(60203, "Max send attempts reached", *wait)
            }
            guessing
                if [limits::GUESSES_OF_RECIPIENT, limits::GUESSES_OF_MEMBER].concat().contains(&guessing) =>
            {
                Self::too_many(60202, "Max check attempts reached", *wait)
            }
            other => Self::used_up(other, *wait),
        }
    }

    /// 429 / 20429, with the limit's name: one of ours, or of the caller's own.
    pub(in crate::http) fn used_up(limit: &str, wait: Option<Duration>) -> Self {
        let message = format!("Too many requests: the limit `{limit}` is used up");
        let refused = Self::too_many(20429, &message, wait);
        match HeaderValue::from_str(limit) {
            Ok(name) => refused.with_header(HeaderName::from_static("twilio-reached-rate-limit"), name),
            Err(_) => refused,
        }
    }

    /// 400 / 60206: one of Amount and Payee without the other, or none where a payment is approved.
    pub(in crate::http) fn half_a_payment() -> Self {
        let message = "Amount and Payee are needed, both, where a payment is approved";
        Self::new(StatusCode::BAD_REQUEST, 60206, message)
    }

    /// With `Retry-After`, in whole seconds and at least one.
    pub(in crate::http) fn retry_after(self, wait: Duration) -> Self {
        let seconds = seconds(wait).max(1);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }
}

impl From<LedgerError> for Refused {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Busy => Self::unavailable("Too many requests wait", Duration::from_secs(1)),
            LedgerError::Refused(_) => {
                Self::unavailable("The store takes no writes at the moment", Duration::from_secs(5))
            }
            error => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
        }
    }
}

impl From<DirectoryError> for Refused {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::OfFile(_) => {
                let message =
                    "this Service is an application of the configuration file, and is changed there";
                Self::new(StatusCode::FORBIDDEN, 20403, message)
            }
            DirectoryError::Taken(_) | DirectoryError::SidTaken(_) => {
                Self::new(StatusCode::CONFLICT, 20409, "there is such a Service already")
            }
            DirectoryError::NoApplication(_) | DirectoryError::NoKey => Self::not_found("/Services"),
            DirectoryError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Parts { status, code, message, headers } = *self.0;
        let more_info = format!("{ERRORS}{code}");
        let told = Told { code, message: &message, more_info, status: status.as_u16() };
        let mut response = Response::new(Body::from(serde_json::to_vec(&told).unwrap_or_default()));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().extend(headers);
        response.extensions_mut().insert(ProblemName(format!("twilio-{code}")));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        limit::Standing,
        store::Fault,
        verifier::limits::{GUESSES_OF_MEMBER, GUESSES_OF_RECIPIENT, PER_CALLER, PER_MEMBER, PER_RECIPIENT},
    };
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    async fn told(refused: Refused) -> (u16, u64, String, Value) {
        let response = refused.into_response();
        let retry =
            response.headers().get("retry-after").map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = response.status().as_u16();
        let body: Value =
            serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap();
        (status, body["code"].as_u64().unwrap(), retry, body)
    }

    fn unreached(reason: &str, channel: &str) -> VerifyError {
        let method = format!("{channel}:code").parse().unwrap();
        VerifyError::Unavailable(vec![Refusal::new(&method, reason, "why, with +447700900123")])
    }

    fn limited(name: &'static str, wait: Option<Duration>) -> VerifyError {
        let standing = Standing { name, quota: 1, span: wait, used: 1, reset: wait };
        Exceeded::of(vec![standing]).unwrap().into()
    }

    /// T58-T62: each refusal has Twilio's status and code by their official meaning.
    #[tokio::test]
    async fn each_refusal_has_twilios_status_and_code() {
        let (wait, minute) = (Duration::from_millis(1_500), Some(Duration::from_mins(1)));
        for (error, status, code, retry) in [
            (VerifyError::NotFound, 404, 20404, ""),
            (VerifyError::NoApplication, 404, 20404, ""),
            (Ended(Status::Approved).into(), 404, 20404, ""),
            (Ended(Status::Expired).into(), 404, 20404, ""),
            (Ended(Status::Canceled).into(), 404, 20404, ""),
            (Ended(Status::Exhausted).into(), 429, 60202, ""),
            (ResendRefused::TooSoon { wait }.into(), 429, 60212, "2"),
            (ResendRefused::UsedUp { wait: Duration::ZERO }.into(), 429, 60203, "1"),
            (limited(PER_RECIPIENT, minute), 429, 60203, "60"),
            (limited(PER_MEMBER, minute), 429, 60203, "60"),
            (limited(GUESSES_OF_RECIPIENT[0], minute), 429, 60202, "60"),
            (limited(GUESSES_OF_RECIPIENT[1], None), 429, 60202, ""),
            (limited(GUESSES_OF_MEMBER[0], minute), 429, 60202, "60"),
            (limited(GUESSES_OF_MEMBER[1], None), 429, 60202, ""),
            (limited("sends_per_application", minute), 429, 20429, "60"),
            (limited("reads_per_verification", minute), 429, 20429, "60"),
            (limited(PER_CALLER, minute), 429, 20429, "60"),
            (unreached("invalid_address", "sms"), 400, 60200, ""),
            (unreached("no_address", "sms"), 400, 60200, ""),
            (unreached("not_offered", "email"), 400, 60217, ""),
            (unreached("no_route", "email"), 400, 60217, ""),
            (unreached("provider_unavailable", "email"), 400, 60217, ""),
            (unreached("not_offered", "call"), 400, 60223, ""),
            (unreached("no_route", "call"), 400, 60223, ""),
            (unreached("payment_unsupported", "whatsapp"), 400, 60223, ""),
            (unreached("provider_unavailable", "sms"), 503, 20503, "5"),
            (unreached("not_answering", "sms"), 503, 20503, "1"),
            (unreached("landline", "sms"), 403, 60205, ""),
            (unreached("sms_to_landline", "sms"), 403, 60205, ""),
            (unreached("payment_by_call", "call"), 400, 60214, ""),
            (VerifyError::KeyReused, 400, 60200, ""),
            (LedgerError::Busy.into(), 503, 20503, "1"),
            (LedgerError::Refused(Fault::Full("x".to_owned())).into(), 503, 20503, "5"),
            (LedgerError::Panicked.into(), 500, 20500, ""),
            (VerifyError::LostKey("k1".to_owned()), 500, 20500, ""),
        ] {
            let said = format!("{error:?}");
            let (got, told_code, told_retry, body) = told(Refused::of(error, "/v2/x")).await;
            assert_eq!((got, told_code, told_retry.as_str()), (status, code, retry), "{said}");
            let names: Vec<&String> = body.as_object().unwrap().keys().collect();
            assert_eq!(names, ["code", "message", "more_info", "status"]);
            assert_eq!(body["more_info"], format!("https://www.twilio.com/docs/errors/{code}"));
            assert!(!body.to_string().contains("7700900123"), "{body}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_told_in_twilios_words() {
        let (_, _, _, body) = told(Refused::not_found("/v2/Services/VA1/VerificationCheck")).await;
        let message = "The requested resource /Services/VA1/VerificationCheck was not found";
        assert_eq!(body["message"], json!(message));
        let long = Refused::not_found(&format!("/v2/{}\n", "x".repeat(500)));
        assert!(told(long).await.3["message"].as_str().unwrap().len() < 300);
    }
}
