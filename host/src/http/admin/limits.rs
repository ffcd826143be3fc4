//! `POST /v1/limits/find` and `POST /v1/limits/free`: how much of each limit is used, and how somebody is let go.
//!
//! Both are posts: whom they are about stands in no path, and so in no log.

use crate::{
    factor::Identity,
    http::{
        Face, Problem,
        body::Body,
        limits::seconds,
        openapi::Operation,
        person::{Errors, recipient},
        shown::json,
    },
    limit::Standing,
    verifier::Subject,
};
use axum::{extract::State, http::StatusCode, response::Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::sync::Arc;

/// Whom it is about: at most one of `to`, `member_id`, `entity`, `api_key` and `ip`; without any the application as a whole.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LimitsRequest")]
pub(super) struct Request {
    /// The application.
    application: String,
    /// A recipient, in full.
    to: Option<String>,
    /// A member, by the application's own id.
    member_id: Option<String>,
    /// An entity with authenticator apps, by its identity.
    entity: Option<String>,
    /// An API key: its id, or of one in the configuration `sha256:` and its digest. Never the key itself.
    api_key: Option<String>,
    /// A network address.
    ip: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Limits")]
struct Answer {
    /// Those that count for whom it is about.
    limits: Vec<Shown>,
}

/// One limit: `locked` says that it lets nothing through now.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Limit")]
struct Shown {
    /// Its name.
    name: &'static str,
    /// How much of it is used.
    used: u32,
    /// How much of it there is.
    quota: u32,
    /// Over how many seconds it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_seconds: Option<u64>,
    /// In how many seconds there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_seconds: Option<u64>,
    /// Whether it lets nothing through now.
    locked: bool,
}

fn told<'a>(operation: Operation<'a>, answer: &str) -> Operation<'a> {
    operation
        .of_operator()
        .of_store()
        .body::<Request>(&[
            ("recipient", value!({ "application": "web", "to": "+447700900123" })),
            ("application", value!({ "application": "web" })),
        ])
        .answer::<Answer>(200, answer)
        .problem(404, "application-not-found")
}

/// What the document says of looking.
pub(super) fn told_find(operation: Operation<'_>) -> Operation<'_> {
    told(operation.named("findLimits", "Shows how much of each limit is used"), "The limits")
}

/// What the document says of letting go.
pub(super) fn told_free(operation: Operation<'_>) -> Operation<'_> {
    told(operation.named("freeLimits", "Lets somebody go whom limits hold back"), "The limits afterwards")
}

pub(super) async fn find(
    State(face): State<Arc<Face>>,
    Body { request, .. }: Body<Request>,
) -> Result<Response, Problem> {
    let (application, subject) = read(request)?;
    let standings = face.verifier.limits(&application, subject).await?;
    Ok(shown(standings))
}

pub(super) async fn free(
    State(face): State<Arc<Face>>,
    Body { request, .. }: Body<Request>,
) -> Result<Response, Problem> {
    let (application, subject) = read(request)?;
    let about = match &subject {
        Subject::Application => "application",
        Subject::Recipient(_) => "recipient",
        Subject::Member(_) => "member",
        Subject::Entity(_) => "entity",
        Subject::ApiKey(_) => "API key",
        Subject::ClientIp(_) => "client ip",
    };
    let standings = face.verifier.free(&application, subject).await?;
    tracing::info!(application.id = %application, about, "an operator freed limits");
    Ok(shown(standings))
}

fn read(request: Request) -> Result<(String, Subject), Problem> {
    let Request { application, to, member_id, entity, api_key, ip } = request;
    let mut errors = Errors::default();
    errors.text("application", &application);
    let subject = match (to, member_id, entity, api_key, ip) {
        (None, None, None, None, None) => Some(Subject::Application),
        (Some(to), None, None, None, None) => {
            errors.text("to", to.trim());
            Some(Subject::Recipient(recipient(to.trim())))
        }
        (None, Some(id), None, None, None) => {
            errors.text("member_id", &id);
            Some(Subject::Member(id))
        }
        (None, None, Some(identity), None, None) => {
            let read = Identity::try_from(identity);
            read.map_err(|error| errors.add("entity", error.to_string())).ok().map(Subject::Entity)
        }
        (None, None, None, Some(name), None) => {
            errors.text("api_key", &name);
            Some(Subject::ApiKey(name))
        }
        (None, None, None, None, Some(ip)) => {
            let read = ip.parse().ok();
            if read.is_none() {
                errors.add("ip", "expected an IP address");
            }
            read.map(Subject::ClientIp)
        }
        _ => {
            errors.add("to", "at most one of `to`, `member_id`, `entity`, `api_key` and `ip` may be given");
            None
        }
    };
    Ok((application, errors.or(subject)?))
}

fn shown(standings: Vec<Standing>) -> Response {
    let shown = |standing: Standing| Shown {
        name: standing.name,
        used: standing.used,
        quota: standing.quota,
        window_seconds: standing.span.map(seconds),
        reset_seconds: standing.reset.map(seconds),
        locked: standing.is_used_up(),
    };
    json(StatusCode::OK, &Answer { limits: standings.into_iter().map(shown).collect() })
}
