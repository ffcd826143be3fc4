//! `GET /v2/Services/{sid}/Entities`: the entities of a Service, in an order that means nothing.

use super::shown::Shown;
use crate::http::{
    Face,
    shown::json,
    twilio::{
        Refused,
        auth::Called,
        form::Query,
        page::{Base, Meta, Paging},
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Entities {
    entities: Vec<Shown>,
    meta: Meta,
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    query: Query,
) -> Result<Response, Refused> {
    let path = format!("/Services/{}/Entities", called.service.sid);
    let paging = Paging::read(&base, &path, query)?;
    let after = paging.token.clone();
    let found = face.verifier.entities(&called.service.application, after, paging.size).await;
    let found = found.map_err(|error| Refused::of_factor(error, &called))?;
    let entities = found.items.iter().map(|entity| Shown::new(entity, &called, &base)).collect();
    let meta = paging.meta("entities", found.next.as_deref());
    Ok(json(StatusCode::OK, &Entities { entities, meta }))
}
