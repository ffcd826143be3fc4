//! `/v1/applications`: the applications of the file, which are only shown, and those made at run time.

mod told;

pub(super) use told::{told_fetch, told_list, told_make, told_remove, told_replace};

use super::fields::of_mistakes;
use crate::{
    application::Application,
    config::{MadeApplication, written},
    http::{Face, Problem, body::Body, problem::FieldError, shown::json},
    verifier::{DirectoryError, Made, Source, VerifyError},
};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use provider_api::is_word;
use serde::Deserialize;
use serde_json::{Map, Value, json as value};
use std::sync::Arc;

/// What is asked: an id and the fields of `[applications.ID]`, but for `api_keys`.
#[derive(Deserialize)]
pub(super) struct Request {
    id: String,
    #[serde(flatten)]
    settings: Map<String, Value>,
}

type Id = Result<Path<String>, PathRejection>;

/// `GET /v1/applications`: every application, by id.
pub(super) async fn list(State(face): State<Arc<Face>>) -> Response {
    let all = face.verifier.directory().applications();
    let all: Vec<Value> = all.iter().map(|(application, source)| shown(application, source)).collect();
    json(StatusCode::OK, &value!({ "applications": all }))
}

/// `GET /v1/applications/{id}`: one of them.
pub(super) async fn fetch(State(face): State<Arc<Face>>, id: Id) -> Result<Response, Problem> {
    let id = id.map_or_else(|_| String::new(), |Path(id)| id);
    answer(&face, &id, StatusCode::OK)
}

/// `POST /v1/applications`: makes one.
pub(super) async fn make(
    State(face): State<Arc<Face>>,
    Body { request: Request { id, settings }, .. }: Body<Request>,
) -> Result<Response, Problem> {
    put(&face, &id, settings, false).await?;
    answer(&face, &id, StatusCode::CREATED)
}

/// `PUT /v1/applications/{id}`: makes one, or says anew all that one is.
pub(super) async fn replace(
    State(face): State<Arc<Face>>,
    id: Id,
    Body { request, .. }: Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let id = id.map_or_else(|_| String::new(), |Path(id)| id);
    let is_new = put(&face, &id, request, true).await?;
    answer(&face, &id, if is_new { StatusCode::CREATED } else { StatusCode::OK })
}

/// `DELETE /v1/applications/{id}`: removes one, and its API keys and stored members with it.
pub(super) async fn remove(State(face): State<Arc<Face>>, id: Id) -> Result<Response, Problem> {
    let id = id.map_or_else(|_| String::new(), |Path(id)| id);
    let _changing = face.changing.lock().await;
    face.verifier.directory().remove(&id).await?;
    face.says(&id, None);
    tracing::info!(application.id = id, "an application was removed");
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn put(
    face: &Face,
    id: &str,
    settings: Map<String, Value>,
    may_replace: bool,
) -> Result<bool, Problem> {
    let _changing = face.changing.lock().await;
    let mut wrong = Vec::new();
    if !is_word(id) {
        let form = "expected 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first";
        wrong.push(FieldError::new("id", form));
    }
    let read = face.saved.load().application(id, &settings);
    let made = read.map_err(|mistakes| wrong.extend(of_mistakes(&mistakes, "")));
    let (true, Ok(made)) = (wrong.is_empty(), made) else { return Err(Problem::invalid(&wrong)) };
    let MadeApplication { application, templates, routes } = made;
    let is_new = face.verifier.directory().put(application, routes, settings, may_replace).await?;
    face.says(id, Some(templates));
    tracing::info!(application.id = id, is_new, "an application was made or changed");
    Ok(is_new)
}

fn answer(face: &Face, id: &str, status: StatusCode) -> Result<Response, Problem> {
    let all = face.verifier.directory().applications();
    let found = all.iter().find(|(application, _)| application.id == id);
    let (application, source) =
        found.ok_or_else(|| Problem::from(DirectoryError::NoApplication(id.to_owned())))?;
    Ok(json(status, &shown(application, source)))
}

/// An application as it works: what was left out is shown with what it means.
fn shown(application: &Application, source: &Source) -> Value {
    let mut fields = Map::from_iter([("id".to_owned(), value!(application.id))]);
    match source {
        Source::File => fields.extend([("source".to_owned(), value!("file"))]),
        Source::Api(Made { stored, serves, .. }) => {
            fields.extend(stored.settings.clone());
            fields.extend([
                ("source".to_owned(), value!("api")),
                ("created_at".to_owned(), value!(stored.created_at)),
                ("updated_at".to_owned(), value!(stored.updated_at)),
            ]);
            if !serves {
                fields.insert("left_out".to_owned(), value!(true));
            }
        }
    }
    fields.extend(written(application));
    Value::Object(fields)
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        let told = error.to_string();
        let (status, name, title) = match error {
            DirectoryError::OfFile(_) => {
                (StatusCode::CONFLICT, "application-of-file", "application of the file")
            }
            DirectoryError::Taken(_) => (StatusCode::CONFLICT, "application-exists", "application exists"),
            DirectoryError::SidTaken(_) => (StatusCode::CONFLICT, "service-sid-taken", "service SID taken"),
            DirectoryError::NoApplication(_) => {
                let detail = "there is no application of that id";
                return Self::new(
                    StatusCode::NOT_FOUND,
                    "application-not-found",
                    "application not found",
                    detail,
                );
            }
            DirectoryError::NoKey => (StatusCode::NOT_FOUND, "key-not-found", "API key not found"),
            DirectoryError::Store(error) => return VerifyError::Store(error).into(),
        };
        Self::new(status, name, title, told)
    }
}
