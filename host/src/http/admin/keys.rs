//! `/v1/keys`: the API keys that are made at run time. The secret stands in the answer to its making and nowhere else.

use crate::{
    clock::Clock,
    http::{Face, Problem, body::Body, openapi::Operation, person::Errors, shown::json},
    verifier::{ApiKey, DirectoryError, NewApiKey, Scope},
};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::sync::Arc;

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MakeKeyRequest")]
pub(super) struct Request {
    /// What it is to be good for. By default `application`.
    #[schemars(with = "Option<Scope>")]
    scope: Option<String>,
    /// The application that calls with it: of the scope `application` only, which needs it.
    application: Option<String>,
    /// What the operator calls it.
    name: Option<String>,
    /// When it ends. By default it does not.
    #[schemars(with = "Option<Timestamp>")]
    expires_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewApiKey")]
struct New<'a> {
    #[serde(flatten)]
    shown: ApiKey,
    /// The key itself, which is told this once.
    key: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ApiKeys")]
struct List {
    /// Oldest first.
    keys: Vec<ApiKey>,
}

/// What the document says of the list.
pub(super) fn told_list(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listKeys", "Lists the API keys that were made at run time, without their secrets")
        .of_operator()
        .answer::<List>(200, "The keys")
}

/// What the document says of making one.
pub(super) fn told_make(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("makeKey", "Makes an API key, and tells it this once")
        .of_operator()
        .of_store()
        .body::<Request>(&[
            ("application", value!({ "application": "web", "name": "shop front" })),
            ("operator", value!({ "scope": "operator", "expires_at": "2099-01-31T00:00:00Z" })),
        ])
        .answer::<New<'static>>(201, "The key")
}

/// What the document says of revoking one.
pub(super) fn told_revoke(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("revokeKey", "Revokes an API key: the next request with it is refused")
        .of_operator()
        .of_store()
        .at::<String>("The key's public id", "5f1a7c0e2b")
        .problem(404, "key-not-found")
        .nothing("It is revoked")
}

/// `GET /v1/keys`: every key that was made at run time, oldest first.
pub(super) async fn list(State(face): State<Arc<Face>>) -> Response {
    json(StatusCode::OK, &List { keys: face.verifier.directory().api_keys() })
}

/// `POST /v1/keys`: makes one, and tells its secret this once.
pub(super) async fn make(
    State(face): State<Arc<Face>>,
    Body { request, .. }: Body<Request>,
) -> Result<Response, Problem> {
    let asked = read(request, face.verifier.clock())?;
    let made = face.verifier.directory().new_key(asked).await;
    let (shown, key) = made.map_err(|error| match error {
        DirectoryError::NoApplication(_) => {
            let mut errors = Errors::default();
            errors.add("application", "there is no application of this id");
            Problem::invalid(&errors.0)
        }
        error => error.into(),
    })?;
    tracing::info!(api_key.id = shown.id, scope = %shown.scope, application.id = shown.application, "an API key was made");
    Ok(json(StatusCode::CREATED, &New { shown, key: key.expose() }))
}

/// `DELETE /v1/keys/{id}`: the next request with it is refused.
pub(super) async fn revoke(
    State(face): State<Arc<Face>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| DirectoryError::NoKey)?;
    face.verifier.directory().revoke(&id).await?;
    tracing::info!(api_key.id = id, "an API key was revoked");
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn read(request: Request, clock: &Clock) -> Result<NewApiKey, Problem> {
    let Request { scope, application, name, expires_at } = request;
    let mut errors = Errors::default();
    let scope = match (scope.as_deref(), &application) {
        (Some("application") | None, Some(_)) => Scope::Application,
        (Some("application") | None, None) => {
            errors.add("application", "is missing: the id of the application that calls with the key");
            Scope::Application
        }
        (Some(word @ ("account" | "operator")), application) => {
            if application.is_some() {
                errors.add("application", format!("a key of the scope `{word}` belongs to no application"));
            }
            if word == "account" { Scope::Account } else { Scope::Operator }
        }
        (Some(_), _) => {
            errors.add("scope", "expected `application`, `account` or `operator`");
            Scope::Application
        }
    };
    if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
        errors.text("name", name);
    }
    let end = expires_at.map(|text| text.parse::<Timestamp>());
    match end {
        Some(Err(_)) => errors.add("expires_at", "expected a time such as `2027-01-31T00:00:00Z`"),
        Some(Ok(end)) if end <= clock.now() => errors.add("expires_at", "is over already"),
        Some(Ok(_)) | None => {}
    }
    errors.none()?;
    Ok(NewApiKey { scope, application, name: name.unwrap_or_default(), expires_at: end.and_then(Result::ok) })
}
