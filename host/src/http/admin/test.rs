//! `POST /v1/providers/{id}/tests`: sends a test message through a provider, with unsaved keys if there are any.

use super::fields::of_mistakes;
use crate::{
    config::Unready,
    delivery::Told,
    http::{
        Face, Problem,
        auth::{Remote, forbidden},
        body::Body,
        openapi::Operation,
        person::Errors,
        problem::FieldError,
        shown::json,
    },
    outbox::tester::{PASSED_OVER, Test, TestError, fit::Unfit},
};
use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use provider_api::{Channel, Recipient};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json as value};
use std::{sync::Arc, time::Duration};

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TestRequest")]
pub(super) struct Request {
    /// Whom to write to: a phone number in E.164 form, an e-mail address, or what the channel has instead.
    to: String,
    /// On which channel. By default the provider's own, if it has one only.
    channel: Option<String>,
    /// Whose text is sent. By default `generic`.
    purpose: Option<String>,
    /// In which language. By default the server's.
    locale: Option<String>,
    /// Keys that are tried instead of the saved ones, and not kept; over the admin socket only.
    config: Option<Map<String, Value>>,
}

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("testProvider", "Sends a test message through a provider")
        .of_operator()
        .at::<String>("The provider's id", "dry_run")
        .problem(404, "provider-not-found")
        .body::<Request>(&[("sms", value!({ "to": "+447700900123", "channel": "sms" }))])
        .answer::<Told>(200, "What was said and what came of it, be it a failure")
        .problem(409, "provider-unavailable")
        .problem(409, "text-fails")
        .problem(429, "too-many-tests")
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    id: Result<Path<String>, PathRejection>,
    remote: Option<Extension<Remote>>,
    Body { request, .. }: Body<Request>,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| unknown("there is no provider of that id"))?;
    let (test, config) = read(request)?;
    if config.is_some() && remote.is_some() {
        // They could point a saved secret at a host of the caller's: who opens the socket can read the secrets anyway.
        return Err(forbidden("keys that are not saved are tried over the admin socket only"));
    }
    let told = match config {
        None => face.tester.saved(&id, &test).await?,
        Some(keys) => {
            let settings = face.saved.load().with(&id, &keys)?;
            face.tester.beside(&settings, &test).await?
        }
    };
    Ok(json(StatusCode::OK, &told))
}

fn read(request: Request) -> Result<(Test, Option<Map<String, Value>>), Problem> {
    let Request { to, channel, purpose, locale, config } = request;
    let mut errors = Errors::default();
    errors.text("to", to.trim());
    let channel = channel.map(|word| Channel::new(&word));
    if matches!(channel, Some(Err(_))) {
        errors.add("channel", "expected a channel such as `sms`");
    }
    let purpose = errors.purpose(purpose);
    let locale = errors.locale("locale", locale);
    errors.none()?;
    let channel = channel.and_then(Result::ok);
    Ok((Test { to: Recipient::new(to.trim()), channel, purpose, locale }, config))
}

impl From<TestError> for Problem {
    fn from(error: TestError) -> Self {
        let told = error.to_string();
        match error {
            TestError::Busy => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tests", "too many tests", told)
                    .retry_after(Duration::from_secs(1))
            }
            TestError::Unknown(_) => unknown(told),
            TestError::Closed { .. } => unavailable(told),
            TestError::Text { .. } => {
                let told = format!("{told}; {PASSED_OVER}");
                Self::new(StatusCode::CONFLICT, "text-fails", "the text fails", told)
            }
            TestError::Unfit(unfit) => {
                let field = if matches!(unfit, Unfit::Recipient { .. }) { "to" } else { "channel" };
                Self::invalid(&[FieldError::new(field, told)])
            }
        }
    }
}

impl From<Unready> for Problem {
    fn from(unready: Unready) -> Self {
        let told = unready.to_string();
        match unready {
            Unready::Unknown(_) => unknown(told),
            Unready::Disabled(_) | Unready::Library { hint: None, .. } => unavailable(told),
            Unready::Library { hint: Some(hint), .. } => unavailable(format!("{told}; {hint}")),
            Unready::Keys(mistakes) => Self::invalid(&of_mistakes(&mistakes, "config")),
        }
    }
}

/// There is no such provider.
pub(super) fn unknown(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "provider-not-found", "provider not found", detail)
}

fn unavailable(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, "provider-unavailable", "provider unavailable", detail)
}
