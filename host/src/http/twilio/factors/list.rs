//! `GET /v2/Services/{sid}/Entities/{identity}/Factors`: the factors of an entity, oldest first.

use super::shown::Shown;
use crate::http::{
    Face,
    shown::json,
    twilio::{
        Refused,
        auth::Called,
        entities,
        form::Query,
        page::{Base, Meta, Paging},
        sid,
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Factors {
    factors: Vec<Shown>,
    meta: Meta,
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    query: Query,
) -> Result<Response, Refused> {
    let identity = entities::identity(&called)?;
    let path = format!("{}/Factors", entities::path(&called.service.sid, &identity));
    let paging = Paging::read(&base, &path, query)?;
    let had = face.verifier.factors(&called.service.application, &identity).await;
    let had = had.map_err(|error| Refused::of_factor(error, &called))?;
    let (page, next) = paging.of("YF", had.factors, |factor| sid::of_factor(&factor.id))?;
    let factors = page.iter().map(|factor| Shown::new(factor, &identity, &called, &base)).collect();
    Ok(json(StatusCode::OK, &Factors { factors, meta: paging.meta("factors", next.as_deref()) }))
}
